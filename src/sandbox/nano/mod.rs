//! A Nano node in the process: the rules of a real node's ledger, over maps in memory, behind the `Node` port.
//!
//! Strict where a wallet could be caught out (order of checks, error texts, confirmation order) and deterministic: no
//! randomness, no background task, time from the `Clock` port only. The genesis key is the public dev key, so this
//! ledger holds play money; it must never be given a block that is worth anything.
//!
//! ```text
//! node     the port                       knobs    what tests set and look up
//!   state    faults, then rules, then effects
//!     check    may this block enter?      ledger   what is in, what is cemented
//!     view     answers from the ledger    journal  the file beside the store
//! rpc, websocket   the same node over HTTP         news     what was cemented
//! ```

mod check;
mod entry;
mod error;
mod faucet;
mod faults;
mod journal;
mod knobs;
mod ledger;
mod news;
mod node;
pub(in crate::sandbox) mod rpc;
mod state;
mod view;
pub(in crate::sandbox) mod websocket;

#[cfg(test)]
mod tests;

pub use check::Refusal;
pub use error::SandboxError;
pub use faucet::{genesis_account, seal, solve};
pub use faults::{Call, Fault, Rival};
pub use journal::JournalError;
pub use node::{Config, SandboxNode};
pub use rpc::{Spelling, UnknownNode};
pub use view::{Head, HistoryEntry};
