//! The wire side of x402 against the sandbox's sellers, over HTTP on free ports: what an honest seller is paid, and what
//! all the others get.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod bench;
mod chain;
mod faults;
#[path = "../support/grant.rs"]
mod grant;
mod sellers;
