//! An order before it is sent.
//!
//! This module must never send an amount another reader could round, nor an id with characters that Nanswap's own
//! plugins would sign differently (fact sheet 2.9, 7).

use serde::Serialize;
use serde_json::value::RawValue;

use crate::limits;
use crate::providers::{Amount, Opaque};

/// A price as a JSON number: plain digits, at most [`limits::NUMBER_DIGITS`] significant ones, not zero (D15).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Price(Amount);

/// Body of `POST /order`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    price_amount: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_currency: Option<Opaque>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payin_currency: Option<Opaque>,
    #[serde(rename = "invoiceId", skip_serializing_if = "Option::is_none")]
    partner_id: Option<Opaque>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_address: Option<Opaque>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_currency: Option<Opaque>,
}

/// Why an order cannot be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// Zero, or more digits than a JSON number keeps.
    #[error("a price is above zero and has at most {} digits", limits::NUMBER_DIGITS)]
    Price,
    /// Other characters than letters, digits, `.`, `_` and `-`, or too long.
    #[error("an invoice id of yours has 1 to {} letters, digits, ., _ or -", limits::ID_BYTES)]
    PartnerId,
    /// No http or https URL, or too long.
    #[error("{name} is no http:// or https:// URL of at most {} bytes", limits::URL_BYTES)]
    Url {
        /// Which one.
        name: &'static str,
    },
}

impl Price {
    /// Checks an amount.
    ///
    /// # Errors
    /// [`OrderError::Price`].
    pub fn new(amount: Amount) -> Result<Self, OrderError> {
        let text = amount.to_string();
        let digits = text.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
        let is_short = digits <= limits::NUMBER_DIGITS;
        if amount.is_zero() || !is_short { Err(OrderError::Price) } else { Ok(Self(amount)) }
    }

    /// The amount.
    pub fn amount(&self) -> &Amount {
        &self.0
    }

    fn literal(&self) -> Result<Box<RawValue>, OrderError> {
        RawValue::from_string(self.0.to_string()).map_err(|_| OrderError::Price)
    }
}

impl NewOrder {
    /// An order of this price, in the currency of the payout unless [`NewOrder::priced_in`] says otherwise.
    ///
    /// # Errors
    /// [`OrderError::Price`].
    pub fn new(price: &Price) -> Result<Self, OrderError> {
        Ok(Self {
            price_amount: price.literal()?,
            price_currency: None,
            payin_currency: None,
            partner_id: None,
            callback_url: None,
            success_url: None,
            cancel_url: None,
            payout_address: None,
            payout_currency: None,
        })
    }

    /// The currency of the price; one of the fiat currencies' list.
    #[must_use]
    pub fn priced_in(self, currency: Opaque) -> Self {
        Self { price_currency: Some(currency), ..self }
    }

    /// What the customer pays with; without it the customer chooses.
    #[must_use]
    pub fn paid_in(self, currency: Opaque) -> Self {
        Self { payin_currency: Some(currency), ..self }
    }

    /// The merchant's own id for it.
    ///
    /// # Errors
    /// [`OrderError::PartnerId`].
    pub fn known_as(self, partner_id: &str) -> Result<Self, OrderError> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let id = partner_id.parse().ok().filter(|_| partner_id.bytes().all(is_plain));
        Ok(Self { partner_id: Some(id.ok_or(OrderError::PartnerId)?), ..self })
    }

    /// Where webhooks go and where a browser goes; none of them is ever fetched from here.
    ///
    /// # Errors
    /// [`OrderError::Url`].
    pub fn leading_to(
        self,
        callback: Option<&str>,
        success: Option<&str>,
        cancel: Option<&str>,
    ) -> Result<Self, OrderError> {
        Ok(Self {
            callback_url: url("callbackUrl", callback)?,
            success_url: url("successUrl", success)?,
            cancel_url: url("cancelUrl", cancel)?,
            ..self
        })
    }

    /// Overrides where the payout goes, for merchants whose payout method is "dynamic".
    #[must_use]
    pub fn paid_out_to(self, address: Option<Opaque>, currency: Option<Opaque>) -> Self {
        Self { payout_address: address, payout_currency: currency, ..self }
    }

    pub(super) fn partner_id(&self) -> Option<&Opaque> {
        self.partner_id.as_ref()
    }

    pub(super) fn payin_currency(&self) -> Option<&Opaque> {
        self.payin_currency.as_ref()
    }
}

fn url(name: &'static str, text: Option<&str>) -> Result<Option<String>, OrderError> {
    let Some(text) = text else { return Ok(None) };
    let is_web = |url: &reqwest::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let url = reqwest::Url::parse(text).ok().filter(is_web);
    match url.filter(|_| text.len() <= limits::URL_BYTES) {
        Some(url) => Ok(Some(url.into())),
        None => Err(OrderError::Url { name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Result<Price, OrderError> {
        Price::new(text.parse().unwrap())
    }

    #[test]
    fn a_price_is_a_plain_number() {
        for (text, literal) in [
            ("10.0", "10"),
            ("1e-3", "0.001"),
            ("0.000000123456789012345", "0.000000123456789012345"),
        ] {
            let order = NewOrder::new(&price(text).unwrap()).unwrap();
            assert_eq!(
                serde_json::to_string(&order).unwrap(),
                format!("{{\"priceAmount\":{literal}}}")
            );
        }
        let of = |digits: usize| price(&"7".repeat(digits));
        assert!(of(limits::NUMBER_DIGITS).is_ok());
        assert_eq!(of(limits::NUMBER_DIGITS + 1), Err(OrderError::Price));
        assert_eq!(price("0"), Err(OrderError::Price));
        assert_eq!(price("0.30000000000000004"), Err(OrderError::Price));
    }

    #[test]
    fn ids_and_urls_are_plain() {
        let order = || NewOrder::new(&price("1").unwrap()).unwrap();
        assert!(order().known_as(&"x".repeat(limits::ID_BYTES)).is_ok());
        for bad in ["", "a b", "a/b", "é", &"x".repeat(limits::ID_BYTES + 1)] {
            assert_eq!(order().known_as(bad).unwrap_err(), OrderError::PartnerId, "{bad}");
        }
        assert!(
            order().leading_to(Some("http://127.0.0.1:1/x?y"), Some("https://a.nl"), None).is_ok()
        );
        for bad in ["", "a.nl", "ftp://a.nl", "javascript:alert(1)", "https://"] {
            let refused = order().leading_to(None, Some(bad), None).unwrap_err();
            assert_eq!(refused, OrderError::Url { name: "successUrl" }, "{bad}");
        }
    }
}
