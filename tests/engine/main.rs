//! The engine on a network with news, many accounts, foreign blocks and refusals.

#![cfg(feature = "sandbox")]
#![expect(clippy::disallowed_methods, reason = "a test waits in real time")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod foreign;
mod incoming;
mod outbox;
mod policy;
mod remote;
mod requests;
mod sending;
mod stage;
mod x402;
mod x402_chain;
