//! A seller that answers 402 and is paid by Stripe tokens (MPP), in the process.
//!
//! It must never answer for one payment with the goods of another, or charge one challenge twice.

mod http;
mod state;

pub use http::serve;
pub use state::{Knobs, MppSeller};
