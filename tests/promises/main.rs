//! The promises of the wallet, each kept by making happen what would break it. `PAYWARDEN_PROMISES_FULL=1` and
//! `PAYWARDEN_KILLS=10000` take many more cases than CI does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod clock;
mod crash;
mod forks;
mod plant;
#[cfg(all(unix, feature = "sandbox"))]
mod processes;
mod purchases;
mod scripts;
