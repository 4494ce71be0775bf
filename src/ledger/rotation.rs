//! The event that hands the ledger from one signing key to the next.

use serde::{Deserialize, Serialize};

use super::{EventSignature, KeyId, TrustedKey};
use crate::digest::Digest;

/// Type of the event. It is signed by the old key, and from the next event on only the new one counts.
pub const KEY_ROTATED: &str = "key.rotated";

/// Data of [`KEY_ROTATED`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// The new public key's id.
    pub key_id: KeyId,
    /// The new public key, SPKI PEM.
    pub ledger_key: String,
    /// The new key's signature over [`proof_message`].
    pub proof: EventSignature,
}

impl Rotation {
    /// The new key, if the data is sound: the id is the key's, and the key vouches for the chain it takes over.
    ///
    /// # Errors
    /// In words, what is wrong.
    pub fn check(data: &str, previous: &Digest) -> Result<TrustedKey, String> {
        let rotation: Self = serde_json::from_str(data)
            .map_err(|error| format!("the key's rotation cannot be read: {error}"))?;
        let key = TrustedKey::from_pem(&rotation.ledger_key).map_err(|error| error.to_string())?;
        if *key.id() != rotation.key_id {
            return Err("the new key has another id than the event says".to_owned());
        }
        if !key.signed(&proof_message(previous, &key), &rotation.proof) {
            return Err("the new key does not vouch for the chain before it".to_owned());
        }
        Ok(key)
    }
}

/// What the new key signs: `domain | hash of the event before | its own 32 bytes`. So whoever trusts the new key alone
/// trusts the chain up to its first use.
pub fn proof_message(previous: &Digest, key: &TrustedKey) -> Vec<u8> {
    [DOMAIN, &previous.0, key.as_bytes()].concat()
}

/// Keeps these signatures apart from those over hashes.
const DOMAIN: &[u8] = b"paywarden-ledger-key-v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_key_signs_the_chain_before_it_and_itself() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let key = TrustedKey::new(key.verifying_key());
        let previous = Digest::of(b"before");
        let expected = [b"paywarden-ledger-key-v1\n", &previous.0[..], key.as_bytes()].concat();
        assert_eq!(proof_message(&previous, &key), expected);
    }
}
