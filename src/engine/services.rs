//! The third parties a wallet deals with, as the engine asks for them.
//!
//! A client is made when it is first asked for. Whoever cannot be had must be named in the answer, and nothing may wait
//! for a third party that was not asked for by name.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Engine, Shops};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::money::Raw;
use crate::providers::ifenpay::{Ifenpay, UpstreamError};
use crate::providers::nanswap::Nanswap;
use crate::providers::nicky::Nicky;
use crate::secret::Secret;

/// Who makes payment requests and watches them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PaymentBackend {
    /// This wallet itself, at any account of the network.
    #[default]
    Direct,
    /// ifenpay.
    Ifenpay,
}

/// Where the clients of third parties come from, and what the owner set about them.
#[async_trait]
pub trait Services: fmt::Debug + Send + Sync {
    /// Merchants, Stripe and the owner's card.
    ///
    /// # Errors
    /// When this wallet deals with none.
    fn shops(&self) -> Result<&dyn Shops, Failure> {
        Err(not_set_up("merchants"))
    }

    /// ifenpay, with the key of this wallet.
    ///
    /// # Errors
    /// When it is not set up, or registering for a key fails.
    async fn ifenpay(&self) -> Result<Ifenpay, Failure> {
        Err(not_set_up("ifenpay"))
    }

    /// Who makes payment requests.
    fn payment_backend(&self) -> PaymentBackend {
        PaymentBackend::default()
    }

    /// The most that is paid for one credit of ifenpay.
    fn credit_price_max(&self) -> Raw {
        Raw::new(limits::CREDIT_PRICE_MAX_RAW)
    }

    /// Who pays, as the owner has set it.
    fn payer(&self) -> PayerDefaults {
        PayerDefaults::default()
    }

    /// What Nanswap's webhooks are checked with.
    fn nanswap_webhook_secret(&self) -> Option<Secret> {
        None
    }

    /// Nanswap Pay, with the merchant's key where there is one.
    ///
    /// # Errors
    /// When it cannot be had.
    async fn nanswap(&self) -> Result<Nanswap, Failure> {
        Err(not_set_up("Nanswap Pay"))
    }

    /// Nicky.
    ///
    /// # Errors
    /// When it cannot be had.
    async fn nicky(&self) -> Result<Nicky, Failure> {
        Err(not_set_up("Nicky"))
    }
}

/// Who pays, as far as the owner has said.
#[derive(Clone, Debug, Default)]
pub struct PayerDefaults {
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A wallet with ifenpay alone.
#[async_trait]
impl Services for Ifenpay {
    async fn ifenpay(&self) -> Result<Ifenpay, Failure> {
        Ok(self.clone())
    }
}

/// A wallet that deals with nobody.
#[derive(Debug)]
pub(super) struct NoServices;

impl Services for NoServices {}

impl Engine {
    /// The same engine, with third parties.
    #[must_use]
    pub fn with_services(mut self, services: Arc<dyn Services>) -> Self {
        self.services = services;
        self
    }

    /// The third parties.
    pub fn services(&self) -> &dyn Services {
        &*self.services
    }
}

/// What is said of a third party that the owner has not set up.
pub fn not_set_up(name: &str) -> Failure {
    Failure::unavailable("NOT_SET_UP", format!("this wallet has no access to {name}"))
        .hint(format!("Set what {name} needs; `paywarden doctor` shows which setting is missing"))
        .retry(Retry::AfterOperator)
}

/// What ifenpay's error is at the boundary: under its own code, with what to do next.
pub fn upstream_failure(error: &UpstreamError) -> Failure {
    let message = error.to_string();
    let failure = Failure::unavailable("REQUEST_ERROR", message).hint(error.advice());
    Failure { code: error.code().to_owned().into(), ..failure }
}
