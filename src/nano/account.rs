//! Nano accounts: a public key and its checked text form (protocol notes §4).
//!
//! This module must never trim, complete or correct an address: it is where money goes.

use std::fmt;
use std::str::FromStr;

use blake2::digest::consts::U5;
use blake2::{Blake2b, Digest};

use crate::text::serde_text;

/// An account, which is its public key. Text: `nano_` and 60 characters; `xrb_` is accepted too.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Account([u8; 32]);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AccountError {
    /// It does not start with `nano_` or `xrb_`.
    #[error("a Nano address starts with nano_")]
    Prefix,
    /// Not 60 characters after the prefix.
    #[error("a Nano address has {BODY_CHARS} characters after nano_, this one has {found}")]
    Length {
        /// Bytes after the prefix.
        found: usize,
    },
    /// A character outside the address alphabet, or another than 1 or 3 in the first place.
    #[error("character {position} of the Nano address cannot stand there")]
    Character {
        /// Place in the whole text, from 1.
        position: usize,
    },
    /// The last 8 characters do not fit the others: a typing error.
    #[error("the checksum of the Nano address is wrong: it was mistyped or cut together")]
    Checksum,
}

impl Account {
    /// The account without an owner; money sent to it is gone.
    pub const BURN: Self = Self([0; 32]);

    /// The account of a public key.
    pub const fn from_bytes(public_key: [u8; 32]) -> Self {
        Self(public_key)
    }

    /// The public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = PREFIXES
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .ok_or(AccountError::Prefix)?;
        if body.len() != BODY_CHARS {
            return Err(AccountError::Length { found: body.len() });
        }
        let prefix_len = text.len() - body.len();
        let mut values = [0; BODY_CHARS];
        for (place, (value, character)) in values.iter_mut().zip(body.bytes()).enumerate() {
            *value = value_of(character)
                .filter(|value| place > 0 || *value <= 1)
                .ok_or(AccountError::Character { position: prefix_len + place + 1 })?;
        }
        let (key_values, checksum_values) = values.split_at(KEY_CHARS);
        let account = Self(pack(key_values));
        if pack(checksum_values) != account.checksum() {
            return Err(AccountError::Checksum);
        }
        Ok(account)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(PREFIXES[0].len() + BODY_CHARS);
        text.push_str(PREFIXES[0]);
        push_base32(&self.0, 4, &mut text);
        push_base32(&self.checksum(), 0, &mut text);
        f.pad(&text)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

serde_text!(Account);

impl Account {
    /// BLAKE2b of the key, 5 bytes, in reverse.
    fn checksum(&self) -> [u8; 5] {
        let mut checksum: [u8; 5] = Blake2b::<U5>::digest(self.0).into();
        checksum.reverse();
        checksum
    }
}

/// Appends `bytes` after `zero_bits` leading zero bits, five bits a character.
fn push_base32(bytes: &[u8], zero_bits: u32, text: &mut String) {
    let mut pending = 0_u16;
    let mut pending_bits = zero_bits;
    for byte in bytes {
        pending = pending << 8 | u16::from(*byte);
        pending_bits += 8;
        while pending_bits >= 5 {
            pending_bits -= 5;
            let value = pending >> pending_bits & 0b1_1111;
            text.push(char::from(ALPHABET[usize::from(value)]));
        }
    }
}

/// The last `8 * N` bits of the five-bit `values`; the caller made sure that no bit before them is set.
fn pack<const N: usize>(values: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    let mut bit = values.len() * 5;
    for value in values {
        for shift in (0..5).rev() {
            bit -= 1;
            if bit < 8 * N {
                bytes[N - 1 - bit / 8] |= (value >> shift & 1) << (bit % 8);
            }
        }
    }
    bytes
}

fn value_of(character: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|letter| *letter == character)?;
    u8::try_from(place).ok()
}

/// Base 32 without the letters that look like another.
const ALPHABET: &[u8; 32] = b"13456789abcdefghijkmnopqrstuwxyz";
/// The first one is written, all are read.
const PREFIXES: [&str; 2] = ["nano_", "xrb_"];
/// Characters of the key: 4 zero bits and 256 bits.
const KEY_CHARS: usize = 52;
/// Characters of key and checksum.
const BODY_CHARS: usize = 60;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "nano_1ummqzrxkkrcgn13apza6wjggjcxqad79tfofuoc1iy7m17gtfuh1gi84trm";

    #[test]
    fn an_error_says_what_is_wrong() {
        let cases = [
            (String::new(), AccountError::Prefix),
            (format!(" {ADDRESS}"), AccountError::Prefix),
            (ADDRESS.to_uppercase(), AccountError::Prefix),
            (ADDRESS.replace('_', "-"), AccountError::Prefix),
            (ADDRESS.replace('_', ""), AccountError::Prefix),
            ("nano_".to_owned(), AccountError::Length { found: 0 }),
            (format!("{ADDRESS}\n"), AccountError::Length { found: 61 }),
            (ADDRESS[..64].to_owned(), AccountError::Length { found: 59 }),
            (ADDRESS.replace("zrx", "z0x"), AccountError::Character { position: 12 }),
            (ADDRESS.replace("zrx", "zRx"), AccountError::Character { position: 12 }),
            (ADDRESS.replace("zrx", "zé"), AccountError::Character { position: 12 }),
            (ADDRESS.replace("_1", "_4"), AccountError::Character { position: 6 }),
            (ADDRESS.replace("_1", "_3"), AccountError::Checksum),
            (ADDRESS.replace("trm", "trn"), AccountError::Checksum),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Account>(), Err(error), "{text}");
        }
    }

    #[test]
    fn the_old_prefix_is_read_and_the_new_one_written() {
        let account: Account = ADDRESS.replace("nano_", "xrb_").parse().unwrap();
        assert_eq!(account.to_string(), ADDRESS);
        assert_eq!(format!("{account:?}"), ADDRESS);
        assert!(Account::BURN.to_string().starts_with("nano_1111"));
    }

    proptest! {
        #[test]
        fn an_account_survives_text_and_json(bytes: [u8; 32]) {
            let account = Account::from_bytes(bytes);
            prop_assert_eq!(account.to_string().parse::<Account>(), Ok(account));
            let json = serde_json::to_string(&account).unwrap();
            prop_assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
        }

        /// One wrong character changes at most 5 bits of the key or of the checksum.
        #[test]
        fn a_flipped_character_never_decodes_to_the_same_key(
            bytes: [u8; 32],
            place in 5_usize..65,
            with in 0_usize..32,
        ) {
            let account = Account::from_bytes(bytes);
            let text = account.to_string();
            let mut flipped = text.clone().into_bytes();
            flipped[place] = ALPHABET[with];
            let flipped = String::from_utf8(flipped).unwrap();
            prop_assume!(flipped != text);
            prop_assert_ne!(flipped.parse::<Account>(), Ok(account));
        }

        #[test]
        fn any_text_is_an_account_or_an_error(text in "(nano_|xrb_)?\\PC{0,70}") {
            if let Ok(account) = text.parse::<Account>() {
                let text = text.replacen("xrb_", "nano_", 1);
                prop_assert_eq!(account.to_string(), text);
            }
        }
    }
}
