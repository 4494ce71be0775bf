//! Clients of merchants and of Stripe, made when they are asked for.
//!
//! A token must never leave for another place than the one the owner named, nor a stranger's endpoint be asked without
//! the guard.

use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;

use super::boot::Boot;
use super::endpoint::Endpoint;
use super::provider_place::ProviderApi;
use super::reach::Reach;
use super::shop_access::ShopAccess;
use super::simulators::{Simulated, Simulators};
use crate::books::CheckoutPlace;
use crate::engine::{BuiltIn, Shops, not_set_up};
use crate::failure::{Failure, Retry};
use crate::fetch::{BaseUrl, Client, GuestClient, PlainText, Settings};
use crate::rails::acp::{Acp, Door, MerchantUrl};
use crate::rails::stripe::{PaymentMethod, Profile, Stripe, TokenId};
use crate::secret::Secret;

/// What merchants and Stripe are reached with.
#[derive(Debug)]
pub(super) struct ShopClients {
    access: ShopAccess,
    simulators: Option<Arc<dyn Simulators>>,
    client: Client,
    guests: GuestClient,
    stripe_url: Option<Endpoint>,
    stripe_key: Option<Secret>,
}

impl ShopClients {
    /// Makes nothing yet.
    pub(super) fn new(boot: &Boot, reach: &Reach, simulators: Option<Arc<dyn Simulators>>) -> Self {
        Self {
            access: ShopAccess::new(boot.home.clone()),
            simulators,
            client: Client::new(Settings::default()),
            guests: GuestClient::new(Settings::default(), reach.fetch_allow.clone()),
            stripe_url: reach.provider_urls.get(&ProviderApi::Stripe).cloned(),
            stripe_key: boot.third_parties.stripe_key.clone(),
        }
    }

    /// The sandbox's own Stripe, unless the owner has named another one.
    fn simulated_stripe(&self) -> Option<&Arc<dyn Simulators>> {
        self.simulators.as_ref().filter(|_| self.stripe_url.is_none())
    }
}

#[async_trait]
impl Shops for ShopClients {
    async fn known(&self, merchant_id: &str, place: &CheckoutPlace) -> Result<Acp, Failure> {
        let unusable = |error: String| {
            Failure::invalid("INVALID_ENDPOINT", error)
                .retry(Retry::AfterOperator)
                .hint("The owner names it with `paywarden merchants set ID --endpoint URL`")
        };
        let base = BaseUrl::parse(&place.endpoint, PlainText::Loopback);
        let base = base.map_err(|error| unusable(error.to_string()))?;
        let version = place.api_version.as_deref().map(str::parse).transpose();
        let version = version
            .map_err(|error: crate::rails::acp::VersionError| unusable(error.to_string()))?;
        let bearer = self.access.token(merchant_id, &place.endpoint)?;
        Ok(Acp::new(Door::Known { client: self.client.clone(), base, bearer }, version))
    }

    async fn stranger(&self, endpoint: &MerchantUrl) -> Result<Acp, Failure> {
        let base = self.guests.check(endpoint.as_str()).map_err(|error| {
            Failure::refused("ENDPOINT_REFUSED", error.to_string())
                .hint("The owner can name a merchant elsewhere with `paywarden merchants set ID --endpoint URL`")
        })?;
        Ok(Acp::new(Door::Stranger { client: self.guests.clone(), base }, None))
    }

    async fn built_in(&self) -> Result<Option<BuiltIn>, Failure> {
        let Some(simulators) = &self.simulators else { return Ok(None) };
        let base = simulators.base_url(Simulated::AcpMerchant).await?;
        let shop = simulators.shop();
        let profile = shop.profile.parse().map_err(|_| not_set_up("the sandbox's merchant"))?;
        let door = Door::Known { client: self.client.clone(), base, bearer: Some(shop.token) };
        Ok(Some(BuiltIn {
            merchant_id: shop.merchant_id.to_owned(),
            profile,
            acp: Acp::new(door, None),
            host: "127.0.0.1".to_owned(),
        }))
    }

    async fn built_in_seller(&self) -> Result<Option<(String, Profile)>, Failure> {
        let Some(simulators) = &self.simulators else { return Ok(None) };
        let base = simulators.base_url(Simulated::MppSeller).await?;
        let profile = simulators.shop().seller_profile.parse();
        Ok(profile.ok().map(|profile| (base.origin(), profile)))
    }

    async fn stripe(&self) -> Result<Stripe, Failure> {
        if let Some(simulators) = self.simulated_stripe() {
            let base = simulators.base_url(Simulated::Stripe).await?;
            let key = simulators.shop().stripe_key;
            return Ok(Stripe::new(self.client.clone(), base, Some(key)));
        }
        let wrong = |message: String| {
            Failure::invalid("CONFIG_INVALID", message).retry(Retry::AfterOperator)
        };
        let key = self.stripe_key.clone();
        if self.simulators.is_some() && key.as_ref().is_some_and(is_live) {
            return Err(wrong("a sandbox wallet does not charge a real card".to_owned())
                .hint("Set STRIPE_SECRET_KEY to a test key"));
        }
        let default = ProviderApi::Stripe.default_url();
        let url = self.stripe_url.as_ref().map_or(default, Endpoint::expose);
        let base = BaseUrl::parse(url, PlainText::Loopback);
        let base =
            base.map_err(|error| wrong(format!("{}: {error}", ProviderApi::Stripe.setting())))?;
        Ok(Stripe::new(self.client.clone(), base, key))
    }

    fn play_card(&self) -> Option<PaymentMethod> {
        self.simulated_stripe()?.shop().payment_method.parse().ok()
    }

    fn keep_token(&self, merchant_id: &str, endpoint: &str, token: Secret) -> Result<(), Failure> {
        self.access.set_token(merchant_id, endpoint, token)
    }

    fn forget_token(&self, merchant_id: &str) -> Result<(), Failure> {
        self.access.forget_token(merchant_id)
    }

    fn keep_issued(
        &self,
        key: &str,
        token: &TokenId,
        is_needed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        self.access.keep_issued(key, token.secret().clone(), is_needed)
    }

    fn issued(&self, key: &str) -> Result<Option<TokenId>, Failure> {
        Ok(self.access.issued(key)?.and_then(|kept| id(&kept)))
    }

    fn keep_method(&self, method: Option<&PaymentMethod>) -> Result<(), Failure> {
        self.access.set_method(method.map(|method| method.secret().clone()))
    }

    fn method(&self) -> Result<Option<PaymentMethod>, Failure> {
        // What is no id is not used; its hash would not be the registered one's either.
        Ok(self.access.method()?.and_then(|kept| id(&kept)))
    }
}

/// What was kept, if it is an id.
fn id<T: FromStr>(kept: &Secret) -> Option<T> {
    std::str::from_utf8(kept.expose()).ok()?.parse().ok()
}

/// Stripe's own prefixes of keys that move real money.
fn is_live(key: &Secret) -> bool {
    [&b"sk_live_"[..], b"rk_live_"].into_iter().any(|prefix| key.expose().starts_with(prefix))
}
