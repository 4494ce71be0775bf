//! One line of a cart.
//!
//! This module must never take a line whose price does not follow from its parts, or without a quantity.

use super::error::AnswerError;
use super::said::said;
use super::totals::{Totals, UNITS_MAX};
use super::wire::{LineWire, TotalWire};
use crate::limits;

/// What is bought, as the merchant says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The merchant's id of the thing.
    pub item_id: String,
    /// How many.
    pub quantity: u32,
    /// The price of one in smallest units, where it is said or follows.
    pub unit_amount: Option<u64>,
    /// Price times quantity, where it is said or follows.
    pub base_amount: Option<u64>,
    /// What it is called, escaped.
    pub name: Option<String>,
    /// What kind of thing it is, escaped.
    pub category: Option<String>,
}

impl Line {
    /// # Errors
    /// [`AnswerError`].
    pub(super) fn read(wire: LineWire) -> Result<Self, AnswerError> {
        let item_id = item_id(&wire.item.id)?;
        let quantity = same("quantity", wire.quantity, wire.item.quantity)?;
        let quantity = quantity
            .filter(|quantity| *quantity > 0)
            .ok_or_else(|| line_error(&wire.id, "has no quantity"))?;
        let said_unit = same("unit_amount", wire.unit_amount, wire.item.unit_amount)?;
        let said_unit = said_unit.map(|amount| units("unit_amount", amount)).transpose()?;
        let entries = entries(&wire);
        let base = entries.iter().find(|entry| entry.kind == "items_base_amount");
        let said_base = base.map(|entry| units("items_base_amount", entry.amount)).transpose()?;
        let product = said_unit.map(|unit| unit.saturating_mul(u64::from(quantity)));
        let base_amount = same("items_base_amount", said_base, product)?;
        let unit_amount = said_unit.or_else(|| {
            let whole = base_amount.filter(|base| base.is_multiple_of(u64::from(quantity)));
            whole.map(|base| base / u64::from(quantity))
        });
        if entries.iter().any(|entry| entry.kind == "total") {
            Totals::read(&entries, base_amount)?;
        }
        Ok(Self {
            item_id,
            quantity,
            unit_amount,
            base_amount,
            name: wire.name.or(wire.item.name).map(|name| said(&name)),
            category: wire.category.map(|category| said(&category)),
        })
    }
}

/// An id of a thing that is for sale, as it was written.
///
/// # Errors
/// When it is empty, too long, or not visible.
pub(super) fn item_id(text: &str) -> Result<String, AnswerError> {
    let fits = (1..=limits::ID_BYTES).contains(&text.len());
    if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(AnswerError::garbled("an item id is not 1 to 128 visible ASCII characters"))
}

/// The sums of a line, in the spelling of today.
fn entries(wire: &LineWire) -> Vec<TotalWire> {
    let early = [
        ("items_base_amount", wire.base_amount),
        ("discount", wire.discount),
        ("subtotal", wire.subtotal),
        ("tax", wire.tax),
        ("total", wire.total),
    ];
    let early = early.into_iter().filter_map(|(kind, amount)| Some(TotalWire::new(kind, amount?)));
    wire.totals.iter().flatten().cloned().chain(early).collect()
}

fn units(name: &'static str, amount: i64) -> Result<u64, AnswerError> {
    let units = u64::try_from(amount).ok().filter(|units| *units <= UNITS_MAX);
    units.ok_or_else(|| AnswerError::garbled(&format!("{name} of {amount} is out of bounds")))
}

/// One fact in two places.
fn same<T: PartialEq>(
    name: &'static str,
    first: Option<T>,
    second: Option<T>,
) -> Result<Option<T>, AnswerError> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(AnswerError::garbled(&format!("a line names two different values of {name}")))
        }
        (first, second) => Ok(first.or(second)),
    }
}

fn line_error(id: &str, what: &str) -> AnswerError {
    AnswerError::garbled(&format!("line {} {what}", said(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Line, AnswerError> {
        Line::read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn both_spellings_of_a_line_are_read() {
        let early = r#"{"id":"l","item":{"id":"i","quantity":2},"base_amount":300,"discount":0,
            "subtotal":300,"tax":30,"total":330}"#;
        let line = read(early).unwrap();
        assert_eq!((line.quantity, line.unit_amount, line.base_amount), (2, Some(150), Some(300)));
        let current = r#"{"id":"l","item":{"id":"i"},"quantity":2,"name":"N","unit_amount":150,
            "category":"food","totals":[{"type":"total","display_text":"","amount":300}]}"#;
        let line = read(current).unwrap();
        assert_eq!((line.unit_amount, line.base_amount), (Some(150), Some(300)));
        assert_eq!(line.category.as_deref(), Some("food"));
        // The price of one does not follow.
        let odd = r#"{"id":"l","item":{"id":"i"},"quantity":3,
            "totals":[{"type":"items_base_amount","amount":100}]}"#;
        assert_eq!(read(odd).unwrap().unit_amount, None);
    }

    #[test]
    fn a_line_that_contradicts_itself_is_refused() {
        for bad in [
            r#"{"id":"l","item":{"id":"i"}}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":0}"#,
            r#"{"id":"l","item":{"id":"i","quantity":2},"quantity":1}"#,
            r#"{"id":"l","item":{"id":"i","unit_amount":2},"quantity":1,"unit_amount":1}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":1,"unit_amount":-1}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":2,"unit_amount":5,"base_amount":5}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":1,"unit_amount":5,"total":6}"#,
            r#"{"id":"l","item":{"id":""},"quantity":1,"unit_amount":5}"#,
            r#"{"id":"l","item":{"id":"a b"},"quantity":1,"unit_amount":5}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in [
            r#"{"id":"l","item":{"id":"i"},"quantity":1.5}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":-1}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":1,"unit_amount":"5"}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":1,"unit_amount":5e2}"#,
            r#"{"id":"l","item":{"id":"i"},"quantity":1,"quantity":2}"#,
        ] {
            assert!(serde_json::from_str::<LineWire>(bad).is_err(), "{bad}");
        }
    }
}
