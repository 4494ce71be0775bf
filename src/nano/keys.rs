//! Seeds and private keys (protocol notes §3 and §5).
//!
//! Secrets here are wiped when dropped, are never cloned, compared, serialised or shown, and come from bytes the
//! caller drew: this module must never make randomness of its own.

use std::fmt;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use zeroize::Zeroizing;

use super::hex::{self, HexError};
use super::{Account, BlockHash, Signature};

/// The 32 bytes a classic Nano wallet derives all its keys from.
pub struct Seed(Zeroizing<[u8; 32]>);

/// The key of one account.
///
/// The public key is always derived from the private one: signing with a public key given from outside would leak
/// the private key.
pub struct PrivateKey {
    bytes: Zeroizing<[u8; 32]>,
    expanded: ExpandedSecretKey,
    verifying: VerifyingKey,
}

impl Seed {
    /// The seed of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 64 hexadecimal digits; the error does not repeat them.
    pub fn from_hex(text: &str) -> Result<Self, HexError> {
        hex::decode(text).map(Self::from_bytes)
    }

    /// The key of account `index`: BLAKE2b-256 of the seed and the index, big endian.
    pub fn derive(&self, index: u32) -> PrivateKey {
        let digest = Blake2b::<U32>::new().chain_update(*self.0).chain_update(index.to_be_bytes());
        PrivateKey::from_bytes(digest.finalize().into())
    }

    /// The bytes themselves, for the keystore to encrypt and the owner to write down.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

impl PrivateKey {
    /// The key of these bytes; any 32 bytes are a key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let hash = Zeroizing::new(<[u8; 64]>::from(Blake2b512::digest(*bytes)));
        let expanded = ExpandedSecretKey::from_bytes(&hash);
        let verifying = VerifyingKey::from(&expanded);
        Self { bytes, expanded, verifying }
    }

    /// The account the key signs for.
    pub fn account(&self) -> Account {
        Account::from_bytes(self.verifying.to_bytes())
    }

    /// Signs a block hash, always with the same result.
    pub fn sign(&self, hash: &BlockHash) -> Signature {
        let signature = raw_sign::<Blake2b512>(&self.expanded, hash.as_bytes(), &self.verifying);
        Signature::from_bytes(signature.to_bytes())
    }

    /// The bytes themselves, for the keystore to encrypt.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(secret of {})", self.account())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let seed = Seed::from_bytes([0xAB; 32]);
        let key = seed.derive(0);
        let secret: String = key.expose().iter().map(|byte| format!("{byte:02X}")).collect();
        let shown = format!("{seed:?} {key:?}").to_uppercase();
        assert!(!shown.contains("ABABAB") && !shown.contains(&secret[..8]), "{shown}");
    }

    #[test]
    fn seeds_are_read_from_hexadecimal_text_of_any_case() {
        let text = "ab".repeat(32);
        let upper = Seed::from_hex(&text.to_uppercase()).unwrap();
        assert_eq!(Seed::from_hex(&text).unwrap().expose(), upper.expose());
        assert!(Seed::from_hex(&text[1..]).is_err());
    }

    /// The first account of the zero seed, as every Nano wallet has it (`tests/vectors/nano.json` has more).
    #[test]
    fn keys_are_those_that_other_wallets_derive() {
        let seed = Seed::from_bytes([0; 32]);
        for (index, private, address) in [
            (
                0,
                "9F0E444C69F77A49BD0BE89DB92C38FE713E0963165CCA12FAF5712D7657120F",
                "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7",
            ),
            (
                u32::MAX,
                "7FD49E2BC5FB13ADD7CA976B0C83F982EA2D9C73C0586F8870CB833F7D18691D",
                "nano_3nkuxitmwwe8meisf77eiojeegrnd6rpoup5doz1gohmbfjpqgxtscu5nxbc",
            ),
        ] {
            let key = seed.derive(index);
            assert_eq!(*key.expose(), hex::constant(private));
            assert_eq!(key.account().to_string(), address);
            assert_eq!(PrivateKey::from_bytes(*key.expose()).account(), key.account());
            assert_eq!(format!("{key:?}"), format!("PrivateKey(secret of {address})"));
        }
        assert_eq!(format!("{seed:?}"), "Seed(secret)");
        assert_eq!(Seed::from_bytes([5; 32]).expose(), &[5; 32]);
    }
}
