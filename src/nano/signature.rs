//! Ed25519 signatures in Nano's variant: BLAKE2b-512 wherever the standard has SHA-512 (protocol notes §3).
//!
//! This module must never accept a signature that somebody can change without the key.

use blake2::Blake2b512;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::raw_verify;

use super::hex::hex_text;
use super::{Account, BlockHash};

/// A signature of a block hash, not verified by itself. Text: 128 hexadecimal digits, upper case out.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// The signature of these bytes, R and S.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// R and S.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

hex_text!(Signature);

/// Whether `account` signed `hash`.
///
/// Stricter than a node: S must be below the group order, and neither the key nor R may be of small order, so that
/// one block has one signature for each nonce and the burn account signs nothing.
pub fn verify(account: &Account, hash: &BlockHash, signature: &Signature) -> bool {
    let strong_point = |bytes| VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak());
    let (r, _) = signature.0.split_first_chunk::<32>().expect("a signature has 64 bytes");
    let (Some(key), Some(_)) = (strong_point(account.as_bytes()), strong_point(r)) else {
        return false;
    };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    raw_verify::<Blake2b512>(&key, hash.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nano::PrivateKey;

    #[test]
    fn a_signature_fits_one_key_and_one_hash() {
        let key = PrivateKey::from_bytes([7; 32]);
        let hash = BlockHash::from_bytes([9; 32]);
        let signature = key.sign(&hash);
        assert!(verify(&key.account(), &hash, &signature));
        let mut text = String::new();
        signature.as_bytes().iter().for_each(|byte| text.push_str(&format!("{byte:02X}")));
        assert_eq!(signature.to_string(), text);
        let other = PrivateKey::from_bytes([8; 32]);
        assert!(!verify(&other.account(), &hash, &signature));
        assert!(!verify(&key.account(), &BlockHash::ZERO, &signature));
        for bit in 0..512 {
            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&key.account(), &hash, &Signature::from_bytes(bytes)), "bit {bit}");
        }
    }

    #[test]
    fn the_burn_account_and_small_orders_sign_nothing() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for account in [Account::BURN, Account::from_bytes(neutral)] {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(account.as_bytes());
            let signature = Signature::from_bytes(bytes);
            assert!(!verify(&account, &BlockHash::ZERO, &signature), "{account}");
        }
    }

    #[test]
    fn bytes_that_are_no_point_verify_nothing() {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        let no_point = Account::from_bytes(bytes);
        assert!(VerifyingKey::from_bytes(&bytes).is_err());
        let signature = PrivateKey::from_bytes([7; 32]).sign(&BlockHash::ZERO);
        assert!(!verify(&no_point, &BlockHash::ZERO, &signature));
    }
}
