//! Settings about third parties. A key comes from the environment or `config.toml`, and shows as "set".

use std::collections::BTreeMap;

use super::{Origin, Setting, Sources, invalid};
use crate::engine::PaymentBackend;
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::process::{Endpoint, NetworkGateway, ProviderApi, Speaks, ThirdParties};
use crate::secret::Secret;
use crate::surfaces::cli::third_party_args::ThirdPartyFlags;

/// The environment variable of a setting about third parties.
pub(super) fn variable(name: &str) -> &'static str {
    match name {
        "gateway" => "PAYWARDEN_GATEWAY",
        "payment_backend" => "PAYWARDEN_PAYMENT_BACKEND",
        "credit_price_max" => "PAYWARDEN_CREDIT_PRICE_MAX",
        "ifenpay_api_url" => "IFENPAY_API_URL",
        "stripe_api_url" => "STRIPE_API_URL",
        STRIPE_KEY => "STRIPE_SECRET_KEY",
        _ => "IFENPAY_API_KEY",
    }
}

/// Who answers for the network, and where third parties are.
type Places = (Option<NetworkGateway>, BTreeMap<ProviderApi, Endpoint>);

impl Sources<'_> {
    /// What belongs to [`crate::process::Reach`]; every setting is looked at before the first error.
    pub(super) fn places(&mut self, flags: &ThirdPartyFlags) -> Result<Places, Failure> {
        let ifenpay =
            self.endpoints("ifenpay_api_url", flags.ifenpay_api_url.clone(), Speaks::Http);
        let stripe = self.endpoints("stripe_api_url", flags.stripe_api_url.clone(), Speaks::Http);
        let taken = self.take("gateway", flags.gateway.clone(), NetworkGateway::Node.as_str());
        let gateway = taken.parse("node or ifenpay", |text| text.parse().ok())?;
        // Who was told nothing takes what is in force.
        let gateway = (taken.origin != Origin::Default).then_some(gateway);
        let mut urls = BTreeMap::new();
        for (provider, found) in [(ProviderApi::Ifenpay, ifenpay?), (ProviderApi::Stripe, stripe?)]
        {
            if found.len() > 1 {
                let (name, more) = (provider.setting(), found.len());
                return Err(invalid(format!("{name} has {more} URLs; it takes one")));
            }
            urls.extend(found.into_iter().map(|url| (provider, url)));
        }
        Ok((gateway, urls))
    }

    /// The rest of them.
    pub(super) fn third_parties(
        &mut self,
        flags: &ThirdPartyFlags,
    ) -> Result<ThirdParties, Failure> {
        let in_file = self.file.ifenpay_api_key.clone();
        let key = self.key(IFENPAY_KEY, in_file);
        let in_file = self.file.stripe_secret_key.clone();
        let stripe_key = self.key(STRIPE_KEY, in_file);
        let sellers = self.sellers(flags);
        let backend = self.take("payment_backend", flags.payment_backend.clone(), "direct");
        let price = limits::CREDIT_PRICE_MAX_RAW;
        let price = Raw::new(price).to_xno();
        let price = self.take("credit_price_max", flags.credit_price_max.clone(), &price);
        Ok(ThirdParties {
            ifenpay_key: key?,
            stripe_key: stripe_key?,
            sellers: sellers?,
            payment_backend: backend.parse("direct or ifenpay", |text| match text {
                "direct" => Some(PaymentBackend::Direct),
                "ifenpay" => Some(PaymentBackend::Ifenpay),
                _ => None,
            })?,
            credit_price_max: price
                .parse("a positive amount in XNO", |text| Raw::payment_from_xno(text).ok())?,
        })
    }

    fn key(
        &mut self,
        name: &'static str,
        in_file: Option<Secret>,
    ) -> Result<Option<Secret>, Failure> {
        let variable = variable(name);
        // It passes through no `Setting`: that is shown.
        let set = match self.environment.var(variable).filter(|text| !text.is_empty()) {
            Some(text) => Some((Secret::new(text), Origin::Environment(variable))),
            None => in_file.map(|key| (key, Origin::File)),
        };
        let key =
            set.as_ref().map(|(key, _)| key.without_line_end()).filter(|key| key.length() > 0);
        let origin = set.map_or(Origin::Default, |(_, origin)| origin);
        let value = if key.is_some() { "set" } else { "not set" }.to_owned();
        self.origins.insert(name, Setting { value, origin });
        match key {
            Some(key) if key.expose().len() > limits::API_KEY_BYTES => {
                Err(invalid(format!("{name} (from {origin}) is too long to be a key")))
            }
            key => Ok(key),
        }
    }
}

const IFENPAY_KEY: &str = "ifenpay_api_key";
const STRIPE_KEY: &str = "stripe_secret_key";
