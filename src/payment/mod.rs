//! One attempt to move money: its persisted state and the pure step that moves it on.
//!
//! There is no other description of a payment's life: the forward path, recovery after a crash and the timer all run
//! [`step()`]. This module must never decide from what `process` answered, and never release while an outcome is open.

mod idempotency;
mod intent;
mod outbox;
mod proof;
mod publish_via;
mod purchase;
mod reference;
mod request;
#[cfg(test)]
mod samples;
mod state;
mod step;

pub use idempotency::{Fingerprinted, IdempotencyKey, KeyError};
pub use intent::{BlockIntent, Cheque, Intent, Presented};
pub use outbox::{Purpose, Task, TaskNews, nicky_attempt_subject};
pub use proof::{PaymentHeader, Proof};
pub use publish_via::PublishVia;
pub use purchase::{Checkout, HttpCall, Purchase, Till};
pub use reference::{Reference, ReferenceError};
pub use request::{Arrival, Claim, Claims, Fit, Match, own_amount};
pub use state::{Ending, State, Status};
pub use step::{Effect, Handed, Observation, Rival, RivalKind, Seen, Sight, open_block, step};
