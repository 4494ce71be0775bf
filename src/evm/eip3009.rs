//! EIP-3009: a signed permission for anybody to move one amount from the signer to one payee, once, within a time.
//!
//! This module must never take a domain from a seller: the caller has it from a table the owner trusts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hex::{self, EvmHexError};
use super::{EvmAddress, EvmKey, EvmSignature, keccak};
use crate::money::units_text;
use crate::text::serde_text;

/// Which contract on which chain an authorisation is for (EIP-712).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenDomain {
    /// As the contract names itself.
    pub name: String,
    /// The version of its signatures.
    pub version: String,
    /// The chain.
    pub chain_id: u64,
    /// The contract.
    pub contract: EvmAddress,
}

/// What is signed. JSON is the form of x402, whose numbers are decimal texts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authorization {
    /// Who pays: the signer.
    pub from: EvmAddress,
    /// Who is paid.
    pub to: EvmAddress,
    /// Smallest units of the token.
    #[serde(with = "units_text")]
    pub value: u128,
    /// Not before this time, in seconds since 1970; the second itself is too early.
    #[serde(with = "seconds_text")]
    pub valid_after: u64,
    /// Not from this time on, in seconds since 1970.
    #[serde(with = "seconds_text")]
    pub valid_before: u64,
    /// Used once for each signer.
    pub nonce: Nonce,
}

/// 32 random bytes that make an authorisation its own.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Nonce(pub [u8; 32]);

impl TokenDomain {
    /// The EIP-712 domain separator.
    pub fn separator(&self) -> [u8; 32] {
        keccak(&[
            &keccak(&[DOMAIN_TYPE]),
            &keccak(&[self.name.as_bytes()]),
            &keccak(&[self.version.as_bytes()]),
            &word(u128::from(self.chain_id)),
            &address_word(&self.contract),
        ])
    }
}

impl Authorization {
    /// What the signature is over.
    pub fn digest(&self, domain: &TokenDomain) -> [u8; 32] {
        let contents = keccak(&[
            &keccak(&[TRANSFER_TYPE]),
            &address_word(&self.from),
            &address_word(&self.to),
            &word(self.value),
            &word(u128::from(self.valid_after)),
            &word(u128::from(self.valid_before)),
            &self.nonce.0,
        ]);
        keccak(&[&[0x19, 0x01], &domain.separator(), &contents])
    }

    /// Signs it; `None` if it names another payer than the key's, or the machine made a mistake.
    pub fn sign(&self, domain: &TokenDomain, key: &EvmKey) -> Option<EvmSignature> {
        if self.from != key.address() {
            return None;
        }
        key.sign(&self.digest(domain))
    }

    /// Whether the payer signed exactly this.
    pub fn is_signed_by_payer(&self, domain: &TokenDomain, signature: &EvmSignature) -> bool {
        signature.signer(&self.digest(domain)) == Some(self.from)
    }
}

impl FromStr for Nonce {
    type Err = EvmHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

serde_text!(Nonce);

/// Seconds as decimal text.
mod seconds_text {
    use serde::{Deserializer, Serializer, de};

    use crate::money::units_text;

    pub(super) fn serialize<S: Serializer>(seconds: &u64, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(seconds)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        let seconds = units_text::deserialize(d)?;
        u64::try_from(seconds).map_err(|_| de::Error::custom("the time does not fit 64 bits"))
    }
}

/// A number as Solidity lays it out: 32 bytes, big endian.
fn word(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

fn address_word(address: &EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address.as_bytes());
    word
}

const DOMAIN_TYPE: &[u8] =
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const TRANSFER_TYPE: &[u8] = b"TransferWithAuthorization(address from,address to,uint256 value,\
    uint256 validAfter,uint256 validBefore,bytes32 nonce)";

#[cfg(test)]
mod tests {
    use super::*;

    fn vector() -> (EvmKey, TokenDomain, Authorization, serde_json::Value) {
        let text = include_str!("../../tests/vectors/x402/eip3009-vector.json");
        let vector: serde_json::Value = serde_json::from_str(text).unwrap();
        let data = &vector["typedData"];
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let key = hex::decode::<32>(&text(&vector["key"])).unwrap();
        let domain = TokenDomain {
            name: text(&data["domain"]["name"]),
            version: text(&data["domain"]["version"]),
            chain_id: data["domain"]["chainId"].as_u64().unwrap(),
            contract: text(&data["domain"]["verifyingContract"]).parse().unwrap(),
        };
        let authorization = serde_json::from_value(data["message"].clone()).unwrap();
        (EvmKey::from_bytes(&key).unwrap(), domain, authorization, vector)
    }

    /// Made with viem, not with this code.
    #[test]
    fn the_signature_is_the_vectors_byte_for_byte() {
        let (key, domain, authorization, vector) = vector();
        let digest = Nonce(authorization.digest(&domain)).to_string();
        assert_eq!(digest, vector["digest"].as_str().unwrap());
        let signature = authorization.sign(&domain, &key).unwrap();
        assert_eq!(signature.to_string(), vector["signature"].as_str().unwrap());
        assert!(authorization.is_signed_by_payer(&domain, &signature));
        let written = serde_json::to_value(authorization).unwrap();
        assert_eq!(written, vector["typedData"]["message"]);
    }

    #[test]
    fn whatever_is_changed_the_signature_no_longer_fits() {
        let (key, domain, authorization, _) = vector();
        let signature = authorization.sign(&domain, &key).unwrap();
        let other = EvmAddress::from_bytes([9; 20]);
        for changed in [
            Authorization { to: other, ..authorization },
            Authorization { value: authorization.value + 1, ..authorization },
            Authorization { valid_after: 0, ..authorization },
            Authorization { valid_before: u64::MAX, ..authorization },
            Authorization { nonce: Nonce([0; 32]), ..authorization },
        ] {
            assert!(!changed.is_signed_by_payer(&domain, &signature), "{changed:?}");
        }
        for changed in [
            TokenDomain { name: "USD Coin".to_owned(), ..domain.clone() },
            TokenDomain { version: "1".to_owned(), ..domain.clone() },
            TokenDomain { chain_id: 8453, ..domain.clone() },
            TokenDomain { contract: other, ..domain.clone() },
        ] {
            assert!(!authorization.is_signed_by_payer(&changed, &signature), "{changed:?}");
        }
        assert!(Authorization { from: other, ..authorization }.sign(&domain, &key).is_none());
    }

    #[test]
    fn numbers_are_texts_of_plain_digits() {
        let (_, _, authorization, _) = vector();
        let good = serde_json::to_value(authorization).unwrap();
        for (field, bad) in [
            ("value", serde_json::json!(10_000)),
            ("value", serde_json::json!("0x10")),
            ("value", serde_json::json!("-1")),
            ("validBefore", serde_json::json!("18446744073709551616")),
            ("validAfter", serde_json::json!("1e3")),
            ("nonce", serde_json::json!("0x00")),
        ] {
            let mut changed = good.clone();
            changed[field] = bad;
            assert!(serde_json::from_value::<Authorization>(changed.clone()).is_err(), "{changed}");
        }
    }
}
