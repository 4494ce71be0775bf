//! Hexadecimal text of fixed length: upper or lower case in, upper case out.
//!
//! This module must never pad, trim, or repeat the text it refused: it may have been a secret.

/// Why a text is not the hexadecimal form of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HexError {
    /// Not exactly as long as the value.
    #[error("expected {expected} hexadecimal digits, got {found} characters")]
    Length {
        /// Digits of the value.
        expected: usize,
        /// Bytes of the text.
        found: usize,
    },
    /// Something else than `0-9`, `a-f`, `A-F`.
    #[error("character {position} is not a hexadecimal digit")]
    Character {
        /// Place in the text, from 1.
        position: usize,
    },
}

/// Reads exactly `N` bytes.
pub(super) const fn decode<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(HexError::Length { expected: 2 * N, found: digits.len() });
    }
    let mut bytes = [0; N];
    let mut at = 0;
    while at < digits.len() {
        let Some(value) = (digits[at] as char).to_digit(16) else {
            return Err(HexError::Character { position: at + 1 });
        };
        bytes[at / 2] = bytes[at / 2] << 4 | value as u8;
        at += 1;
    }
    Ok(bytes)
}

/// A constant of this crate, checked when it is compiled.
pub(super) const fn constant<const N: usize>(text: &str) -> [u8; N] {
    match decode(text) {
        Ok(bytes) => bytes,
        Err(_) => panic!("a constant is valid hexadecimal text"),
    }
}

/// Writes upper-case digits.
pub(super) fn write(bytes: &[u8], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
}

/// Gives a byte-array newtype its hexadecimal `Display`, `Debug`, `FromStr` and JSON.
macro_rules! hex_text {
    ($type:ident) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::nano::hex::write(&self.0, f)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::nano::HexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::nano::hex::decode(text).map(Self)
            }
        }

        $crate::text::serde_text!($type);
    };
}
pub(super) use hex_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases_are_read_and_nothing_else() {
        assert_eq!(decode("00ffA5"), Ok([0x00, 0xFF, 0xA5]));
        assert_eq!(decode::<3>(""), Err(HexError::Length { expected: 6, found: 0 }));
        assert_eq!(decode::<2>("abc"), Err(HexError::Length { expected: 4, found: 3 }));
        assert_eq!(decode::<2>("abcde"), Err(HexError::Length { expected: 4, found: 5 }));
        for (text, position) in [("g000", 1), ("00 0", 3), ("+100", 1), ("0x00", 2), ("00é", 3)] {
            assert_eq!(decode::<2>(text), Err(HexError::Character { position }), "{text}");
        }
    }
}
