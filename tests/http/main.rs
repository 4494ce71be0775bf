//! The ports of `paywarden serve` as their callers meet them: the spawned binary, spoken to over TCP.

#![cfg(all(unix, feature = "http", feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod client;
mod control;
mod documents;
mod doors;
mod examples;
mod mcp;
mod sealed;
mod served;
mod work;
