//! Wallets on nodes they reach over the wire: a real one where `PAYWARDEN_TEST_NODE_URL` (and `PAYWARDEN_TEST_NODE_WS`)
//! name a dev-network node whose wallet holds the dev genesis key, and always the served sandbox in both nodes' words.
//!
//! Every run makes new seeds and funds them from the published genesis key. Nothing here may depend on what a node
//! held before, or use a key that holds more than play money.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[cfg(unix)]
mod owner;
mod places;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod wallet;
