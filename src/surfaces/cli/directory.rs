//! `paywarden payees` and `paywarden merchants`: the owner's tables, by which mandates know a category.

use serde_json::{Value, json};

use super::escape::escape;
use super::mandate_args::Entries;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::limits;
use crate::operations::Gate;

/// Which table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// Its name in operations and answers.
    name: &'static str,
    /// What its keys are called.
    key: &'static str,
}

/// By address.
pub(super) const PAYEES: Table = Table { name: "payees", key: "address" };
/// By the merchant's id.
pub(super) const MERCHANTS: Table = Table { name: "merchants", key: "id" };

/// Carries out one of its commands.
pub(super) async fn entries(
    gate: &dyn Gate,
    table: Table,
    command: &Entries,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let operation = |verb: &str| format!("{}.{verb}", table.name);
    let (answer, word) = match command {
        Entries::List => return list(gate, table, printer).await,
        Entries::Set { key, category, label } => {
            let mut arguments = json!({ table.key: key });
            for (field, value) in [("category", category), ("label", label)] {
                if let Some(value) = value {
                    arguments[field] = json!(value);
                }
            }
            (ask(gate, &operation("set"), arguments).await?, "Set")
        }
        Entries::Remove { key } => {
            (ask(gate, &operation("remove"), json!({ table.key: key })).await?, "Removed")
        }
    };
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let result = Value::Object(answer.output);
        printer.line(format_args!("{word} {}.", escape(text(&result, "key"))))?;
    }
    Ok(answer.verdict.into())
}

/// All pages.
async fn list(gate: &dyn Gate, table: Table, printer: Printer) -> Result<Exit, Trouble> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map(|entry| text(entry, "key").to_owned());
        let arguments = after.map_or_else(|| json!({}), |after| json!({ "after": after }));
        let answer = ask(gate, &format!("{}.list", table.name), arguments).await?;
        let page = answer.output[table.name].as_array().cloned().unwrap_or_default();
        let last = page.len() < limits::PAGE_MAX as usize;
        all.extend(page);
        if last {
            break;
        }
    }
    if printer.is_json() {
        printer.value(&json!({ table.name: all }))?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        printer.line(format_args!("There are no {}.", table.name))?;
    }
    for entry in &all {
        let (label, category) = (escape(text(entry, "label")), escape(text(entry, "category")));
        let key = escape(text(entry, "key"));
        printer.line(format_args!("{key}  {category}  {label}"))?;
    }
    Ok(Exit::Done)
}
