//! Nicky and Nanswap Pay as an agent meets them: the spawned binary against the sandbox's simulators, some of them
//! hostile.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../support/mod.rs"]
mod support;

mod nanswap;
mod nicky;
mod world;
