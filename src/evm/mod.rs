//! What paying in a token on an EVM chain takes: addresses, one signing key, and EIP-3009 authorisations.
//!
//! Pure: this module must never do I/O, read a clock, draw random bytes, or decide about money. It signs no
//! transaction, so it needs no gas, no account nonce and no node.

mod address;
mod eip3009;
mod hex;
mod key;
mod signature;

pub use address::{EvmAddress, EvmAddressError};
pub use eip3009::{Authorization, Nonce, TokenDomain};
pub use hex::EvmHexError;
pub use key::EvmKey;
pub use signature::EvmSignature;

use sha3::{Digest as _, Keccak256};

/// Keccak-256 of parts put one after another, as Ethereum uses it.
pub fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let hash = parts.iter().fold(Keccak256::new(), |hash, part| hash.chain_update(part));
    hash.finalize().into()
}
