//! What the owner has set about Nicky and Nanswap Pay.
//!
//! A secret stays in its type, which shows nothing. On live no environment may point the wallet at another place.

use crate::engine::PayerDefaults;
use crate::failure::{Failure, Retry};
use crate::fetch::BaseUrl;
use crate::nano::Network;
use crate::operations::Need;
use crate::secret::Secret;

/// Settings about Nicky and Nanswap Pay.
#[derive(Clone, Debug, Default)]
pub struct ProviderSettings {
    /// Another place than Nicky's own.
    pub nicky_url: Option<BaseUrl>,
    /// Who pays, where a call does not say.
    pub payer: PayerDefaults,
    /// Another place than Nanswap's own.
    pub nanswap_url: Option<BaseUrl>,
    /// The merchant's key.
    pub nanswap_key: Option<Secret>,
    /// What webhooks are checked with.
    pub nanswap_webhook_secret: Option<Secret>,
}

impl ProviderSettings {
    /// What tools would miss; a sandbox wallet without settings has its simulators.
    pub fn lacking(&self, network: Network) -> Vec<Need> {
        if network == Network::Sandbox {
            return Vec::new();
        }
        let needs = [
            (Need::NanswapKey, self.nanswap_key.is_none()),
            (Need::NanswapWebhookSecret, self.nanswap_webhook_secret.is_none()),
        ];
        needs.into_iter().filter_map(|(need, is_lacking)| is_lacking.then_some(need)).collect()
    }

    /// Whether a wallet of this network may be opened with them.
    ///
    /// # Errors
    /// `PROVIDER_URL_FIXED` on live.
    pub(super) fn check(&self, network: Network) -> Result<(), Failure> {
        let urls = [
            ("nicky_api_url", &self.nicky_url, NICKY_URL),
            ("nanswap_api_url", &self.nanswap_url, NANSWAP_URL),
        ];
        let other = urls.into_iter().find(|(_, url, usual)| {
            url.as_ref().is_some_and(|url| url.origin() != origin_of(usual))
        });
        match other {
            Some((setting, _, usual)) if network == Network::Live => {
                let message = format!("{setting} is set; on live it is {usual} and nothing else");
                Err(Failure::refused("PROVIDER_URL_FIXED", message)
                    .hint("Take the setting away; other places are for sandbox, dev and beta")
                    .retry(Retry::AfterOperator))
            }
            _ => Ok(()),
        }
    }
}

fn origin_of(url: &str) -> String {
    BaseUrl::parse(url, crate::fetch::PlainText::Loopback)
        .map(|url| url.origin())
        .unwrap_or_default()
}

/// Nicky's own place.
pub(super) const NICKY_URL: &str = "https://api-public.pay.nicky.me";
/// Nanswap Pay's own place.
pub(super) const NANSWAP_URL: &str = "https://api.nanswap.com/pay";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::PlainText;

    fn at(url: &str) -> ProviderSettings {
        let url = BaseUrl::parse(url, PlainText::Loopback).unwrap();
        ProviderSettings { nicky_url: Some(url), ..ProviderSettings::default() }
    }

    #[test]
    fn on_live_the_environment_moves_nobody() {
        let elsewhere = at("http://127.0.0.1:47120");
        assert_eq!(elsewhere.check(Network::Live).unwrap_err().code, "PROVIDER_URL_FIXED");
        assert!(elsewhere.check(Network::Sandbox).is_ok() && elsewhere.check(Network::Dev).is_ok());
        assert!(at(NICKY_URL).check(Network::Live).is_ok());
        assert!(ProviderSettings::default().check(Network::Live).is_ok());
    }

    #[test]
    fn what_is_not_set_is_lacking_but_on_the_sandbox() {
        let none = ProviderSettings::default();
        assert!(none.lacking(Network::Sandbox).is_empty());
        assert_eq!(none.lacking(Network::Live), [Need::NanswapKey, Need::NanswapWebhookSecret]);
        let key = Some(Secret::new("sk".to_owned()));
        let keyed = ProviderSettings { nanswap_key: key, ..none };
        assert_eq!(keyed.lacking(Network::Live), [Need::NanswapWebhookSecret]);
    }
}
