//! One entry of the chain, with the field names of seeds/004.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::clock::{Millis, NotATime};
use crate::digest::Digest;

/// One ledger event as it is exported, one JSON object a line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Position in the chain, from 1, without gaps.
    pub seq: u64,
    /// RFC 3339, UTC, milliseconds; never earlier than the event before.
    pub at: String,
    /// What happened, such as `payment.settled`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The payment it belongs to.
    #[serde(rename = "paymentId", default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// What is known about it; integers and text only.
    pub data: Map<String, Value>,
    /// See `docs/ledger-format.md`.
    pub hash: Digest,
    /// Ed25519 over the 32 bytes of `hash`; on the last event of each commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<EventSignature>,
    /// Which key signed.
    #[serde(rename = "keyId", default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
}

impl Event {
    /// The bytes that are hashed: RFC 8785 canonical JSON without `hash` and `signature`.
    ///
    /// # Errors
    /// When `data` holds something RFC 8785 cannot express.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, EventError> {
        let hashed = Hashed {
            at: &self.at,
            data: &self.data,
            key_id: self.key_id.as_ref(),
            payment_id: self.payment_id.as_deref(),
            seq: self.seq,
            kind: &self.kind,
        };
        serde_json_canonicalizer::to_vec(&hashed)
            .map_err(|e| EventError::NotCanonical { seq: self.seq, detail: e.to_string() })
    }

    /// When it happened.
    ///
    /// # Errors
    /// When `at` is no time.
    pub fn time(&self) -> Result<Millis, NotATime> {
        self.at.parse()
    }

    /// Puts an event together from what the store keeps: canonical bytes, hash and signature.
    ///
    /// # Errors
    /// When the bytes are not those of an event.
    pub fn from_parts(
        bytes: &[u8],
        hash: Digest,
        signature: Option<EventSignature>,
    ) -> Result<Self, EventError> {
        let parts: Parts = serde_json::from_slice(bytes)
            .map_err(|e| EventError::Unreadable { detail: e.to_string() })?;
        Ok(Self {
            seq: parts.seq,
            at: parts.at,
            kind: parts.kind,
            payment_id: parts.payment_id,
            data: parts.data,
            hash,
            signature,
            key_id: parts.key_id,
        })
    }
}

/// Why an event cannot be written or read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EventError {
    /// `data` cannot be written as canonical JSON.
    #[error("event {seq} cannot be written as canonical JSON: {detail}")]
    NotCanonical {
        /// Which event.
        seq: u64,
        /// What stood in the way.
        detail: String,
    },
    /// The event is larger than `limits::EVENT_BYTES`.
    #[error("event {seq} has {bytes} bytes, more than the limit")]
    TooLarge {
        /// Which event.
        seq: u64,
        /// Its canonical size.
        bytes: usize,
    },
    /// The stored bytes are no event.
    #[error("stored event cannot be read: {detail}")]
    Unreadable {
        /// What stood in the way.
        detail: String,
    },
}

/// An Ed25519 signature, base64 in JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventSignature(pub [u8; 64]);

impl EventSignature {
    /// `R` and `s`, in the words of RFC 8032.
    pub(super) fn halves(&self) -> ([u8; 32], [u8; 32]) {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&self.0[..32]);
        s.copy_from_slice(&self.0[32..]);
        (r, s)
    }
}

impl Serialize for EventSignature {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for EventSignature {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(de::Error::custom)?;
        let bytes = bytes.try_into().map_err(|_| de::Error::custom("a signature has 64 bytes"))?;
        Ok(Self(bytes))
    }
}

/// The first 16 hex digits of SHA-256 over the public key's SPKI DER.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Serialize)]
struct Hashed<'a> {
    at: &'a str,
    data: &'a Map<String, Value>,
    #[serde(rename = "keyId", skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a KeyId>,
    #[serde(rename = "paymentId", skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
    seq: u64,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    at: String,
    data: Map<String, Value>,
    #[serde(rename = "keyId", default)]
    key_id: Option<KeyId>,
    #[serde(rename = "paymentId", default)]
    payment_id: Option<String>,
    seq: u64,
    #[serde(rename = "type")]
    kind: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_base64_of_64_bytes() {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
        let signature = EventSignature(bytes);
        let text = serde_json::to_string(&signature).unwrap();
        assert_eq!(text, format!("\"{}\"", BASE64.encode(bytes)));
        assert_eq!(serde_json::from_str::<EventSignature>(&text).unwrap(), signature);
        let (r, s) = signature.halves();
        assert_eq!((r[0], r[31], s[0], s[31]), (0, 31, 32, 63));
        for bad in [&bytes[..63], &[&bytes[..], &[0]].concat()] {
            let text = format!("\"{}\"", BASE64.encode(bad));
            assert!(serde_json::from_str::<EventSignature>(&text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<EventSignature>("\"=\"").is_err());
    }
}
