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
