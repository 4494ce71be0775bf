//! A merchant of the Agentic Commerce Protocol in the process: a small grocer that sells for Stripe tokens.
//!
//! It reads requests by typed rules, in every version, and cheats only where a knob says so. It must never take a field
//! the version does not have, so that a client's mistake is seen.

mod answer;
mod http;
mod knobs;
mod request;
mod state;

pub use http::serve;
pub use knobs::Knobs;
pub use state::AcpMerchant;
