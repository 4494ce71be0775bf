//! Where the sandbox simulates the services of third parties.
//!
//! A wallet on a real network has none of this, and nothing here may be started before somebody asks for it.

use std::fmt;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::fetch::BaseUrl;
use crate::secret::Secret;

/// A service that the sandbox simulates over HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Simulated {
    /// ifenpay.
    Ifenpay,
    /// Nicky.
    Nicky,
    /// Nanswap Pay.
    Nanswap,
    /// Stripe's payment tokens.
    Stripe,
    /// A merchant with checkouts.
    AcpMerchant,
    /// A seller paid by tokens.
    MppSeller,
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

    /// Who the simulated merchant is, and what it and the simulated Stripe take.
    fn shop(&self) -> SimulatedShop;

    /// What the simulated Nanswap Pay takes from its merchant.
    fn nanswap_secrets(&self) -> NanswapSecrets;
}

/// What a merchant at Nanswap Pay holds.
#[derive(Clone, Debug)]
pub struct NanswapSecrets {
    /// Goes with calls that need it.
    pub key: Secret,
    /// Checks webhooks.
    pub webhook: Secret,
}

/// The merchant of a sandbox and its Stripe. Play money: none of it is worth anything elsewhere.
#[derive(Clone, Debug)]
pub struct SimulatedShop {
    /// The merchant's id.
    pub merchant_id: &'static str,
    /// Who is paid.
    pub profile: &'static str,
    /// The merchant's token.
    pub token: Secret,
    /// Stripe's key.
    pub stripe_key: Secret,
}
