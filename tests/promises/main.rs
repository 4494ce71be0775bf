//! The promises of the wallet, each kept by making happen what would break it. `docs/reliability.md` says what
//! each takes for its full size; without those knobs they are as small as CI wants them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![expect(clippy::print_stdout, reason = "figures of a run")]

#[cfg(feature = "sandbox")]
mod clock;
mod crash;
mod dice;
mod forks;
#[cfg(feature = "sandbox")]
mod kinds;
mod plant;
#[cfg(all(unix, feature = "sandbox"))]
mod processes;
mod purchases;
mod scripts;
mod soak;
mod tamper;
#[cfg(feature = "sandbox")]
mod tills;
mod webhooks;
mod world;
