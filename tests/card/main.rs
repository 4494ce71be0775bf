//! Payments with the owner's card, as an agent meets them: the spawned binary on a sandbox whose merchants and Stripe
//! can be told to cheat and to fail.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../support/mod.rs"]
mod support;

mod captured;
mod checkout;
mod hostile;
mod owner;
mod seller;
mod statuses;
mod street;
