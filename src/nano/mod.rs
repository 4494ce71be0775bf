//! The Nano protocol as a wallet needs it: accounts, keys, state blocks, signatures, proof of work, URIs.
//!
//! Pure: this module must never do I/O, read a clock, draw random bytes, or decide about money. Secrets wipe
//! themselves when dropped and never appear in `Debug`.

mod account;
mod block;
mod hash;
mod hex;
mod keys;
pub mod mnemonic;
mod network;
mod signature;
mod uri;
pub mod work;

pub use account::{Account, AccountError};
pub use block::{SignedBlock, StateBlock, Subtype, UnknownSubtype};
pub use hash::{BlockHash, Link, Root};
pub use hex::HexError;
pub use keys::{PrivateKey, Seed};
pub use network::{DEV_GENESIS_PRIVATE_KEY, Network, UnknownNetwork};
pub use signature::{Signature, verify};
pub use uri::{NanoUri, UriError};
pub use work::{Difficulty, Thresholds, Work};
