//! Stripe's shared payment tokens in the process: made for a payer, charged by the sellers of the sandbox.
//!
//! As strict as the documents. It must never charge a token twice, beyond its amount, after its time, or for another
//! seller than its own.

mod http;
mod intents;
mod state;

pub use http::serve;
pub use state::{Knobs, Stripe};
