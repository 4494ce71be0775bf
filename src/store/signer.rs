//! The ledger's own signing key. It signs heads, never money.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::ledger::{EventSignature, KeyId, TrustedKey, proof_message};

/// Signs the last event of each commit.
pub struct LedgerSigner {
    key: SigningKey,
    id: KeyId,
}

/// The text is no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an Ed25519 key in PEM: {0}")]
pub struct SignerError(String);

impl LedgerSigner {
    /// A key from 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(bytes);
        let id = TrustedKey::new(key.verifying_key()).id().clone();
        Self { key, id }
    }

    /// Reads PKCS#8 PEM.
    ///
    /// # Errors
    /// When the text is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, SignerError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|e| SignerError(e.to_string()))?;
        Ok(Self::from_bytes(&key.to_bytes()))
    }

    /// PKCS#8 PEM, for the owner's file.
    ///
    /// # Panics
    /// Never: an Ed25519 key always has a PKCS#8 form.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.key.to_pkcs8_pem(LineEnding::LF).expect("an Ed25519 key has a PKCS#8 form")
    }

    /// SPKI PEM of the public key, for anyone.
    pub fn public_pem(&self) -> String {
        self.trusted().to_pem()
    }

    /// The id events carry.
    pub fn key_id(&self) -> &KeyId {
        &self.id
    }

    pub(super) fn sign(&self, hash: &Digest) -> EventSignature {
        EventSignature(self.key.sign(&hash.0).to_bytes())
    }

    /// Vouches for the chain up to the event with this hash, which this key takes over.
    pub(super) fn prove(&self, previous: &Digest) -> EventSignature {
        EventSignature(self.key.sign(&proof_message(previous, &self.trusted())).to_bytes())
    }

    /// The public half, as a verifier wants it.
    pub fn trusted(&self) -> TrustedKey {
        TrustedKey::new(self.key.verifying_key())
    }
}

impl std::fmt::Debug for LedgerSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LedgerSigner").field(&self.id).finish()
    }
}
