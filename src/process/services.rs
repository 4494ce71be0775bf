//! The clients of third parties, each made when it is first asked for.
//!
//! No key may leave for another origin than the one it was given for, nor be shown. On the sandbox nothing need be set:
//! the wallet goes to the simulators, and registers there by itself. On a real network it registers with nobody unless
//! its owner makes it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};

use super::access::KeptKey;
use super::boot::Boot;
use super::endpoint::Endpoint;
use super::provider_place::ProviderApi;
use super::provider_settings::{NANSWAP_URL, NICKY_URL, ProviderSettings};
use super::reach::Reach;
use super::sellers::SellerSettings;
use super::shop_clients::ShopClients;
use super::simulators::{Simulated, Simulators};
use crate::clock::Clock;
use crate::engine::{PayerDefaults, PaymentBackend, Services, Shops, not_set_up, upstream_failure};
use crate::failure::{Failure, Retry};
use crate::fetch::{BaseUrl, Client, PlainText, Provider, Settings};
use crate::limits;
use crate::money::Raw;
use crate::nano::Network;
use crate::network::gateway::Upstream;
use crate::providers::ifenpay::Ifenpay;
use crate::providers::nanswap::Nanswap;
use crate::providers::nicky::Nicky;
use crate::secret::Secret;

impl Boot {
    /// Sees to it that there is a key to ifenpay as this process was told to reach it; whether it is a new one.
    ///
    /// # Errors
    /// When ifenpay gives none, or it cannot be kept.
    pub async fn ifenpay_key(&self) -> Result<bool, Failure> {
        let (_, clients) = self.surround(&self.reach, true)?;
        clients.ensure_key().await
    }
}

/// What the owner set about third parties, their URLs apart.
#[derive(Clone, Debug)]
pub struct ThirdParties {
    /// The API key ifenpay gave.
    pub ifenpay_key: Option<Secret>,
    /// Stripe's secret key.
    pub stripe_key: Option<Secret>,
    /// Which sellers may be asked and paid.
    pub sellers: SellerSettings,
    /// Who makes payment requests.
    pub payment_backend: PaymentBackend,
    /// The most that is paid for one credit of ifenpay.
    pub credit_price_max: Raw,
}

impl Default for ThirdParties {
    fn default() -> Self {
        Self {
            ifenpay_key: None,
            stripe_key: None,
            sellers: SellerSettings::default(),
            payment_backend: PaymentBackend::default(),
            credit_price_max: Raw::new(limits::CREDIT_PRICE_MAX_RAW),
        }
    }
}

/// What third parties are reached with.
pub(super) struct Clients {
    settings: ThirdParties,
    ifenpay_url: Option<Endpoint>,
    is_sandbox: bool,
    kept: KeptKey,
    simulators: Option<Arc<dyn Simulators>>,
    providers: ProviderSettings,
    clock: Arc<dyn Clock>,
    http: OnceCell<Client>,
    shops: ShopClients,
    ifenpay: Mutex<Option<Upstream>>,
    nanswap: OnceCell<Nanswap>,
    nicky: OnceCell<Nicky>,
}

impl Clients {
    /// For the wallet of `boot` with what is in force; makes nothing yet.
    pub(super) fn new(boot: &Boot, reach: &Reach, simulators: Option<Arc<dyn Simulators>>) -> Self {
        let shops = ShopClients::new(boot, reach, simulators.clone());
        Self {
            settings: boot.third_parties.clone(),
            ifenpay_url: reach.provider_urls.get(&ProviderApi::Ifenpay).cloned(),
            is_sandbox: boot.network == Network::Sandbox,
            kept: KeptKey::new(boot.home.clone()),
            simulators,
            providers: boot.providers.clone(),
            clock: Arc::clone(&boot.clock),
            http: OnceCell::new(),
            shops,
            ifenpay: Mutex::default(),
            nanswap: OnceCell::new(),
            nicky: OnceCell::new(),
        }
    }

    /// ifenpay's API with this wallet's key.
    pub(super) async fn upstream(&self) -> Result<Upstream, Failure> {
        // Held while it is made: two callers must not register twice.
        let mut made = self.ifenpay.lock().await;
        if let Some(upstream) = &*made {
            return Ok(upstream.clone());
        }
        let base = self.ifenpay_base().await?;
        let upstream = match self.key_for(&base).await? {
            Some(key) => self.with_key(base, Some(key)).await,
            None if self.is_sandbox => self.register(base).await?,
            None => return Err(no_key()),
        };
        *made = Some(upstream.clone());
        Ok(upstream)
    }

    async fn key_for(&self, base: &BaseUrl) -> Result<Option<Secret>, Failure> {
        if let Some(given) = &self.settings.ifenpay_key {
            return Ok(Some(given.clone()));
        }
        match self.kept.read(&base.origin(), self.is_sandbox)? {
            Some(key) if self.is_sandbox && !self.is_known(base, &key).await? => Ok(None),
            kept => Ok(kept),
        }
    }

    /// Sees to it that there is a key: the one that was given or is kept, or a new one that ifenpay gives. Answers
    /// whether it is new.
    pub(super) async fn ensure_key(&self) -> Result<bool, Failure> {
        let base = self.ifenpay_base().await?;
        if let Some(key) = &self.settings.ifenpay_key {
            self.kept.write(&base.origin(), key)?;
            return Ok(false);
        }
        if self.kept.read(&base.origin(), false)?.is_some() {
            return Ok(false);
        }
        self.register(base).await.map(|_| true)
    }

    async fn ifenpay_base(&self) -> Result<BaseUrl, Failure> {
        if let (None, Some(simulators)) = (&self.ifenpay_url, &self.simulators) {
            return simulators.base_url(Simulated::Ifenpay).await;
        }
        let default = ProviderApi::Ifenpay.default_url();
        let url = self.ifenpay_url.as_ref().map_or(default, Endpoint::expose);
        BaseUrl::parse(url, PlainText::Loopback).map_err(|error| {
            let message = format!("{}: {error}", ProviderApi::Ifenpay.setting());
            Failure::invalid("CONFIG_INVALID", message).retry(Retry::AfterOperator)
        })
    }

    /// A simulator in the process forgets its keys when it ends.
    async fn is_known(&self, base: &BaseUrl, key: &Secret) -> Result<bool, Failure> {
        let known = Ifenpay::new(self.with_key(base.clone(), Some(key.clone())).await);
        match known.credits().await {
            Err(error) if error.code() == "INVALID_API_KEY" => Ok(false),
            Err(error) => Err(upstream_failure(&error)),
            Ok(_) => Ok(true),
        }
    }

    /// The seed that comes with the key is known to ifenpay, and dropped.
    async fn register(&self, base: BaseUrl) -> Result<Upstream, Failure> {
        let fresh = Ifenpay::new(self.with_key(base.clone(), None).await);
        let registered = fresh.register().await.map_err(|error| upstream_failure(&error))?;
        self.kept.write(&base.origin(), &registered.api_key)?;
        Ok(self.with_key(base, Some(registered.api_key)).await)
    }

    async fn with_key(&self, base: BaseUrl, key: Option<Secret>) -> Upstream {
        Upstream::new(self.http().await, base, key, Arc::clone(&self.clock))
    }

    async fn provider(&self, name: &'static str, base: BaseUrl) -> Provider {
        Provider::new(name, base, self.http().await, Arc::clone(&self.clock))
    }

    /// The simulators, where the owner has named no other place.
    fn simulated(&self, set: Option<&BaseUrl>) -> Option<&dyn Simulators> {
        self.simulators.as_deref().filter(|_| set.is_none())
    }

    /// Where a service is: as set, at the simulator, or at its usual place.
    async fn place(
        &self,
        service: Simulated,
        set: Option<&BaseUrl>,
        usual: &str,
    ) -> Result<BaseUrl, Failure> {
        match (set, self.simulated(set)) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(simulators)) => simulators.base_url(service).await,
            (None, None) => BaseUrl::parse(usual, PlainText::Loopback)
                .map_err(|error| Failure::internal("INTERNAL", error.to_string())),
        }
    }

    async fn http(&self) -> Client {
        self.http.get_or_init(async || Client::new(Settings::default())).await.clone()
    }
}

#[async_trait]
impl Services for Clients {
    fn shops(&self) -> Result<&dyn Shops, Failure> {
        Ok(&self.shops)
    }

    async fn ifenpay(&self) -> Result<Ifenpay, Failure> {
        Ok(Ifenpay::new(self.upstream().await?))
    }

    fn payment_backend(&self) -> PaymentBackend {
        self.settings.payment_backend
    }

    fn credit_price_max(&self) -> Raw {
        self.settings.credit_price_max
    }

    async fn nanswap(&self) -> Result<Nanswap, Failure> {
        let make = || async {
            let set = self.providers.nanswap_url.as_ref();
            let base = self.place(Simulated::Nanswap, set, NANSWAP_URL).await?;
            // The owner's key must not go to a simulator.
            let key = match self.simulated(set) {
                Some(simulators) => Some(simulators.nanswap_secrets().key),
                None => self.providers.nanswap_key.clone(),
            };
            let provider = self.provider("Nanswap Pay", base).await;
            Ok(Nanswap::new(provider, key, Arc::clone(&self.clock)))
        };
        self.nanswap.get_or_try_init(make).await.cloned()
    }

    fn nanswap_webhook_secret(&self) -> Option<Secret> {
        match self.simulated(self.providers.nanswap_url.as_ref()) {
            Some(simulators) => Some(simulators.nanswap_secrets().webhook),
            None => self.providers.nanswap_webhook_secret.clone(),
        }
    }

    async fn nicky(&self) -> Result<Nicky, Failure> {
        let make = || async {
            let set = self.providers.nicky_url.as_ref();
            let base = self.place(Simulated::Nicky, set, NICKY_URL).await?;
            Ok(Nicky::new(self.provider("Nicky", base).await))
        };
        self.nicky.get_or_try_init(make).await.cloned()
    }

    fn payer(&self) -> PayerDefaults {
        self.providers.payer.clone()
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("simulators", &self.simulators).finish_non_exhaustive()
    }
}

fn no_key() -> Failure {
    not_set_up("ifenpay").hint(
        "Set IFENPAY_API_KEY to the key ifenpay gave you, or register for one with `paywarden network set --gateway ifenpay`",
    )
}
