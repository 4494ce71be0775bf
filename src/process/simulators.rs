//! Where the sandbox simulates the services of third parties.
//!
//! A wallet on a real network has none of this, and nothing here may be started before somebody asks for it.

use std::fmt;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::fetch::BaseUrl;

/// A service that the sandbox simulates over HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Simulated {
    /// ifenpay.
    Ifenpay,
    /// Nicky.
    Nicky,
    /// Nanswap Pay.
    Nanswap,
    /// Sellers that are paid by x402, and their chain.
    X402,
}

/// The simulators of one sandbox: in this process, or beside the sandbox that was joined.
#[async_trait]
pub trait Simulators: fmt::Debug + Send + Sync {
    /// Where the API of `service` is. Those of this process start with the first question, all of them, over the
    /// sandbox's own Nano ledger, and end with the wallet.
    ///
    /// # Errors
    /// `SIMULATOR_UNAVAILABLE`: no port is free, or none can stand beside the sandbox that was joined.
    async fn base_url(&self, service: Simulated) -> Result<BaseUrl, Failure>;
}
