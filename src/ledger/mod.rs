//! The audit chain: events that cannot be rewritten, dropped or reordered without being noticed.
//!
//! Format in `docs/ledger-format.md`, precise enough that anyone can write a verifier. Pure: no file, no clock, no
//! private key; it must never interpret what an event means (that is `books`).

mod batch;
mod canonical;
mod chain;
mod checkpoint;
mod entry;
mod event;
mod key;
mod receipt;
mod rotation;
mod unique;
mod verify;

#[cfg(test)]
mod tests;

pub use chain::{Chain, Sealed, event_hash};
pub use checkpoint::{Anchor, AnchorError, Head};
pub use entry::Entry;
pub use event::{Event, EventError, EventSignature, KeyId};
pub use key::{KeyError, TrustedKey};
pub use receipt::{Receipt, ReceiptError, ReceiptEvent, ReceiptHead};
pub use rotation::{KEY_ROTATED, Rotation, proof_message};
pub use verify::{Broken, Report, Verifier, VerifyMode};
