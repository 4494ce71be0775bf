//! Nicky in the process (seeds/002): requests of a receiver, attempts, and a pipeline that finds payments on the
//! sandbox's Nano ledger.
//!
//! As strict as the documents. It must never call an attempt confirmed whose payment is not on the ledger.

mod control;
mod http;
mod state;
mod wire;

pub use http::serve;
pub use state::{Knobs, Nicky};
