//! Signatures that name their signer.
//!
//! This module must never accept what a token contract refuses: only 27 and 28 as the last byte, and only the lower of
//! the two values of s.

use std::fmt;
use std::str::FromStr;

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::EvmAddress;
use super::hex::{self, EvmHexError};
use super::key::{V_EVEN, address_of};
use crate::text::serde_text;

/// r, s and v, 65 bytes. A signature read from text is *not* verified.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct EvmSignature([u8; 65]);

impl EvmSignature {
    /// The signature of these bytes.
    pub const fn from_bytes(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 65] {
        &self.0
    }

    /// Who signed `digest`; `None` if this is no signature a token contract takes.
    pub fn signer(&self, digest: &[u8; 32]) -> Option<EvmAddress> {
        let odd = self.0[64].checked_sub(V_EVEN).filter(|odd| *odd <= 1)?;
        let signature = Signature::from_slice(&self.0[..64]).ok()?;
        let recovery = RecoveryId::new(odd == 1, false);
        let key = VerifyingKey::recover_from_prehash(digest, &signature, recovery).ok()?;
        // Recovery takes a high s too; verification does not.
        key.verify_prehash(digest, &signature).ok()?;
        Some(address_of(&key))
    }
}

impl FromStr for EvmSignature {
    type Err = EvmHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self)
    }
}

impl fmt::Display for EvmSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for EvmSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

serde_text!(EvmSignature);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::EvmKey;

    /// n - s, the other value of s.
    fn other_s(bytes: &[u8; 65]) -> [u8; 65] {
        let mut order = [0xFF; 32];
        order[15] = 0xFE;
        order[16..].copy_from_slice(&0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141_u128.to_be_bytes());
        let mut out = *bytes;
        let mut borrow = 0_i16;
        for place in (0..32).rev() {
            let digit = i16::from(order[place]) - i16::from(bytes[32 + place]) - borrow;
            borrow = i16::from(digit < 0);
            out[32 + place] = u8::try_from(digit.rem_euclid(256)).unwrap();
        }
        out[64] = 27 + 28 - bytes[64];
        out
    }

    #[test]
    fn a_signature_names_its_signer_and_no_other_form_of_it_does() {
        let key = EvmKey::from_bytes(&[7; 32]).unwrap();
        for byte in 0..16 {
            let digest = [byte; 32];
            let signature = key.sign(&digest).unwrap();
            assert_eq!(signature.signer(&digest), Some(key.address()));
            assert_ne!(signature.signer(&[0xEE; 32]), Some(key.address()));
            assert_eq!(EvmSignature(other_s(signature.as_bytes())).signer(&digest), None);
            for v in [0, 1, 26, 29, 255] {
                let mut bytes = *signature.as_bytes();
                bytes[64] = v;
                assert_eq!(EvmSignature(bytes).signer(&digest), None, "{v}");
            }
        }
        assert_eq!(EvmSignature([0; 65]).signer(&[0; 32]), None);
        let mut zero = [0; 65];
        zero[64] = 27;
        assert_eq!(EvmSignature(zero).signer(&[0; 32]), None);
    }

    #[test]
    fn text_is_read_back() {
        let signature = EvmKey::from_bytes(&[7; 32]).unwrap().sign(&[1; 32]).unwrap();
        let text = signature.to_string();
        assert_eq!(text.len(), 132);
        assert_eq!(text.parse(), Ok(signature));
        assert!(text[..130].parse::<EvmSignature>().is_err());
    }
}
