//! One key per intended payment: the same key and request give the same payment, for ever.

use serde::{Deserialize, Serialize};

use super::Purchase;
use crate::digest::Digest;
use crate::limits;
use crate::policy::Request;

/// A caller's key for one intended payment: 1 to `limits::IDEMPOTENCY_KEY_BYTES` printable ASCII characters.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

/// The text is no idempotency key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an idempotency key is 1 to {max} printable ASCII characters", max = limits::IDEMPOTENCY_KEY_BYTES)]
pub struct KeyError;

impl IdempotencyKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let fits = (1..=limits::IDEMPOTENCY_KEY_BYTES).contains(&text.len());
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if fits && printable { Ok(Self(text)) } else { Err(KeyError) }
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

/// What must be equal for two requests to be the same.
#[derive(Debug, Serialize)]
pub struct Fingerprinted<'a> {
    /// The operation asked for.
    pub operation: &'a str,
    /// The request, without its id.
    pub request: &'a Request,
    /// What was to be written beside it.
    pub memo: Option<&'a str>,
    /// The account it was to come from; empty where it comes from none.
    pub account: &'a str,
    /// What is bought. Left out where nothing is, as it was before there were purchases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase: Option<&'a Purchase>,
}

impl Fingerprinted<'_> {
    /// The digest kept with the key. The payment id is left out: it is new at every call.
    ///
    /// # Panics
    /// Never: all parts are text.
    pub fn digest(&self) -> Digest {
        let mut value = serde_json::to_value(self).expect("a request is plain JSON");
        if let Some(request) = value["request"].as_object_mut() {
            request.remove("paymentId");
        }
        Digest::of_json(&value).expect("a request has a canonical form")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::PaymentId;
    use crate::money::{Money, Raw};
    use crate::payment::{Checkout, HttpCall};
    use crate::policy::{Claims, Payee, Rail};

    #[test]
    fn keys_are_bounded_and_printable() {
        let key = |text: &str| IdempotencyKey::try_from(text.to_owned());
        assert!(key(&"k".repeat(limits::IDEMPOTENCY_KEY_BYTES)).is_ok());
        assert!(key(&"k".repeat(limits::IDEMPOTENCY_KEY_BYTES + 1)).is_err());
        for bad in ["", "a\nb", "ключ", "a\u{7f}"] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<IdempotencyKey>("\"\"").is_err());
    }

    #[test]
    fn a_key_is_kept_as_it_was_given() {
        let key = IdempotencyKey::try_from("order 7!".to_owned()).unwrap();
        assert_eq!(key.as_str(), "order 7!");
        assert_eq!(serde_json::to_string(&key).unwrap(), r#""order 7!""#);
        assert_eq!(serde_json::from_str::<IdempotencyKey>(r#""order 7!""#).unwrap(), key);
    }

    fn request() -> Request {
        Request {
            payment_id: PaymentId(Uuid::from_u128(1)),
            agent_id: None,
            rail: Rail::Nano,
            amount: Money::xno(Raw::new(5)),
            payee: Payee { address: "nano_x".to_owned(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        }
    }

    #[test]
    fn only_a_new_payment_id_leaves_a_request_the_same() {
        let asked = request();
        let fingerprint = |request, memo, account, purchase| {
            let operation = "pay";
            Fingerprinted { operation, request, memo, account, purchase }.digest()
        };
        let first = fingerprint(&asked, None, "nano_a", None);
        let again = Request { payment_id: PaymentId(Uuid::from_u128(2)), ..request() };
        assert_eq!(fingerprint(&again, None, "nano_a", None), first);

        let more = Request { amount: Money::xno(Raw::new(6)), ..request() };
        let payee = Payee { address: "nano_y".to_owned(), label: None };
        let elsewhere = Request { payee, ..request() };
        let [page, session] = purchases();
        let operation = "purchase";
        let bought = Fingerprinted {
            operation,
            request: &asked,
            memo: None,
            account: "nano_a",
            purchase: None,
        };
        let all = [
            first,
            fingerprint(&more, None, "nano_a", None),
            fingerprint(&elsewhere, None, "nano_a", None),
            fingerprint(&asked, Some(""), "nano_a", None),
            fingerprint(&asked, Some("rent"), "nano_a", None),
            fingerprint(&asked, None, "nano_b", None),
            fingerprint(&asked, None, "nano_a", Some(&page)),
            fingerprint(&asked, None, "nano_a", Some(&session)),
            bought.digest(),
        ];
        let distinct: std::collections::BTreeSet<Digest> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    fn purchases() -> [Purchase; 2] {
        let (method, url) = ("GET".to_owned(), "https://a.example/x".to_owned());
        let (merchant_id, session_id) = ("shop".to_owned(), "s1".to_owned());
        let asked_digest = Digest::GENESIS;
        [
            Purchase::X402(HttpCall { method, url, headers: Default::default(), body: None }),
            Purchase::Checkout(Checkout { merchant_id, session_id, asked_digest }),
        ]
    }
}
