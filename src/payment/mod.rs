//! One attempt to move money: its persisted state and the pure step that moves it on.
//!
//! There is no other description of a payment's life: the forward path, recovery after a crash and the timer all run
//! [`step()`]. This module must never decide from what `process` answered, and never release while an outcome is open.

mod idempotency;
mod intent;
mod outbox;
mod publish_via;
mod request;
mod state;
mod step;

pub use idempotency::{Fingerprinted, IdempotencyKey, KeyError};
pub use intent::BlockIntent;
pub use outbox::{Purpose, Task, TaskNews, nicky_attempt_subject};
pub use publish_via::PublishVia;
pub use request::{Arrival, Claim, Claims, Fit, Match, own_amount};
pub use state::{Ending, State, Status};
pub use step::{Effect, Observation, Rival, RivalKind, Sight, open_block, step};
