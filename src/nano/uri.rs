//! `nano:` payment URIs, as QR codes and links carry them.
//!
//! What a URI says is somebody's claim: this module must never fill in an amount it does not state, and label and
//! message are untrusted text.

use std::fmt;
use std::str::FromStr;

use super::{Account, AccountError};
use crate::limits;
use crate::money::{AmountError, Raw};

/// `nano:nano_...?amount=<raw>&label=...&message=...`; unknown parameters are ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NanoUri {
    /// Who is to be paid.
    pub account: Account,
    /// How much, in raw.
    pub amount: Option<Raw>,
    /// Who the payee says they are.
    pub label: Option<String>,
    /// What the payee says it is for.
    pub message: Option<String>,
}

/// Why a text is no payment URI.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// Longer than [`limits::NANO_URI_BYTES`], or so once everything in it is escaped.
    #[error("a nano: URI has at most {} bytes", limits::NANO_URI_BYTES)]
    TooLong,
    /// It does not start with `nano:`.
    #[error("a payment URI starts with nano:")]
    Scheme,
    /// The address is wrong.
    #[error("the address of the URI is wrong: {0}")]
    Account(#[source] AccountError),
    /// The amount is no integer of raw.
    #[error("the amount of the URI is wrong, it must be an integer of raw: {0}")]
    Amount(#[source] AmountError),
    /// A parameter stands twice, so that two readers could see two payments.
    #[error("the URI has more than one {name}")]
    Repeated {
        /// The parameter.
        name: &'static str,
    },
    /// A `%` without two hexadecimal digits, or bytes that are no UTF-8.
    #[error("the {name} of the URI is not percent-encoded UTF-8")]
    Encoding {
        /// The parameter.
        name: &'static str,
    },
}

impl FromStr for NanoUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > limits::NANO_URI_BYTES {
            return Err(UriError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(UriError::Scheme);
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let account = address.parse().map_err(UriError::Account)?;
        let mut uri = Self { account, amount: None, label: None, message: None };
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                AMOUNT => {
                    let raw = Raw::from_raw_text(value).map_err(UriError::Amount)?;
                    set(&mut uri.amount, AMOUNT, raw)?;
                }
                LABEL => set(&mut uri.label, LABEL, percent_decode(LABEL, value)?)?,
                MESSAGE => set(&mut uri.message, MESSAGE, percent_decode(MESSAGE, value)?)?,
                _ => {}
            }
        }
        // Written out it must be read again.
        if uri.to_string().len() > limits::NANO_URI_BYTES {
            return Err(UriError::TooLong);
        }
        Ok(uri)
    }
}

impl fmt::Display for NanoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}:{}", self.account)?;
        let parameters = [
            (AMOUNT, self.amount.map(|raw| raw.to_string())),
            (LABEL, self.label.as_deref().map(percent_encode)),
            (MESSAGE, self.message.as_deref().map(percent_encode)),
        ];
        let present = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (place, (name, value)) in present.enumerate() {
            let separator = if place == 0 { '?' } else { '&' };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

fn set<T>(field: &mut Option<T>, name: &'static str, value: T) -> Result<(), UriError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Repeated { name }),
    }
}

/// Everything but the unreserved characters of RFC 3986 is escaped.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A `+` stays a plus: the space-as-plus rule is that of HTML forms, not of URIs.
fn percent_decode(name: &'static str, encoded: &str) -> Result<String, UriError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => escaped(&mut bytes).ok_or(UriError::Encoding { name })?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).map_err(|_| UriError::Encoding { name })
}

/// The byte two hexadecimal digits stand for.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let high = char::from(bytes.next()?).to_digit(16)?;
    let low = char::from(bytes.next()?).to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

const SCHEME: &str = "nano";
const AMOUNT: &str = "amount";
const LABEL: &str = "label";
const MESSAGE: &str = "message";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "nano_1ummqzrxkkrcgn13apza6wjggjcxqad79tfofuoc1iy7m17gtfuh1gi84trm";

    fn parse(rest: &str) -> Result<NanoUri, UriError> {
        format!("nano:{ADDRESS}{rest}").parse()
    }

    #[test]
    fn all_parameters_are_read_and_written() {
        let text = format!(
            "nano:{ADDRESS}?amount=1000&label=Caf%C3%A9%20%26%20Bar&message=a%2Bb%3D100%25"
        );
        let uri: NanoUri = text.parse().unwrap();
        assert_eq!(uri.account.to_string(), ADDRESS);
        assert_eq!(uri.amount, Some(Raw::new(1000)));
        assert_eq!(uri.label.as_deref(), Some("Café & Bar"));
        assert_eq!(uri.message.as_deref(), Some("a+b=100%"));
        assert_eq!(uri.to_string(), text);
    }

    #[test]
    fn parameters_are_optional_and_unknown_ones_ignored() {
        let bare = parse("").unwrap();
        assert_eq!((bare.amount, &bare.label, &bare.message), (None, &None, &None));
        assert_eq!(bare.to_string(), format!("nano:{ADDRESS}"));
        assert_eq!(parse("?"), Ok(bare.clone()));
        assert_eq!(parse("?id=7&Amount=5&&x"), Ok(bare.clone()));
        assert_eq!(format!("NANO:{ADDRESS}").parse(), Ok(bare));
        assert_eq!(parse("?message=a+b").unwrap().message.as_deref(), Some("a+b"));
    }

    #[test]
    fn what_is_read_can_be_written_and_read_again() {
        let room = limits::NANO_URI_BYTES - format!("nano:{ADDRESS}?label=").len();
        let label = |spaces: usize| parse(&format!("?label={}", " ".repeat(spaces)));
        let longest = label(room / 3).unwrap();
        assert_eq!(longest.to_string().parse(), Ok(longest));
        assert_eq!(label(room / 3 + 1), Err(UriError::TooLong));
    }

    #[test]
    fn a_wrong_uri_says_what_is_wrong() {
        let amount = |error| Err(UriError::Amount(error));
        assert_eq!(parse("?amount="), amount(AmountError::NotANumber));
        assert_eq!(parse("?amount=1.5"), amount(AmountError::TooManyDecimals { max: 0 }));
        assert_eq!(parse("?amount=-1"), amount(AmountError::Negative));
        assert_eq!(parse("?amount=%31"), amount(AmountError::NotANumber));
        assert_eq!(parse("?amount=1&amount=1"), Err(UriError::Repeated { name: AMOUNT }));
        assert_eq!(parse("?label=a&label=b"), Err(UriError::Repeated { name: LABEL }));
        for label in ["%", "%4", "%zz", "%+1", "%ff", "%C3"] {
            let error = Err(UriError::Encoding { name: LABEL });
            assert_eq!(parse(&format!("?label={label}")), error, "{label}");
        }
        let of = |text: &str| text.parse::<NanoUri>().unwrap_err();
        assert_eq!(of(ADDRESS), UriError::Scheme);
        assert_eq!(of(&format!("bitcoin:{ADDRESS}")), UriError::Scheme);
        assert_eq!(of("nano:"), UriError::Account(AccountError::Prefix));
        assert_eq!(of(&format!("nano://{ADDRESS}")), UriError::Account(AccountError::Prefix));
        assert_eq!(of(&format!("nano:{ADDRESS} ")), {
            UriError::Account(AccountError::Length { found: 61 })
        });
    }

    #[test]
    fn the_longest_uri_is_read_and_one_more_byte_is_not() {
        let start = format!("nano:{ADDRESS}?label=");
        let label = "x".repeat(limits::NANO_URI_BYTES - start.len());
        assert_eq!(
            format!("{start}{label}").parse::<NanoUri>().unwrap().label,
            Some(label.clone())
        );
        assert_eq!(format!("{start}{label}x").parse::<NanoUri>(), Err(UriError::TooLong));
    }

    proptest! {
        #[test]
        fn a_uri_survives_text(
            key: [u8; 32],
            amount: Option<u128>,
            label in proptest::option::of("\\PC{0,60}"),
            message in proptest::option::of(any::<[char; 20]>().prop_map(String::from_iter)),
        ) {
            let account = Account::from_bytes(key);
            let uri = NanoUri { account, amount: amount.map(Raw::new), label, message };
            prop_assert_eq!(uri.to_string().parse(), Ok(uri));
        }

        #[test]
        fn any_text_is_a_uri_or_an_error(rest: String) {
            let _ = rest.parse::<NanoUri>();
            let _ = parse(&rest);
            let _ = parse(&format!("?label={rest}&message={rest}"));
        }
    }
}
