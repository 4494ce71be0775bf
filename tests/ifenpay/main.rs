//! ifenpay's clients against the simulated ifenpay: what works, and every way in which it can fail or lie.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bench;
mod gateway;
mod services;
mod topup;
mod wallet;
