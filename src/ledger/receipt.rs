//! What the wallet says about one payment that has ended, signed, so that it can be shown to somebody else.
//!
//! A receipt names the payment's events by hash and the head they stand under, so that it can be held against the
//! ledger later; alone it is the word of the ledger's key. It must never carry the events themselves: those beside it
//! belong to other payments.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{EventSignature, Head, KeyId, TrustedKey};
use crate::digest::Digest;

/// A receipt, as JSON with exactly these fields.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// How much, in the currency's smallest unit.
    pub amount: String,
    /// Currency code.
    pub currency: String,
    /// The payment's events, oldest first.
    pub events: Vec<ReceiptEvent>,
    /// Which key signed.
    pub key_id: KeyId,
    /// The ledger's head when it was signed.
    pub ledger_head: ReceiptHead,
    /// The wallet's network.
    pub network: String,
    /// Where to.
    pub payee: String,
    /// The payment.
    pub payment_id: String,
    /// By which rail.
    pub rail: String,
    /// Stable code of how it ended.
    pub reason_code: String,
    /// The rail's reference, for a payment that was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it was settled, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<String>,
    /// Ed25519 over [`Receipt::hash`]; missing only before it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<EventSignature>,
    /// How it ended: settled, denied or failed.
    pub status: String,
    /// The wallet.
    pub wallet_id: String,
}

/// One event of the payment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptEvent {
    /// Its hash.
    pub hash: Digest,
    /// Its place.
    pub seq: u64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
}

/// [`Head`], strict.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptHead {
    /// Its hash.
    pub hash: Digest,
    /// Its seq.
    pub seq: u64,
}

impl From<Head> for ReceiptHead {
    fn from(head: Head) -> Self {
        Self { hash: head.hash, seq: head.seq }
    }
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not signed.
    #[error("the receipt is not signed")]
    Unsigned,
    /// Another key than the trusted one signed.
    #[error("signed by the key {found}, not by {trusted}")]
    OtherKey {
        /// Which key it says.
        found: KeyId,
        /// Which key is trusted.
        trusted: KeyId,
    },
    /// The signature is not this key's over these words.
    #[error("signature invalid")]
    Forged,
}

impl Receipt {
    /// `SHA-256(domain | RFC 8785 canonical JSON without signature)`.
    ///
    /// # Panics
    /// Never: a receipt is text and small integers.
    pub fn hash(&self) -> Digest {
        let unsigned = Self { signature: None, ..self.clone() };
        let bytes =
            serde_json_canonicalizer::to_vec(&unsigned).expect("text and integers are canonical");
        Digest(Sha256::new_with_prefix(DOMAIN).chain_update(bytes).finalize().into())
    }

    /// Whether this key signed exactly this.
    ///
    /// # Errors
    /// When it did not.
    pub fn check(&self, key: &TrustedKey) -> Result<(), ReceiptError> {
        let signature = self.signature.as_ref().ok_or(ReceiptError::Unsigned)?;
        if self.key_id != *key.id() {
            let (found, trusted) = (self.key_id.clone(), key.id().clone());
            return Err(ReceiptError::OtherKey { found, trusted });
        }
        key.signed(&self.hash().0, signature).then_some(()).ok_or(ReceiptError::Forged)
    }
}

/// Keeps these hashes apart from those of events.
const DOMAIN: &[u8] = b"paywarden-receipt-v1\n";

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn signed() -> (TrustedKey, Receipt) {
        let key = SigningKey::from_bytes(&[6; 32]);
        let trusted = TrustedKey::new(key.verifying_key());
        let event = ReceiptEvent { hash: Digest::of(b"e"), seq: 7, kind: "payment.settled".into() };
        let mut receipt = Receipt {
            amount: "1250000000000000000000000000000".to_owned(),
            currency: "XNO".to_owned(),
            events: vec![event],
            key_id: trusted.id().clone(),
            ledger_head: Head { seq: 9, hash: Digest::of(b"h") }.into(),
            network: "sandbox".to_owned(),
            payee: "nano_1\"é".to_owned(),
            payment_id: "3f2a6e1c-8f0e-4c57-9f3e-0a3e5f0c9a11".to_owned(),
            rail: "nano".to_owned(),
            reason_code: "ALLOWED".to_owned(),
            reference: Some("AB".repeat(32)),
            settled_at: Some("2026-11-21T04:00:00.123Z".to_owned()),
            signature: None,
            status: "settled".to_owned(),
            wallet_id: "w".to_owned(),
        };
        receipt.signature = Some(EventSignature(key.sign(&receipt.hash().0).to_bytes()));
        (trusted, receipt)
    }

    #[test]
    fn a_receipt_survives_pretty_printing() {
        let (key, receipt) = signed();
        let text = serde_json::to_string_pretty(&receipt).unwrap();
        let read: Receipt = serde_json::from_str(&text).unwrap();
        assert_eq!(read.check(&key), Ok(()));
        let other = TrustedKey::new(SigningKey::from_bytes(&[7; 32]).verifying_key());
        assert!(matches!(read.check(&other), Err(ReceiptError::OtherKey { .. })));
        let unsigned = Receipt { signature: None, ..read };
        assert_eq!(unsigned.check(&key), Err(ReceiptError::Unsigned));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (key, receipt) = signed();
        let line = serde_json_canonicalizer::to_vec(&receipt).unwrap();
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.clone();
                changed[at] ^= 1 << bit;
                let read = serde_json::from_slice::<Receipt>(&changed);
                let holds = read.is_ok_and(|read| read.check(&key).is_ok());
                assert!(!holds, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn fields_beside_the_signed_ones_are_refused() {
        let (_, receipt) = signed();
        let text = serde_json::to_string(&receipt).unwrap();
        for (from, to) in [
            ("{\"amount\"", "{\"note\":1,\"amount\""),
            ("{\"amount\"", "{\"amount\":\"9\",\"amount\""),
            ("\"seq\":9", "\"seq\":9,\"more\":1"),
            ("\"seq\":7", "\"seq\":7,\"seq\":7"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text);
            assert!(serde_json::from_str::<Receipt>(&changed).is_err(), "{changed}");
        }
    }
}
