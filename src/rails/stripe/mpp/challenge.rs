//! What a seller asks for.
//!
//! This module must never read an amount that is not a plain decimal integer, nor a challenge whose time is over.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::schemes::schemes;
use crate::clock::Millis;
use crate::limits;
use crate::money::{Currency, Money};
use crate::rails::stripe::Profile;

/// A charge a seller asks for with `method="stripe"`. Claims, all of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// As it came, to be sent back word for word.
    pub params: BTreeMap<String, String>,
    /// What is asked.
    pub charge: Charge,
    /// Until when it can be answered, if the seller says.
    pub expires_at: Option<Millis>,
    /// The seller's own name for the purchase, which the answer must repeat.
    pub external_id: Option<String>,
    /// In which header the answer goes.
    pub answered_in: CredentialHeader,
}

/// The headers a credential may go in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CredentialHeader {
    /// What HTTP has for it.
    #[default]
    Authorization,
    /// For sellers that need `Authorization` for something else.
    PaymentAuthorization,
}

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Charge {
    /// How much.
    pub amount: Money,
    /// Who says it would be paid.
    pub profile: Profile,
}

/// Why a challenge is not answered.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChallengeError {
    /// No challenge for a Stripe charge.
    #[error("the answer holds no payment challenge with method stripe and intent charge")]
    None,
    /// Malformed.
    #[error("the payment challenge cannot be read: {0}")]
    Malformed(&'static str),
    /// Too late.
    #[error("the payment challenge has expired")]
    Expired,
    /// The answer is wanted where no credential belongs.
    #[error("the seller wants the payment in a header that is not for payments")]
    Header,
    /// A card is not among the ways to pay.
    #[error("the seller takes no cards")]
    NoCard,
}

impl Challenge {
    /// The first Stripe charge among the values of `WWW-Authenticate`.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub fn read<'a>(
        headers: impl IntoIterator<Item = &'a str>,
        now: Millis,
    ) -> Result<Self, ChallengeError> {
        let mut malformed = false;
        for header in headers {
            let Some(found) = schemes(header) else {
                malformed = true;
                continue;
            };
            let is_charge = |params: &BTreeMap<String, String>| {
                let is = |name: &str, value: &str| params.get(name).is_some_and(|v| v == value);
                is("method", "stripe") && is("intent", "charge")
            };
            let found = found.into_iter().find(|s| s.name == "payment" && is_charge(&s.params));
            if let Some(scheme) = found {
                return Self::of(scheme.params, now);
            }
        }
        Err(if malformed { ChallengeError::Malformed("the header") } else { ChallengeError::None })
    }

    /// The challenge word for word, to be kept with its payment.
    ///
    /// # Panics
    /// Never: all of it is text.
    pub fn to_stored(&self) -> String {
        serde_json::to_string(&self.params).expect("text is plain JSON")
    }

    /// One that was kept, whether or not its time is over; `None` if it is none.
    pub fn stored(text: &str) -> Option<Self> {
        let params = serde_json::from_str(text).ok()?;
        Self::of(params, Millis(0)).ok()
    }

    fn of(params: BTreeMap<String, String>, now: Millis) -> Result<Self, ChallengeError> {
        for name in ["id", "realm", "request"] {
            if params.get(name).is_none_or(String::is_empty) {
                return Err(ChallengeError::Malformed("id, realm or request is missing"));
            }
        }
        let expires_at = params.get("expires").map(|text| time(text)).transpose()?;
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(ChallengeError::Expired);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(params["request"].trim_end_matches('='))
            .map_err(|_| ChallengeError::Malformed("its request is not base64url"))?;
        let wire: RequestWire = serde_json::from_slice(&bytes)
            .map_err(|_| ChallengeError::Malformed("its request is no charge"))?;
        if !wire.method_details.payment_method_types.iter().any(|kind| kind == "card") {
            return Err(ChallengeError::NoCard);
        }
        let answered_in = CredentialHeader::of(params.get("header").map(String::as_str))?;
        let charge = Charge { amount: wire.money()?, profile: wire.method_details.network_id };
        Ok(Self { params, charge, expires_at, external_id: wire.external_id, answered_in })
    }
}

impl CredentialHeader {
    /// Its name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::PaymentAuthorization => "payment-authorization",
        }
    }

    /// The one a seller names, if it names one. It must never be one that means something else, such as `Host`.
    fn of(name: Option<&str>) -> Result<Self, ChallengeError> {
        let Some(name) = name else { return Ok(Self::default()) };
        let all = [Self::Authorization, Self::PaymentAuthorization];
        let found = all.into_iter().find(|header| name.eq_ignore_ascii_case(header.as_str()));
        found.ok_or(ChallengeError::Header)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestWire {
    amount: String,
    currency: String,
    external_id: Option<String>,
    method_details: MethodDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodDetails {
    network_id: Profile,
    #[serde(default)]
    payment_method_types: Vec<String>,
}

impl RequestWire {
    fn money(&self) -> Result<Money, ChallengeError> {
        let is_plain = (1..=AMOUNT_DIGITS).contains(&self.amount.len())
            && self.amount.bytes().all(|byte| byte.is_ascii_digit())
            && !self.amount.starts_with('0');
        let amount = self.amount.parse().ok().filter(|_| is_plain);
        let amount =
            amount.ok_or(ChallengeError::Malformed("its amount is no positive integer"))?;
        let currency: Currency =
            self.currency.parse().map_err(|_| ChallengeError::Malformed("its currency"))?;
        match currency.decimals() {
            Some(_) => Ok(Money { amount, currency }),
            None => Err(ChallengeError::Malformed("its currency is not known here")),
        }
    }
}

fn time(text: &str) -> Result<Millis, ChallengeError> {
    let fits = text.len() <= limits::ACP_CODE_BYTES;
    let time = text.parse().ok().filter(|_| fits);
    time.ok_or(ChallengeError::Malformed("its expiry is no time"))
}

const AMOUNT_DIGITS: usize = 38;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(request: &str, rest: &str) -> String {
        let request = URL_SAFE_NO_PAD.encode(request);
        format!(
            r#"Payment id="c1", realm="shop", method="stripe", intent="charge", request="{request}"{rest}"#
        )
    }

    fn request(amount: &str, currency: &str) -> String {
        format!(
            r#"{{"amount":"{amount}","currency":"{currency}","methodDetails":{{"networkId":"profile_1","paymentMethodTypes":["card","link"]}}}}"#
        )
    }

    fn read(header: &str) -> Result<Challenge, ChallengeError> {
        Challenge::read([header], Millis(1_000))
    }

    #[test]
    fn a_charge_is_found_among_others() {
        let ours = header(&request("50", "usd"), r#", expires="2026-11-21T00:00:00Z""#);
        let other = r#"Payment id="x", method="tempo", intent="charge", request="e30""#;
        for headers in [vec![ours.as_str()], vec!["Bearer", other, &ours]] {
            let found = Challenge::read(headers, Millis(1_000)).unwrap();
            assert_eq!(found.charge.amount.to_string(), "0.5 USD");
            assert_eq!(found.charge.profile.as_str(), "profile_1");
            assert_eq!(found.params["id"], "c1");
        }
        let found = read(&format!("Basic realm=x, {ours}")).unwrap();
        assert_eq!(Challenge::stored(&found.to_stored()), Some(found));
        assert_eq!(Challenge::stored("{}"), None);
        assert_eq!(read("Bearer"), Err(ChallengeError::None));
        assert_eq!(read(other), Err(ChallengeError::None));
        assert_eq!(Challenge::read([], Millis(0)), Err(ChallengeError::None));
        let late = Challenge::read([ours.as_str()], Millis(1_795_219_200_000));
        assert_eq!(late, Err(ChallengeError::Expired));
    }

    #[test]
    fn tricks_with_amounts_are_refused() {
        let huge = "9".repeat(39);
        for amount in ["0", "-1", "+1", "1e3", "0x5", " 5", "5.0", "05", "", &huge] {
            assert!(read(&header(&request(amount, "usd"), "")).is_err(), "{amount}");
        }
        assert!(read(&header(&request(&"9".repeat(38), "usd"), "")).is_ok());
        for currency in ["", "ABCD", "$"] {
            assert!(read(&header(&request("5", currency), "")).is_err(), "{currency}");
        }
        for bad in ["", "{}", "[]", r#"{"amount":50,"currency":"usd"}"#] {
            assert!(read(&header(bad, "")).is_err(), "{bad}");
        }
        let no_card = r#"{"amount":"5","currency":"usd","methodDetails":{"networkId":"profile_1","paymentMethodTypes":["link"]}}"#;
        assert_eq!(read(&header(no_card, "")), Err(ChallengeError::NoCard));
        assert!(read(&header(&request("5", "usd"), r#", expires="soon""#)).is_err());
        for name in ["Host", "cookie", "x-paid", "", "payment-authorization "] {
            let wanted = read(&header(&request("5", "usd"), &format!(r#", header="{name}""#)));
            assert_eq!(wanted, Err(ChallengeError::Header), "{name}");
        }
        let asked = header(&request("5", "usd"), r#", header="Payment-Authorization""#);
        assert_eq!(read(&asked).unwrap().answered_in, CredentialHeader::PaymentAuthorization);
        assert!(read(&header(&request("5", "usd"), r#", id="c2""#)).is_err());
    }
}
