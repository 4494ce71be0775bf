//! Simulators of everything outside the wallet: play money, no network.
//!
//! Imports ports and pure modules only. Nothing here may be reached on a network other than the sandbox, and no module
//! but `main`, `config` and tests may import it.

pub mod acp;
pub mod clock;
pub mod disk;
pub mod ifenpay;
pub mod mpp;
pub mod nano;
pub mod nanswap;
pub mod nicky;
mod serve;
pub mod stripe;
mod web;
pub mod x402;

pub use serve::{Ports, ServeError, Service, Serving, serve, serve_beside};
pub use web::{Trouble, Troubles};
