//! The clients of third parties, each made when it is first asked for.
//!
//! No key may leave for another origin than the one it was given for, nor be shown. On the sandbox ifenpay needs no
//! setting: the wallet registers with the simulator, and keeps the key.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};
use zeroize::Zeroizing;

use super::home::{Home, files};
use super::provider_settings::{NANSWAP_URL, NICKY_URL, ProviderSettings};
use super::simulators::{Simulated, Simulators};
use crate::clock::Clock;
use crate::engine::{PayerDefaults, Services, not_set_up, upstream_failure};
use crate::failure::Failure;
use crate::fetch::{BaseUrl, Client, PlainText, Provider, Settings};
use crate::network::gateway::Upstream;
use crate::providers::ifenpay::Ifenpay;
use crate::providers::nanswap::Nanswap;
use crate::providers::nicky::Nicky;
use crate::secret::Secret;

/// What third parties are reached with.
pub(super) struct Clients {
    home: Home,
    simulators: Option<Arc<dyn Simulators>>,
    settings: ProviderSettings,
    clock: Arc<dyn Clock>,
    http: OnceCell<Client>,
    ifenpay: Mutex<Option<Ifenpay>>,
    nanswap: OnceCell<Nanswap>,
    nicky: OnceCell<Nicky>,
}

impl Clients {
    /// Makes nothing yet.
    pub(super) fn new(
        home: Home,
        simulators: Option<Arc<dyn Simulators>>,
        settings: ProviderSettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            home,
            simulators,
            settings,
            clock,
            http: OnceCell::new(),
            ifenpay: Mutex::default(),
            nanswap: OnceCell::new(),
            nicky: OnceCell::new(),
        }
    }

    async fn http(&self) -> Client {
        self.http.get_or_init(async || Client::new(Settings::default())).await.clone()
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

    async fn upstream(&self, base: BaseUrl, key: Option<Secret>) -> Ifenpay {
        Ifenpay::new(Upstream::new(self.http().await, base, key, Arc::clone(&self.clock)))
    }

    /// The simulator, with the key of before where it still knows it.
    async fn simulated_ifenpay(&self, simulators: &dyn Simulators) -> Result<Ifenpay, Failure> {
        let base = simulators.base_url(Simulated::Ifenpay).await?;
        if let Some(key) = self.kept_key()? {
            let known = self.upstream(base.clone(), Some(key)).await;
            match known.credits().await {
                // One in the process forgets its keys when it ends.
                Err(error) if error.code() == "INVALID_API_KEY" => {}
                Err(error) => return Err(upstream_failure(&error)),
                Ok(_) => return Ok(known),
            }
        }
        let fresh = self.upstream(base.clone(), None).await;
        let registered = fresh.register().await.map_err(|error| upstream_failure(&error))?;
        self.keep_key(&registered.api_key)?;
        Ok(self.upstream(base, Some(registered.api_key)).await)
    }

    fn kept_key(&self) -> Result<Option<Secret>, Failure> {
        let Some(text) = self.home.read(files::IFENPAY_ACCESS)? else { return Ok(None) };
        let text = Zeroizing::new(text);
        // What cannot be read is play money's key at most: it is registered for anew.
        let access: Option<Access> = serde_json::from_str(&text).ok();
        Ok(access.filter(|access| access.version == ACCESS_VERSION).map(|access| access.api_key))
    }

    fn keep_key(&self, key: &Secret) -> Result<(), Failure> {
        let access = Access { version: ACCESS_VERSION, api_key: key.clone() };
        let text = serde_json::to_string_pretty(&access).expect("a text is plain JSON");
        Ok(self.home.write(files::IFENPAY_ACCESS, &Zeroizing::new(text))?)
    }
}

#[async_trait]
impl Services for Clients {
    async fn ifenpay(&self) -> Result<Ifenpay, Failure> {
        // Held while it is made: two callers must not register twice.
        let mut made = self.ifenpay.lock().await;
        if let Some(ifenpay) = &*made {
            return Ok(ifenpay.clone());
        }
        let ifenpay = match &self.simulators {
            Some(simulators) => self.simulated_ifenpay(&**simulators).await?,
            None => return Err(not_set_up("ifenpay")),
        };
        *made = Some(ifenpay.clone());
        Ok(ifenpay)
    }

    async fn nanswap(&self) -> Result<Nanswap, Failure> {
        let make = || async {
            let set = self.settings.nanswap_url.as_ref();
            let base = self.place(Simulated::Nanswap, set, NANSWAP_URL).await?;
            // The owner's key must not go to a simulator.
            let key = match self.simulated(set) {
                Some(simulators) => Some(simulators.nanswap_secrets().key),
                None => self.settings.nanswap_key.clone(),
            };
            let provider = self.provider("Nanswap Pay", base).await;
            Ok(Nanswap::new(provider, key, Arc::clone(&self.clock)))
        };
        self.nanswap.get_or_try_init(make).await.cloned()
    }

    fn nanswap_webhook_secret(&self) -> Option<Secret> {
        match self.simulated(self.settings.nanswap_url.as_ref()) {
            Some(simulators) => Some(simulators.nanswap_secrets().webhook),
            None => self.settings.nanswap_webhook_secret.clone(),
        }
    }

    async fn nicky(&self) -> Result<Nicky, Failure> {
        let make = || async {
            let set = self.settings.nicky_url.as_ref();
            let base = self.place(Simulated::Nicky, set, NICKY_URL).await?;
            Ok(Nicky::new(self.provider("Nicky", base).await))
        };
        self.nicky.get_or_try_init(make).await.cloned()
    }

    fn payer(&self) -> PayerDefaults {
        self.settings.payer.clone()
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("simulators", &self.simulators).finish_non_exhaustive()
    }
}

/// `ifenpay-access.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Access {
    version: u32,
    api_key: Secret,
}

const ACCESS_VERSION: u32 = 1;
