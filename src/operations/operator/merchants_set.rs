//! `merchants.set`: what the owner says of a merchant. It decides about categories, and whether its checkouts can be
//! paid; neither an agent's claim nor a merchant's own does.

use schemars::JsonSchema;
use serde::Deserialize;

use super::directory::{entry, entry_id};
use super::written::EntryWritten;
use crate::books::CheckoutPlace;
use crate::engine::Directory;
use crate::failure::Failure;
use crate::fetch::{BaseUrl, PlainText};
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::rails::acp::{MerchantUrl, Version};
use crate::rails::stripe::Profile;
use crate::secret::Secret;

/// A merchant and what it sells.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MerchantsSet {
    /// Its id, as its carts name it.
    id: String,
    /// What it is called.
    #[serde(default)]
    label: Option<String>,
    /// What it sells; mandates allow and block by it.
    #[serde(default)]
    category: Option<String>,
    /// Where its checkouts are.
    #[serde(default)]
    endpoint: Option<String>,
    /// Its profile at Stripe, `profile_...`: who is paid.
    #[serde(default)]
    profile: Option<String>,
    /// The version of the checkout protocol it speaks; found out when left out.
    #[serde(default)]
    api_version: Option<String>,
    /// The token it gave you; kept apart from everything else. Left as it is when left out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    token: Option<Secret>,
}

impl Operation for MerchantsSet {
    type Output = EntryWritten;
    const SPEC: Spec = Spec {
        name: "merchants.set",
        title: "Set a merchant",
        description: "Say what a merchant is called and sells, and where its checkouts are; mandates that pin categories go by it. What is not named stays.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<EntryWritten>, Failure> {
        let id = entry_id(&self.id)?;
        let key = id.as_str();
        let checkout = checkout(self.endpoint, self.profile, self.api_version)?;
        if let Some(token) = self.token {
            let Some(place) = checkout.as_ref().filter(|_| is_token(&token)) else {
                let message = "a token is visible text, and belongs to an endpoint";
                return Err(Failure::invalid("INVALID_TOKEN", message));
            };
            context.engine.services().shops()?.keep_token(key, &place.endpoint, token)?;
        }
        let mut entry = entry(self.label, self.category)?;
        entry.checkout = checkout;
        let written = context.engine.set_entry(Directory::Merchants, key, entry).await?;
        Ok(Outcome::Done(EntryWritten::new(written, true)))
    }
}

fn checkout(
    endpoint: Option<String>,
    profile: Option<String>,
    api_version: Option<String>,
) -> Result<Option<CheckoutPlace>, Failure> {
    let invalid = |error: String| Failure::invalid("INVALID_ENDPOINT", error);
    let Some(endpoint) = endpoint else {
        if profile.is_some() || api_version.is_some() {
            return Err(invalid("a profile or a version belongs to an endpoint".to_owned()));
        }
        return Ok(None);
    };
    let url: MerchantUrl = endpoint
        .parse()
        .map_err(|error: crate::rails::acp::MerchantUrlError| invalid(error.to_string()))?;
    BaseUrl::parse(url.as_str(), PlainText::Loopback)
        .map_err(|error| invalid(error.to_string()))?;
    if let Some(profile) = &profile {
        let parsed: Result<Profile, _> = profile.parse();
        parsed.map_err(|error| Failure::invalid("INVALID_PROFILE", error.to_string()))?;
    }
    if let Some(version) = &api_version {
        let parsed: Result<Version, _> = version.parse();
        parsed.map_err(|error| Failure::invalid("INVALID_API_VERSION", error.to_string()))?;
    }
    Ok(Some(CheckoutPlace { endpoint: url.as_str().to_owned(), profile, api_version }))
}

fn is_token(token: &Secret) -> bool {
    let fits = (1..=limits::MERCHANT_TOKEN_BYTES).contains(&token.expose().len());
    fits && token.expose().iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_whole_or_an_error() {
        let place = |endpoint: &str, profile: &str, version: &str| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            checkout(text(endpoint), text(profile), text(version))
        };
        let found = place("https://Shop.Example/acp/", "profile_1", "2026-04-17").unwrap().unwrap();
        assert_eq!(found.endpoint, "https://shop.example/acp");
        assert_eq!(place("", "", "").unwrap(), None);
        assert!(place("http://127.0.0.1:47150", "", "").is_ok());
        for (endpoint, profile, version) in [
            ("", "profile_1", ""),
            ("", "", "2026-04-17"),
            ("http://shop.example", "", ""),
            ("https://shop.example?x", "", ""),
            ("https://shop.example", "acct_1", ""),
            ("https://shop.example", "", "2026"),
        ] {
            assert!(place(endpoint, profile, version).is_err(), "{endpoint} {profile} {version}");
        }
    }

    #[test]
    fn a_token_is_visible_and_has_an_end() {
        let token = |bytes: usize| Secret::new("x".repeat(bytes));
        assert!(is_token(&token(limits::MERCHANT_TOKEN_BYTES)));
        assert!(!is_token(&token(limits::MERCHANT_TOKEN_BYTES + 1)));
        assert!(!is_token(&token(0)) && !is_token(&Secret::new("a\nb".to_owned())));
    }
}
