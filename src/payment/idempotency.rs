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
    use super::*;

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
}
