//! Sellers that want to be paid by x402, honest ones and all the others, with the facilitator and the chain behind them.
//!
//! As strict as the official packages: whatever `@x402/express` 2.27, `x402-express` 1.2 or a facilitator refuses is
//! refused here. EVM signatures are really verified, Nano blocks really published on the sandbox ledger. Nothing here
//! may be shared with the wallet's own reading and writing of x402: a mistake made twice would be seen by nobody.
//!
//! ```text
//! http     requests and their ends      scene    what one route does, and what it asks
//! check    whether a payment pays       state    balances, nonces, what was paid
//! evm      the token                    nano     blocks
//! facilitator  /verify, /settle         chain    enough of a JSON-RPC node
//! ```

mod chain;
mod check;
mod evm;
mod facilitator;
mod http;
mod nano;
mod scene;
mod state;

pub(super) use http::serve;
pub use state::{Paid, Sellers};
