//! Shared payment tokens: made, looked at, taken back.
//!
//! This module must never ask for a token without a [`TokenOrder`], send the key to another origin than the one it was
//! set for, or leave out an expiry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::IssuedToken;
use super::error::StripeError;
use super::id::{PaymentMethod, TokenId};
use super::order::TokenOrder;
use crate::fetch::{BaseUrl, Bounds, Client, FetchError, Reply, Request, quote, secret_value};
use crate::limits;
use crate::secret::Secret;

/// The version of Stripe's API these calls are written for; shared payment tokens are in preview.
pub const VERSION: &str = "2026-07-29.preview";

/// Stripe at one base URL.
#[derive(Clone, Debug)]
pub struct Stripe {
    client: Client,
    base: BaseUrl,
    key: Option<Secret>,
}

impl Stripe {
    /// Stripe below `base`, with the owner's secret key if one is set.
    pub fn new(client: Client, base: BaseUrl, key: Option<Secret>) -> Self {
        Self { client, base, key }
    }

    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Makes the token that was ordered, or finds the one that was made for the same order before.
    ///
    /// # Errors
    /// [`StripeError`]; [`StripeError::made_nothing`] says whether there certainly is none.
    pub async fn issue(
        &self,
        order: &TokenOrder,
        method: &PaymentMethod,
    ) -> Result<IssuedToken, StripeError> {
        let amount = order.amount();
        let method = std::str::from_utf8(method.secret().expose()).unwrap_or_default();
        let form = form(&[
            ("payment_method", method),
            ("seller_details[network_business_profile]", order.profile().as_str()),
            ("usage_limits[currency]", &amount.currency.as_str().to_ascii_lowercase()),
            ("usage_limits[max_amount]", &amount.amount.to_string()),
            ("usage_limits[expires_at]", &order.expires_at_s().to_string()),
            ("shared_metadata[payment_id]", &order.payment_id().to_string()),
        ]);
        let reply = self.send(Method::POST, &[], Some((form, order.key()))).await?;
        read(&reply)
    }

    /// Looks at a token.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn get(&self, id: &TokenId) -> Result<IssuedToken, StripeError> {
        read(&self.send(Method::GET, &[id.text()], None).await?)
    }

    /// Takes a token back. Done twice it is done once.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn revoke(
        &self,
        id: &TokenId,
        order: &TokenOrder,
    ) -> Result<IssuedToken, StripeError> {
        let key = format!("revoke-{}", order.key());
        let form = (Zeroizing::new(String::new()), key.as_str());
        read(&self.send(Method::POST, &[id.text(), "revoke"], Some(form)).await?)
    }

    async fn send(
        &self,
        method: Method,
        below: &[&str],
        form: Option<(Zeroizing<String>, &str)>,
    ) -> Result<Reply, StripeError> {
        let url = self.base.with_segments(&[&TOKENS, below].concat());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers
            .insert(HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION));
        headers.insert(AUTHORIZATION, self.authorization(&url)?);
        let body = match form {
            None => None,
            Some((form, key)) => {
                headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/x-www-form-urlencoded"),
                );
                let origin = url.origin();
                let key =
                    HeaderValue::from_str(key).map_err(|_| FetchError::BadRequest { origin })?;
                headers.insert(HeaderName::from_static("idempotency-key"), key);
                Some(form.as_bytes().to_vec())
            }
        };
        Ok(self.client.send(Request { method, url, headers, body }, BOUNDS).await?)
    }

    /// HTTP's basic authentication with the key as the user's name and no password.
    fn authorization(&self, url: &BaseUrl) -> Result<HeaderValue, StripeError> {
        let key = self.key.as_ref().ok_or(StripeError::NoKey)?;
        let pair = Zeroizing::new([key.expose(), b":"].concat());
        Ok(secret_value(url, "Basic ", &Secret::new(STANDARD.encode(&*pair)))?)
    }
}

fn form(pairs: &[(&str, &str)]) -> Zeroizing<String> {
    let mut url = Url::parse("http://form.invalid/").expect("a URL that is known to be one");
    url.query_pairs_mut().extend_pairs(pairs);
    Zeroizing::new(url.query().unwrap_or_default().to_owned())
}

fn read(reply: &Reply) -> Result<IssuedToken, StripeError> {
    if (200..300).contains(&reply.status) {
        return IssuedToken::read(&reply.body);
    }
    let wire = serde_json::from_slice::<ErrorBody>(&reply.body).unwrap_or_default().error;
    let said = |text: Option<String>| text.as_deref().map(redacted).unwrap_or_default();
    let (code, message) = (said(wire.decline_code.or(wire.code).or(wire.kind)), said(wire.message));
    Err(StripeError::Refused { status: reply.status, code, message })
}

/// Stripe quotes keys and ids back in its errors.
fn redacted(text: &str) -> String {
    let is_private = |word: &str| PRIVATE.iter().any(|prefix| word.contains(prefix));
    let words =
        text.split_whitespace().map(|word| if is_private(word) { "(hidden)" } else { word });
    quote(&words.collect::<Vec<_>>().join(" "))
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: ErrorWire,
}

#[derive(Default, Deserialize)]
struct ErrorWire {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

const TOKENS: [&str; 3] = ["v1", "shared_payment", "issued_tokens"];
const BOUNDS: Bounds =
    Bounds { timeout: limits::STRIPE_TIMEOUT, body_bytes: limits::STRIPE_BODY_BYTES };
const PRIVATE: [&str; 5] = ["sk_", "rk_", "pm_", "spt_", "pk_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stripe_quotes_back_is_hidden() {
        let text = "Invalid API Key provided: sk_test_****abc and 'pm_1X' or spt_9\u{1b}";
        assert_eq!(redacted(text), "Invalid API Key provided: (hidden) and (hidden) or (hidden)");
    }

    #[test]
    fn a_form_escapes_what_would_end_a_value() {
        let form = form(&[("a[b]", "x&y=z +é")]);
        assert_eq!(form.as_str(), "a%5Bb%5D=x%26y%3Dz+%2B%C3%A9");
    }
}
