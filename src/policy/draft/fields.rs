//! Tables and settings of a draft, each knowing its line and its full name.
//!
//! Nothing here may turn one type into another: a number in quotes is no number, and an amount without quotes no amount.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::duration;
use super::error::{DraftError, Problem};
use super::nearest::nearest;
use crate::limits;
use crate::money::{Currency, Money, MoneyTextError};

/// A table of the draft.
pub(super) struct Section<'a> {
    text: &'a str,
    path: String,
    /// Where it begins; the root begins nowhere.
    at: Option<usize>,
    table: &'a DeTable<'a>,
}

/// A setting of the draft.
pub(super) struct Field<'a> {
    text: &'a str,
    path: String,
    key: &'a str,
    at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole draft.
    pub(super) fn root(text: &'a str, table: &'a DeTable<'a>) -> Self {
        Self { text, path: String::new(), at: None, table }
    }

    /// Everything in it, by key.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'a>> + '_ {
        self.table.iter().map(|(key, value)| self.entry(key, value))
    }

    /// One setting, if it is there.
    pub(super) fn field(&self, key: &str) -> Option<Field<'a>> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        found.map(|(name, value)| self.entry(name, value))
    }

    /// One setting that must be there.
    pub(super) fn required(&self, key: &str) -> Result<Field<'a>, DraftError> {
        self.field(key).ok_or_else(|| self.problem(Problem::Missing(key.to_owned())))
    }

    /// One table, if it is there.
    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'a>>, DraftError> {
        self.field(key).map(|field| field.section()).transpose()
    }

    /// Refuses whatever else is in it.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), DraftError> {
        let Some(odd) = self.fields().find(|field| !known.contains(&field.key)) else {
            return Ok(());
        };
        let nearest = nearest(odd.key, known);
        let known = known.iter().map(|key| (*key).to_owned()).collect();
        Err(odd.problem(Problem::Unknown { nearest, known }))
    }

    /// Refuses more entries than that.
    pub(super) fn at_most(&self, max: usize) -> Result<(), DraftError> {
        if self.table.len() > max { Err(self.problem(Problem::TooMany)) } else { Ok(()) }
    }

    fn entry(&self, key: &'a Spanned<DeString<'a>>, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        let name: &'a str = key.get_ref();
        let path = if self.path.is_empty() {
            shown(name)
        } else {
            format!("{}.{}", self.path, shown(name))
        };
        Field { text: self.text, path, key: name, at: key.span().start, value: value.get_ref() }
    }

    fn problem(&self, problem: Problem) -> DraftError {
        let line = self.at.map(|at| line(self.text, at));
        DraftError { line, key: self.path.clone(), problem }
    }
}

impl<'a> Field<'a> {
    /// It, as a table.
    pub(super) fn section(&self) -> Result<Section<'a>, DraftError> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Section { text: self.text, path: self.path.clone(), at: Some(self.at), table })
    }

    pub(super) fn boolean(&self) -> Result<bool, DraftError> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&self, max: u32) -> Result<u32, DraftError> {
        let number = self.value.as_integer().ok_or_else(|| self.wrong("a whole number"))?;
        let parsed = u32::from_str_radix(number.as_str(), number.radix());
        parsed
            .ok()
            .filter(|number| *number <= max)
            .ok_or_else(|| self.problem(Problem::Number { text: shown(number.as_str()), max }))
    }

    /// Which of the words it is.
    pub(super) fn one_of(&self, known: &[&'static str]) -> Result<usize, DraftError> {
        let word = self.text("a word in quotes")?;
        known.iter().position(|name| *name == word).ok_or_else(|| {
            let nearest = nearest(word, known).map(|word| format!("{word:?}"));
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            self.problem(Problem::Word { word: shown(word), nearest, known })
        })
    }

    /// An amount of a currency in smallest units: `12.50 USD`, or only digits.
    pub(super) fn amount(&self, currency: Currency) -> Result<u128, DraftError> {
        let text = self.text("an amount in quotes")?;
        let fail =
            |reason: MoneyTextError| self.problem(Problem::Amount { text: shown(text), reason });
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let canonical = text == "0" || !text.starts_with('0');
            return match text.parse() {
                Ok(units) if canonical => Ok(units),
                _ => Err(fail(MoneyTextError::Shape)),
            };
        }
        let money: Money = text.parse().map_err(fail)?;
        if money.currency == currency {
            return Ok(money.amount);
        }
        Err(self.problem(Problem::OtherCurrency { found: money.currency, table: currency }))
    }

    /// As [`Field::amount`], above zero.
    pub(super) fn positive(&self, currency: Currency) -> Result<u128, DraftError> {
        match self.amount(currency)? {
            0 => Err(self.problem(Problem::Zero)),
            units => Ok(units),
        }
    }

    /// A length of time such as `24h`, in milliseconds, within the bounds of an approval's expiry.
    pub(super) fn duration_ms(&self) -> Result<u64, DraftError> {
        let text = self.text("a length of time in quotes")?;
        let parsed = duration::parse_ms(text).filter(|ms| {
            let length = std::time::Duration::from_millis(*ms);
            (limits::APPROVAL_EXPIRY_MIN..=limits::APPROVAL_EXPIRY_MAX).contains(&length)
        });
        parsed.ok_or_else(|| self.problem(Problem::Duration(shown(text))))
    }

    /// Its value as a currency code in capitals.
    pub(super) fn currency(&self) -> Result<Currency, DraftError> {
        self.code(self.text("a currency code in quotes")?)
    }

    /// Its key as a currency code in capitals, so that no currency can stand there twice.
    pub(super) fn key_as_currency(&self) -> Result<Currency, DraftError> {
        self.code(self.key)
    }

    pub(super) fn problem(&self, problem: Problem) -> DraftError {
        DraftError { line: Some(line(self.text, self.at)), key: self.path.clone(), problem }
    }

    fn code(&self, text: &str) -> Result<Currency, DraftError> {
        let parsed: Option<Currency> = text.parse().ok();
        parsed
            .filter(|currency| currency.as_str() == text)
            .ok_or_else(|| self.problem(Problem::Currency(shown(text))))
    }

    fn text(&self, expected: &'static str) -> Result<&'a str, DraftError> {
        self.value.as_str().ok_or_else(|| self.wrong(expected))
    }

    fn wrong(&self, expected: &'static str) -> DraftError {
        self.problem(Problem::Type { expected, found: self.value.type_str() })
    }
}

/// The line of a byte, from 1.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

const SHOWN_CHARS: usize = 60;
