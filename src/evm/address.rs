//! Addresses of accounts and contracts, with the checksum of EIP-55.
//!
//! This module must never trim, complete or correct an address: it is where money goes.

use std::fmt;
use std::str::FromStr;

use super::hex::{self, EvmHexError};
use super::keccak;
use crate::text::serde_text;

/// An address. Text: `0x` and 40 digits, whose cases are the checksum.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EvmAddress([u8; 20]);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvmAddressError {
    /// Not `0x` and 40 digits.
    #[error("an EVM address is 0x and 40 hexadecimal digits: {0}")]
    Hex(#[from] EvmHexError),
    /// Digits of both cases that are not those of the checksum: a typing error.
    #[error("the checksum of the EVM address is wrong: it was mistyped or cut together")]
    Checksum,
}

impl EvmAddress {
    /// The address without an owner; money sent to it is gone.
    pub const ZERO: Self = Self([0; 20]);

    /// The address of these bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for EvmAddress {
    type Err = EvmAddressError;

    /// Digits of one case carry no checksum (EIP-55) and are taken as they are.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = Self(hex::decode(text)?);
        let digits = &text.as_bytes()[2..];
        let has_upper = digits.iter().any(u8::is_ascii_uppercase);
        let has_lower = digits.iter().any(u8::is_ascii_lowercase);
        if has_upper && has_lower && address.to_string() != text {
            return Err(EvmAddressError::Checksum);
        }
        Ok(address)
    }
}

impl fmt::Display for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = keccak(&[lower.as_bytes()]);
        let mut text = "0x".to_owned();
        text.extend(lower.chars().enumerate().map(|(place, digit)| {
            let nibble = hash[place / 2] >> (4 * (1 - place % 2)) & 0xF;
            if nibble >= 8 { digit.to_ascii_uppercase() } else { digit }
        }));
        f.pad(&text)
    }
}

impl fmt::Debug for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

serde_text!(EvmAddress);

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EIP-55.
    const CHECKED: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        for text in CHECKED {
            assert_eq!(text.parse::<EvmAddress>().unwrap().to_string(), text);
            let lower = text.to_lowercase();
            let upper = format!("0x{}", text[2..].to_uppercase());
            assert_eq!(lower.parse::<EvmAddress>(), text.parse());
            assert_eq!(upper.parse::<EvmAddress>(), text.parse());
        }
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        for (bad, is_checksum) in [
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", true),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee", true),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", false),
            ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00", false),
            (" 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", false),
            ("", false),
        ] {
            let error = bad.parse::<EvmAddress>().unwrap_err();
            assert_eq!(error == EvmAddressError::Checksum, is_checksum, "{bad}");
        }
    }
}
