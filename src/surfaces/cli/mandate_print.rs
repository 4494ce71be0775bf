//! Mandates for a person. What an agent has written is marked as its words, and escaped.

use serde_json::Value;

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{money, text};
use crate::operations::{Answer, money_shown};

/// Mandates with their budgets, and drafts that wait.
pub(super) fn list(answer: Answer, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let output = Value::Object(answer.output);
    let mandates = output["mandates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let proposed = output["proposed"].as_array().map(Vec::as_slice).unwrap_or_default();
    if mandates.is_empty() && proposed.is_empty() {
        printer.line("There are no mandates. `paywarden mandates create --help` shows how.")?;
    }
    for mandate in mandates {
        print_mandate(mandate, printer)?;
    }
    for draft in proposed {
        print_draft(draft, printer)?;
    }
    Ok(answer.verdict.into())
}

fn print_mandate(mandate: &Value, printer: Printer) -> Result<(), Trouble> {
    let (id, status) = (escape(text(mandate, "id")), text(mandate, "status"));
    printer.line(format_args!("{id}  {status}, version {}", mandate["version"]))?;
    for budget in mandate["budgets"].as_array().into_iter().flatten() {
        let currency = text(budget, "currency");
        let shown = |part: &Value, field: &str| money_shown(text(part, field), currency);
        printer.line(format_args!("  {}", bar_line(budget)))?;
        let window = &budget["window"];
        if window.is_object() {
            let days = window["durationMs"].as_u64().unwrap_or_default() / 1_000;
            let left = match text(window, "remaining") {
                "" => String::new(),
                left => format!(", {} left", money_shown(left, currency)),
            };
            let count = match window["paymentsRemaining"].as_u64() {
                None => String::new(),
                Some(count) => format!(", {count} payments left"),
            };
            let spent = shown(window, "spent");
            printer.line(format_args!("    in {days} s: {spent} spent{left}{count}"))?;
        }
    }
    print_rules(mandate, printer)
}

/// A budget with its bar.
pub(super) fn bar_line(budget: &Value) -> String {
    let shown = |field: &str| money_shown(text(budget, field), text(budget, "currency"));
    let (spent, held) = (shown("spent"), shown("held"));
    let (left, cap) = (shown("remaining"), shown("cap"));
    let bar = bar(text(budget, "remaining"), text(budget, "cap"));
    format!("{bar} {spent} spent, {held} held, {left} left of {cap}")
}

fn print_rules(mandate: &Value, printer: Printer) -> Result<(), Trouble> {
    for field in RULES {
        let value = &mandate[field];
        if value.is_null() {
            continue;
        }
        let words = match value {
            Value::String(words) => words.clone(),
            Value::Object(money) if money.contains_key("currency") => {
                money_shown(text(value, "amount"), text(value, "currency"))
            }
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        printer.line(format_args!("    {field}: {}", escape(&words)))?;
    }
    Ok(())
}

fn print_draft(draft: &Value, printer: Printer) -> Result<(), Trouble> {
    let id = text(draft, "proposalId");
    let mandate = &draft["mandate"];
    let agent = match text(draft, "agentId") {
        "" => "an agent".to_owned(),
        agent => format!("agent {}", escape(agent)),
    };
    let cap = money(mandate, "cap");
    let name = escape(text(mandate, "id"));
    printer.line(format_args!("proposed {id}: {name}, {} by {agent}", escape(&cap)))?;
    print_rules(mandate, printer)?;
    if let Some(note) = draft["note"].as_str() {
        printer.line(format_args!("    note: \"{}\" (the agent's words)", escape(note)))?;
    }
    // What is granted must be seen whole: caps in further currencies, windows.
    printer.line(format_args!("    whole: {}", escape(&mandate.to_string())))?;
    printer.line(format_args!("    `paywarden mandates grant {id}` or `... reject {id}`"))?;
    Ok(())
}

/// How much of a budget is used, at a glance.
fn bar(left: &str, cap: &str) -> String {
    let number = |text: &str| text.parse::<f64>().unwrap_or_default();
    let used = if number(cap) > 0.0 { 1.0 - number(left) / number(cap) } else { 1.0 };
    let full = (0..BAR).filter(|step| f64::from(*step) < used * f64::from(BAR)).count();
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR as usize - full))
}

const RULES: [&str; 11] = [
    "perTxnCap",
    "perItemCap",
    "rails",
    "allowedHours",
    "allowedPayees",
    "allowedCategories",
    "blockedCategories",
    "allowedMerchants",
    "allowedMerchantDomains",
    "agentId",
    "expiresAt",
];
const BAR: u32 = 10;
