//! A policy as its owner writes it: TOML with amounts such as `12.50 USD`, read strictly.
//!
//! A draft has no effect. It must never be read leniently: a misspelt key, a second spelling of a currency or an
//! amount in another one would be a limit the owner meant and did not get.

mod duration;
mod error;
mod fields;
mod nearest;
mod settings;

use std::collections::BTreeMap;

use toml::de::DeTable;

pub use error::{DraftError, Problem};
use fields::Section;
pub use settings::Change;

use super::rules::Pegs;
use super::{CurrencyLimits, HostApproval, HostLimits, Mode, Policy, ReceiveMode};
use crate::limits;
use crate::money::Currency;

impl Policy {
    /// Reads a draft. What it leaves out is as [`Policy::live`] has it, but no currency has limits of its own.
    ///
    /// # Errors
    /// [`DraftError`], with the line and what would be right.
    pub fn from_toml(text: &str) -> Result<Self, DraftError> {
        if text.len() > limits::POLICY_BYTES {
            return Err(DraftError { line: None, key: String::new(), problem: Problem::TooLarge });
        }
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map(|span| fields::line(text, span.start));
            let problem = Problem::Syntax(error.message().to_owned());
            DraftError { line, key: String::new(), problem }
        })?;
        policy(&Section::root(text, table.get_ref()))
    }

    /// The draft that [`Policy::from_toml`] reads back as this policy.
    pub fn to_toml(&self) -> String {
        settings::to_toml(self)
    }

    /// What is set differently in `other`.
    pub fn changes_to(&self, other: &Self) -> Vec<Change> {
        settings::changes(self, other)
    }
}

fn policy(root: &Section<'_>) -> Result<Policy, DraftError> {
    root.only(&TOP)?;
    let careful = Policy::live();
    let rate = |key: &str, default: u32| match root.field(key) {
        None => Ok(default),
        Some(field) => field.number(limits::POLICY_RATE),
    };
    Ok(Policy {
        mode: word(root, "mode", &MODES, careful.mode)?,
        require_mandate: flag(root, "require_mandate", careful.require_mandate)?,
        limits: currencies(root, "limits", limits_of)?,
        payments_per_minute: rate("payments_per_minute", careful.payments_per_minute)?,
        payments_per_minute_overall: rate(
            "payments_per_minute_overall",
            careful.payments_per_minute_overall,
        )?,
        approval_expiry_ms: match root.field("approval_expiry") {
            None => careful.approval_expiry_ms,
            Some(field) => field.duration_ms()?,
        },
        receive_minimum_raw: match root.field("receive_minimum") {
            None => careful.receive_minimum_raw,
            Some(field) => field.positive(Currency::XNO)?,
        },
        pegs: pegs(root)?,
        receive_mode: word(root, "receive_mode", &RECEIVE_MODES, careful.receive_mode)?,
        host_approval: host_approval(root)?,
    })
}

fn limits_of(section: &Section<'_>, currency: Currency) -> Result<CurrencyLimits, DraftError> {
    section.only(&["hard_limit", "auto_approve"])?;
    let hard_limit = section.required("hard_limit")?.positive(currency)?;
    let auto_approve = match section.field("auto_approve") {
        None => 0,
        Some(field) => {
            let amount = field.amount(currency)?;
            if amount > hard_limit {
                return Err(field.problem(Problem::Above { other: "hard_limit" }));
            }
            amount
        }
    };
    Ok(CurrencyLimits { hard_limit, auto_approve })
}

fn host_approval(root: &Section<'_>) -> Result<HostApproval, DraftError> {
    let Some(section) = root.section("host_approval")? else { return Ok(HostApproval::default()) };
    section.only(&["enabled", "limits"])?;
    Ok(HostApproval {
        enabled: flag(&section, "enabled", false)?,
        limits: currencies(&section, "limits", |section, currency| {
            section.only(&["per_payment", "per_day"])?;
            let per_day = section.required("per_day")?.positive(currency)?;
            let field = section.required("per_payment")?;
            let per_payment = field.positive(currency)?;
            if per_payment > per_day {
                return Err(field.problem(Problem::Above { other: "per_day" }));
            }
            Ok(HostLimits { per_payment, per_day })
        })?,
    })
}

/// A table with one table for each currency.
fn currencies<T>(
    parent: &Section<'_>,
    key: &str,
    entry: impl Fn(&Section<'_>, Currency) -> Result<T, DraftError>,
) -> Result<BTreeMap<Currency, T>, DraftError> {
    let Some(section) = parent.section(key)? else { return Ok(BTreeMap::new()) };
    section.at_most(limits::POLICY_CURRENCIES)?;
    let entries = section.fields().map(|field| {
        let currency = field.key_as_currency()?;
        Ok((currency, entry(&field.section()?, currency)?))
    });
    entries.collect()
}

/// Only currencies that are counted in the same unit may count as each other, and only one step far.
fn pegs(root: &Section<'_>) -> Result<Pegs, DraftError> {
    let Some(section) = root.section("pegs")? else { return Ok(Policy::live().pegs) };
    section.at_most(limits::POLICY_CURRENCIES)?;
    let mut pegs = Pegs::new();
    for field in section.fields() {
        let (from, to) = (field.key_as_currency()?, field.currency()?);
        let counted =
            |currency: Currency| currency != Currency::XNO && currency.decimals().is_some();
        if from == to || !counted(from) || !counted(to) {
            return Err(field.problem(Problem::Peg));
        }
        pegs.insert(from, to);
    }
    match section.fields().find(|field| field.currency().is_ok_and(|to| pegs.contains_key(&to))) {
        Some(chained) => Err(chained.problem(Problem::PegChain)),
        None => Ok(pegs),
    }
}

fn flag(section: &Section<'_>, key: &str, default: bool) -> Result<bool, DraftError> {
    section.field(key).map_or(Ok(default), |field| field.boolean())
}

fn word<T: Copy>(
    section: &Section<'_>,
    key: &str,
    words: &[(&'static str, T)],
    default: T,
) -> Result<T, DraftError> {
    let Some(field) = section.field(key) else { return Ok(default) };
    let names: Vec<&'static str> = words.iter().map(|(name, _)| *name).collect();
    let at = field.one_of(&names)?;
    Ok(words[at].1)
}

fn name_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

/// A field that is read here and not written there would be lost on the way back: the round trip is a property test.
const TOP: [&str; 10] = [
    "mode",
    "require_mandate",
    "payments_per_minute",
    "payments_per_minute_overall",
    "approval_expiry",
    "receive_minimum",
    "receive_mode",
    "limits",
    "host_approval",
    "pegs",
];
const MODES: [(&str, Mode); 3] = [
    ("approve-every", Mode::ApproveEvery),
    ("tiered", Mode::Tiered),
    ("autonomous", Mode::Autonomous),
];
const RECEIVE_MODES: [(&str, ReceiveMode); 2] =
    [("auto", ReceiveMode::Auto), ("manual", ReceiveMode::Manual)];

#[cfg(test)]
mod tests;
