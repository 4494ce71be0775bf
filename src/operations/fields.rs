//! Fields that several operations share, parsed and bounded in one place.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::engine::{Amount, Engine, store_failure};
use crate::failure::Failure;
use crate::ledger::Head;
use crate::limits;
use crate::money::{AmountError, Raw};
use crate::nano::Account;
use crate::payment::IdempotencyKey;
use crate::policy::{Mandate, MandateBody};
use crate::providers::{Amount as Decimal, AmountTextError};

/// An amount as an agent writes it: text, or a JSON number of at most 15 significant digits.
///
/// More digits than that do not survive a JSON number, and the payer must not be the one who finds out.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(inline, with = "String")]
pub struct AmountText(String);

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number_text(&number))),
            other => Err(serde::de::Error::custom(format!(
                "invalid type: {}, expected an amount as a string",
                kind_of(&other)
            ))),
        }
    }
}

impl AmountText {
    /// A positive amount of XNO, exactly.
    ///
    /// # Errors
    /// The amount codes of seeds/001.
    pub fn xno(&self) -> Result<Raw, Failure> {
        Raw::payment_from_xno(&self.0)
            .map_err(|error| amount_failure(&error, &self.0, "XNO, such as \"0.001\""))
    }

    /// An amount in any currency, exactly.
    ///
    /// # Errors
    /// `INVALID_NUMBER_FORMAT`.
    pub fn decimal(&self) -> Result<Decimal, Failure> {
        self.0.parse().map_err(|error: AmountTextError| {
            let message = format!("{} is no amount: {error}", quoted(&self.0));
            Failure::invalid("INVALID_NUMBER_FORMAT", message)
        })
    }

    /// As [`AmountText::xno`], or `max` for all that is free.
    ///
    /// # Errors
    /// The amount codes of seeds/001.
    pub fn xno_or_max(&self) -> Result<Amount, Failure> {
        if self.0 == "max" { Ok(Amount::Max) } else { self.xno().map(Amount::Exact) }
    }

    /// A positive amount in the smallest units of any currency.
    ///
    /// # Errors
    /// The amount codes of seeds/001.
    pub fn units(&self) -> Result<u128, Failure> {
        const EXAMPLE: &str = "smallest units, such as \"10000\" for 0.01 USDC";
        let is_plain = self.0.bytes().all(|byte| byte.is_ascii_digit());
        match self.0.parse::<u128>() {
            Ok(units) if units > 0 && is_plain => Ok(units),
            _ if self.0.starts_with('-') => {
                Err(amount_failure(&AmountError::Negative, &self.0, EXAMPLE))
            }
            _ => Err(amount_failure(&AmountError::NotANumber, &self.0, EXAMPLE)),
        }
    }

    /// A positive amount of raw, exactly.
    ///
    /// # Errors
    /// The amount codes of seeds/001.
    pub fn raw(&self) -> Result<Raw, Failure> {
        const EXAMPLE: &str = "raw, such as \"1000000000000000000000000000\" for 0.001 XNO";
        match Raw::from_raw_text(&self.0) {
            Ok(raw) if raw.is_zero() => {
                Err(amount_failure(&AmountError::NotANumber, &self.0, EXAMPLE))
            }
            Ok(raw) => Ok(raw),
            Err(error) => Err(amount_failure(&error, &self.0, EXAMPLE)),
        }
    }
}

fn amount_failure(error: &AmountError, text: &str, example: &str) -> Failure {
    let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
    Failure::invalid(error.code(), format!("{shown:?} is no payable amount: {error}"))
        .hint(format!("Give a positive amount in {example}"))
}

/// The digits of a JSON number without exponent; what has too many digits becomes text no amount parses.
fn number_text(number: &serde_json::Number) -> String {
    let text = match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) => format!("{float}"),
        None => number.to_string(),
    };
    let digits = text.trim_start_matches('-').replace('.', "");
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    if significant > NUMBER_DIGITS {
        format!("{text} (a JSON number of more than 15 digits)")
    } else {
        text
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// One of the wallet's accounts: its address or its index; the first one when left out.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(transparent)]
#[schemars(inline, transparent)]
pub struct AccountRef(String);

impl AccountRef {
    /// The account meant.
    ///
    /// # Errors
    /// When it is none of this wallet's.
    pub fn resolve(this: Option<&Self>, engine: &Engine) -> Result<Account, Failure> {
        let text = this.map_or("0", |reference| reference.0.as_str());
        let lanes = engine.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        let wanted = text.parse::<Account>().ok();
        let index = text.parse::<u32>().ok();
        let found =
            lanes.iter().find(|lane| wanted == Some(lane.account) || index == Some(lane.index));
        found.map(|lane| lane.account).ok_or_else(|| {
            let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
            Failure::invalid("UNKNOWN_ACCOUNT", format!("{shown:?} is no account of this wallet"))
                .hint("Leave `account` out for the first one; wallet.balance names it")
        })
    }
}

/// The chain's head after a commit: a copy of it outside the wallet catches a rewritten ledger.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(inline)]
pub struct LedgerHead {
    /// Seq of the last ledger event.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl From<Head> for LedgerHead {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: head.hash.to_string() }
    }
}

/// A caller's text quoted back: bounded, with what a terminal would obey escaped.
pub fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(limits::QUOTE_CHARS).collect::<String>())
}

/// Every account of this wallet.
///
/// # Errors
/// The store's.
pub fn own_accounts(engine: &Engine) -> Result<Vec<Account>, Failure> {
    let lanes = engine.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
    Ok(lanes.into_iter().map(|lane| lane.account).collect())
}

/// A Nano address somebody is to be paid at.
///
/// # Errors
/// `INVALID_ADDRESS`, with what is wrong with it.
pub fn payee_account(text: &str) -> Result<Account, Failure> {
    text.parse().map_err(|error: crate::nano::AccountError| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_ADDRESS", format!("{shown:?} is no Nano address: {error}")).hint(
            "An address begins with nano_ or xrb_ and has 60 characters after that; copy it whole",
        )
    })
}

/// Text of a caller within its bound.
///
/// # Errors
/// `TEXT_TOO_LONG`, or `INVALID_TEXT` when it holds control characters.
pub fn bounded(field: &str, text: Option<String>, max: usize) -> Result<Option<String>, Failure> {
    let Some(text) = text else { return Ok(None) };
    if text.len() > max {
        let message = format!("{field} has {} bytes; at most {max} fit", text.len());
        return Err(Failure::invalid("TEXT_TOO_LONG", message));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Failure::invalid("INVALID_TEXT", format!("{field} holds control characters")));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// An owner's words made to fit: in one line, and cut at `max` bytes.
pub fn shortened(text: &str, max: usize) -> String {
    let words: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = words.trim();
    words[..words.floor_char_boundary(max)].trim_end().to_owned()
}

/// A caller's idempotency key.
///
/// # Errors
/// `INVALID_IDEMPOTENCY_KEY`.
pub fn idempotency_key(key: Option<String>) -> Result<Option<IdempotencyKey>, Failure> {
    let parsed = key.map(IdempotencyKey::try_from).transpose();
    parsed.map_err(|error| Failure::invalid("INVALID_IDEMPOTENCY_KEY", error.to_string()))
}

/// A mandate as it is written, from a JSON object. Tools take it so: its whole schema would be most of their budget.
///
/// # Errors
/// `INVALID_MANDATE`, with the field that is unknown, missing or of a wrong type.
pub fn mandate_body(object: Map<String, Value>) -> Result<MandateBody, Failure> {
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        let words: String = error.to_string().chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_MANDATE", words).hint(MANDATE_HINT)
    })
}

/// A mandate of which everything is right.
///
/// # Errors
/// `INVALID_MANDATE`, with the field and what is wrong with it.
pub fn mandate(body: MandateBody) -> Result<Mandate, Failure> {
    Mandate::try_from(body)
        .map_err(|error| Failure::invalid("INVALID_MANDATE", error.to_string()).hint(MANDATE_HINT))
}

/// What to do about a body that is no mandate.
pub const MANDATE_HINT: &str = "Correct the field that is named. A mandate has at least an id and a cap, such as {\"id\": \"tea\", \"cap\": {\"amount\": \"15000\", \"currency\": \"USD\"}}: amounts are integers of the currency's smallest unit, as text";
const NUMBER_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(json: &str) -> AmountText {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_owners_words_are_cut_between_characters() {
        for (words, most, kept) in [
            ("stop", 4, "stop"),
            ("stops", 4, "stop"),
            ("a\nb", 4, "a b"),
            (" \t\u{1b} ", 4, ""),
            ("éé", 3, "é"),
            ("ab c", 3, "ab"),
        ] {
            assert_eq!(shortened(words, most), kept, "{words:?}");
        }
    }

    #[test]
    fn text_and_short_numbers_are_exact() {
        let milli = Raw::new(10u128.pow(27));
        for json in ["\"0.001\"", "0.001"] {
            assert_eq!(amount(json).xno().unwrap(), milli, "{json}");
        }
        assert_eq!(amount("0.0000001").xno().unwrap(), Raw::new(10u128.pow(23)));
        assert_eq!(amount("100000000000000").raw().unwrap(), Raw::new(10u128.pow(14)));
        assert_eq!(amount("123456789012345").raw().unwrap(), Raw::new(123_456_789_012_345));
        let long = amount("1234567890123456").raw().unwrap_err();
        assert_eq!(long.code, "INVALID_NUMBER_FORMAT");
    }

    #[test]
    fn codes_of_the_seed() {
        for (json, code) in [
            ("\"abc\"", "INVALID_NUMBER_FORMAT"),
            ("\"1e3\"", "INVALID_NUMBER_FORMAT"),
            ("\"\"", "INVALID_NUMBER_FORMAT"),
            ("\"0\"", "INVALID_NUMBER_FORMAT"),
            ("0", "INVALID_NUMBER_FORMAT"),
            ("\".1\"", "INVALID_FRACTIONAL_PART"),
            ("\"1.\"", "INVALID_FRACTIONAL_PART"),
            ("\"-1\"", "INVALID_NEGATIVE_AMOUNT"),
            ("-1", "INVALID_NEGATIVE_AMOUNT"),
            ("\"0.0000000000000000000000000000001\"", "TOO_MANY_DECIMAL_PLACES"),
            ("\"340282367\"", "AMOUNT_TOO_LARGE"),
        ] {
            assert_eq!(amount(json).xno().unwrap_err().code, code, "{json}");
        }
        assert!(serde_json::from_str::<AmountText>("[1]").is_err());
        assert!(serde_json::from_str::<AmountText>("null").is_err());
    }

    #[test]
    fn text_is_bounded() {
        assert!(bounded("memo", Some("x".repeat(8)), 8).unwrap().is_some());
        assert_eq!(bounded("memo", Some("x".repeat(9)), 8).unwrap_err().code, "TEXT_TOO_LONG");
        assert_eq!(bounded("memo", Some("\u{1b}[2J".into()), 8).unwrap_err().code, "INVALID_TEXT");
        assert_eq!(bounded("memo", Some(String::new()), 8).unwrap(), None);
    }
}
