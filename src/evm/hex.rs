//! Hexadecimal text of fixed length after `0x`: either case in, lower case out.
//!
//! This module must never pad, trim, or repeat the text it refused: it may have been a secret.

use std::fmt;

/// Why a text is not the hexadecimal form of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvmHexError {
    /// No `0x` in front.
    #[error("the text does not start with 0x")]
    Prefix,
    /// Not exactly as long as the value.
    #[error("expected {expected} hexadecimal digits after 0x, got {found} bytes")]
    Length {
        /// Digits of the value.
        expected: usize,
        /// Bytes of the text after `0x`.
        found: usize,
    },
    /// Something else than `0-9`, `a-f`, `A-F`.
    #[error("character {position} is not a hexadecimal digit")]
    Character {
        /// Place in the text, from 1.
        position: usize,
    },
}

/// Reads `0x` and exactly `N` bytes.
pub(super) fn decode<const N: usize>(text: &str) -> Result<[u8; N], EvmHexError> {
    let digits = text.strip_prefix("0x").ok_or(EvmHexError::Prefix)?.as_bytes();
    if digits.len() != 2 * N {
        return Err(EvmHexError::Length { expected: 2 * N, found: digits.len() });
    }
    let mut bytes = [0; N];
    for (place, digit) in digits.iter().enumerate() {
        let wrong = EvmHexError::Character { position: place + 3 };
        let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        bytes[place / 2] = bytes[place / 2] << 4 | value.ok_or(wrong)?;
    }
    Ok(bytes)
}

/// Writes `0x` and lower-case digits.
pub(super) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases_are_read_and_nothing_else() {
        assert_eq!(decode("0x00ffA5"), Ok([0x00, 0xFF, 0xA5]));
        assert_eq!(decode::<2>("abcd"), Err(EvmHexError::Prefix));
        assert_eq!(decode::<2>("0Xabcd"), Err(EvmHexError::Prefix));
        assert_eq!(decode::<2>("0xabc"), Err(EvmHexError::Length { expected: 4, found: 3 }));
        assert_eq!(decode::<2>("0x0xab12"), Err(EvmHexError::Length { expected: 4, found: 6 }));
        for (text, position) in [("0xg000", 3), ("0x00 0", 5), ("0x+100", 3), ("0x00é", 5)] {
            assert_eq!(decode::<2>(text), Err(EvmHexError::Character { position }), "{text}");
        }
    }
}
