//! Money and mandates as a person writes them, turned into what the operations take. For surfaces where people type.
//!
//! Nothing here may round: text that is not exact is refused.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::limits;
use crate::money::Money;
use crate::policy::{Mandate, MandateBody};

/// `12.50 USD` as `{"amount":"1250","currency":"USD"}`.
///
/// # Errors
/// `INVALID_MONEY`.
pub fn money_json(text: &str) -> Result<Value, Failure> {
    let money: Money = text.parse().map_err(|error: crate::money::MoneyTextError| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_MONEY", format!("{shown:?}: {error}"))
            .hint("Write it as \"12.50 USD\" or \"0.5 XNO\"")
    })?;
    Ok(json!({ "amount": money.amount.to_string(), "currency": money.currency }))
}

/// `{"amount":"1250","currency":"USD"}` as `12.5 USD`; what is no money is shown as it is.
pub fn money_shown(amount: &str, currency: &str) -> String {
    match (amount.parse(), currency.parse()) {
        (Ok(amount), Ok(currency)) => Money { amount, currency }.to_string(),
        _ => format!("{amount} {currency}"),
    }
}

/// A mandate's JSON text, strictly: a field that is unknown or stands there twice is an error with its place.
///
/// # Errors
/// `INVALID_MANDATE`.
pub fn mandate_json(text: &str) -> Result<Value, Failure> {
    let wrong = |words: String| {
        let words: String = words.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_MANDATE", words)
    };
    let body: MandateBody = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    Mandate::try_from(body.clone()).map_err(|error| wrong(error.to_string()))?;
    serde_json::to_value(body).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_exact() {
        assert_eq!(
            money_json("12.50 USD").unwrap(),
            json!({ "amount": "1250", "currency": "USD" })
        );
        assert_eq!(money_shown("1250", "USD"), "12.5 USD");
        for bad in ["12.505 USD", "12.50", "", "1 ABCD"] {
            assert_eq!(money_json(bad).unwrap_err().code, "INVALID_MONEY", "{bad}");
        }
    }

    #[test]
    fn a_file_is_read_strictly() {
        let good = r#"{"id":"m","cap":{"amount":"1","currency":"USD"}}"#;
        assert_eq!(mandate_json(good).unwrap()["id"], "m");
        for bad in [
            r#"{"id":"m","cap":{"amount":"1","currency":"USD"},"cap":{"amount":"9","currency":"USD"}}"#,
            r#"{"id":"m","cap":{"amount":"1","currency":"USD"},"perTxCap":1}"#,
            r#"{"id":"m","cap":{"amount":"0","currency":"USD"}}"#,
            "[]",
            "",
        ] {
            assert_eq!(mandate_json(bad).unwrap_err().code, "INVALID_MANDATE", "{bad}");
        }
    }
}
