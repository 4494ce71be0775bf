//! Public keys of a ledger, and which of them is in force.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

use super::{EventSignature, KeyId};
use crate::digest::Digest;

/// A public key whose signatures are believed.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    id: KeyId,
    key: VerifyingKey,
}

/// The text is no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an Ed25519 public key in PEM: {0}")]
pub struct KeyError(String);

impl TrustedKey {
    /// Derives the id from the key.
    ///
    /// # Panics
    /// Never: an Ed25519 key always has an SPKI form.
    pub fn new(key: VerifyingKey) -> Self {
        let der = key.to_public_key_der().expect("an Ed25519 key has an SPKI form");
        let id = Digest::of(der.as_bytes()).to_string()[..16].to_owned();
        Self { id: KeyId(id), key }
    }

    /// Reads SPKI PEM.
    ///
    /// # Errors
    /// When the text is no such key, or one of the few that verify more than one signature of anything.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|e| KeyError(e.to_string()))?;
        if key.is_weak() {
            return Err(KeyError("a key of small order proves nothing".to_owned()));
        }
        Ok(Self::new(key))
    }

    /// SPKI PEM, for anyone.
    ///
    /// # Panics
    /// Never: an Ed25519 key always has an SPKI form.
    pub fn to_pem(&self) -> String {
        self.key.to_public_key_pem(LineEnding::LF).expect("an Ed25519 key has an SPKI form")
    }

    /// Its id as events carry it.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether it signed these bytes.
    pub fn signed(&self, message: &[u8], signature: &EventSignature) -> bool {
        self.key.verify(message, &Signature::from_bytes(&signature.0)).is_ok()
    }
}

/// The same key, whatever id somebody wrote beside it: an id is short enough to be met on purpose.
impl PartialEq for TrustedKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for TrustedKey {}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn signing(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn public(byte: u8) -> TrustedKey {
        TrustedKey::new(signing(byte).verifying_key())
    }

    /// As `docs/ledger-format.md` tells any verifier to compute it.
    #[test]
    fn an_id_is_the_start_of_the_hash_of_the_spki_form() {
        let key = public(1);
        assert_eq!(*key.as_bytes(), signing(1).verifying_key().to_bytes());
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = [&prefix[..], key.as_bytes()].concat();
        assert_eq!(key.id().0, Digest::of(&der).to_string()[..16]);
        assert_eq!(key.id().to_string(), key.id().0);
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let pem = public(1).to_pem();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
        let read = TrustedKey::from_pem(&pem).unwrap();
        assert_eq!((read.id(), read.as_bytes()), (public(1).id(), public(1).as_bytes()));
        assert!(read == public(1) && read != public(2));
        for bad in ["", "key", &pem[..pem.len() / 2], &pem.replace("PUBLIC", "PRIVATE")] {
            assert!(TrustedKey::from_pem(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_of_small_order_is_none() {
        for weak in curve25519_dalek::constants::EIGHT_TORSION {
            let key = VerifyingKey::from_bytes(&weak.compress().to_bytes()).unwrap();
            let error = TrustedKey::from_pem(&TrustedKey::new(key).to_pem()).unwrap_err();
            assert!(error.to_string().contains("small order"), "{error}");
        }
    }

    #[test]
    fn a_signature_is_good_for_its_key_and_its_bytes_alone() {
        let signature = EventSignature(signing(1).sign(b"a").to_bytes());
        assert!(public(1).signed(b"a", &signature));
        assert!(!public(1).signed(b"b", &signature) && !public(2).signed(b"a", &signature));
    }
}
