//! A policy as a flat list of settings, from which its draft and the difference of two policies are made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{MODES, RECEIVE_MODES, duration, name_of};
use crate::money::{Currency, Money};
use crate::policy::Policy;

/// One setting that differs between two policies.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Change {
    /// Its full name, such as `limits.XNO.hard_limit`.
    pub setting: String,
    /// As it was; none where it was not set.
    pub from: Option<String>,
    /// As it is; none where it is not set.
    pub to: Option<String>,
}

/// A table's name and its settings with their values as TOML writes them.
type Table = (String, Vec<(String, String)>);

/// The whole policy as a draft.
pub(super) fn to_toml(policy: &Policy) -> String {
    let mut text = String::new();
    for (name, settings) in tables(policy) {
        // Writing to a String cannot fail.
        if !name.is_empty() {
            let _ = writeln!(text, "\n[{name}]");
        }
        for (key, value) in settings {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text
}

/// What is set differently.
pub(super) fn changes(from: &Policy, to: &Policy) -> Vec<Change> {
    let (before, after) = (flat(from), flat(to));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| Change {
            setting: name.clone(),
            from: before.get(name).cloned(),
            to: after.get(name).cloned(),
        })
        .collect()
}

fn flat(policy: &Policy) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (table, settings) in tables(policy) {
        for (key, value) in settings {
            let name = if table.is_empty() { key } else { format!("{table}.{key}") };
            all.insert(name, value.trim_matches('"').to_owned());
        }
    }
    all
}

/// Every setting, whether or not it is as it would be without being written.
fn tables(policy: &Policy) -> Vec<Table> {
    let amount = |currency: Currency, amount: u128| {
        // A currency of unknown decimals has no other spelling than its smallest units.
        let known = currency.decimals().map(|_| Money { amount, currency }.to_string());
        quoted(&known.unwrap_or_else(|| amount.to_string()))
    };
    let top = vec![
        ("mode", quoted(name_of(&MODES, &policy.mode))),
        ("require_mandate", policy.require_mandate.to_string()),
        ("payments_per_minute", policy.payments_per_minute.to_string()),
        ("payments_per_minute_overall", policy.payments_per_minute_overall.to_string()),
        ("approval_expiry", quoted(&duration::format_ms(policy.approval_expiry_ms))),
        ("receive_minimum", amount(Currency::XNO, policy.receive_minimum_raw)),
        ("receive_mode", quoted(name_of(&RECEIVE_MODES, &policy.receive_mode))),
    ];
    let mut tables = vec![table(String::new(), top)];
    for (currency, limits) in &policy.limits {
        let settings = vec![
            ("hard_limit", amount(*currency, limits.hard_limit)),
            ("auto_approve", amount(*currency, limits.auto_approve)),
        ];
        tables.push(table(format!("limits.{currency}"), settings));
    }
    let host = &policy.host_approval;
    tables.push(table("host_approval".to_owned(), vec![("enabled", host.enabled.to_string())]));
    for (currency, limits) in &host.limits {
        let settings = vec![
            ("per_payment", amount(*currency, limits.per_payment)),
            ("per_day", amount(*currency, limits.per_day)),
        ];
        tables.push(table(format!("host_approval.limits.{currency}"), settings));
    }
    let pegs = policy.pegs.iter().map(|(from, to)| (from.to_string(), quoted(to.as_str())));
    tables.push(("pegs".to_owned(), pegs.collect()));
    tables
}

fn table(name: String, settings: Vec<(&str, String)>) -> Table {
    (name, settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Codes, words and amounts hold nothing that TOML would have to escape.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
