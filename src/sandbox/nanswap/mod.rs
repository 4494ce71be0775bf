//! Nanswap Pay in the process (seeds/003): invoices paid and paid out on the sandbox's Nano ledger, and signed webhooks.
//!
//! As strict as the documents. It must never complete an order that was not paid on the ledger.

mod control;
mod http;
mod state;
mod webhook;
mod wire;

pub use http::serve;
pub use state::{Knobs, Nanswap};
