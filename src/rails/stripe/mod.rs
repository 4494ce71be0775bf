//! Stripe: payment tokens a seller can charge once, up to an amount, until a time; and the HTTP payment challenge (MPP)
//! that is answered with one (reference/rails.md, 3.4 and 4).
//!
//! This module must never handle a card's number, put a key, a token or a payment method's id into an error or a log, or
//! make a token that lives longer or is worth more than what was granted.

mod answer;
mod client;
mod error;
mod id;
pub mod mpp;
mod order;

pub use answer::{Deactivated, IssuedToken, TokenStatus};
pub use client::{Stripe, VERSION};
pub use error::StripeError;
pub use id::{IdError, PaymentMethod, Profile, TokenId};
pub use order::{OrderError, TokenOrder};
