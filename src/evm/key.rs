//! The one key that signs EIP-3009 authorisations.
//!
//! It is wiped when dropped, and never cloned, compared, serialised or shown. This module must never make randomness
//! of its own: signatures are those of RFC 6979, the same for the same digest.

use std::fmt;

use k256::ecdsa::SigningKey;

use super::{EvmAddress, EvmSignature, keccak};

/// A secp256k1 key.
pub struct EvmKey {
    key: SigningKey,
    address: EvmAddress,
}

impl EvmKey {
    /// The key of these bytes; `None` for zero and for what is not below the order of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(bytes).ok()?;
        let address = address_of(key.verifying_key());
        Some(Self { key, address })
    }

    /// The address it signs for.
    pub fn address(&self) -> EvmAddress {
        self.address
    }

    /// Signs a digest; `None` if the signature does not verify, which is a fault of the machine. A bit flip while
    /// signing can give the key away, so such a signature must not leave.
    pub fn sign(&self, digest: &[u8; 32]) -> Option<EvmSignature> {
        let (signature, recovery) = self.key.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = V_EVEN + u8::from(recovery.is_y_odd());
        let signature = EvmSignature::from_bytes(bytes);
        (signature.signer(digest) == Some(self.address)).then_some(signature)
    }
}

impl fmt::Debug for EvmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvmKey(secret of {})", self.address)
    }
}

/// The last 20 bytes of the hash of the public point.
pub(super) fn address_of(key: &k256::ecdsa::VerifyingKey) -> EvmAddress {
    let point = key.to_sec1_point(false);
    let hash = keccak(&[&point.as_bytes()[1..]]);
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&hash[12..]);
    EvmAddress::from_bytes(bytes)
}

/// What the last byte of a signature is where the point's y is even.
pub(super) const V_EVEN: u8 = 27;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scalars_of_the_curve_are_keys() {
        let mut order = [0xFF; 32];
        order[15] = 0xFE;
        order[16..].copy_from_slice(&0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141_u128.to_be_bytes());
        assert!(EvmKey::from_bytes(&[0; 32]).is_none());
        assert!(EvmKey::from_bytes(&order).is_none());
        order[31] -= 1;
        assert!(EvmKey::from_bytes(&order).is_some());
    }

    /// The first account of every development chain.
    #[test]
    fn the_address_is_that_of_the_public_key() {
        let mut bytes = [0; 32];
        let text = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        }
        let key = EvmKey::from_bytes(&bytes).unwrap();
        let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(key.address().to_string(), address);
        let shown = format!("{key:?}").to_lowercase();
        assert!(shown.contains("secret of") && !shown.contains("ac0974"), "{shown}");
    }

    #[test]
    fn signing_twice_gives_the_same_bytes() {
        let key = EvmKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(key.sign(&[1; 32]), key.sign(&[1; 32]));
        assert_ne!(key.sign(&[1; 32]), key.sign(&[2; 32]));
    }
}
