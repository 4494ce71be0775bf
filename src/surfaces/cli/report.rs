//! `paywarden report`.

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::Gate;

/// What was spent.
pub(super) async fn report(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "operator.report", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    let report = Value::Object(answer.output);
    let payments = &report["payments"];
    printer.line(format_args!(
        "payments   {} settled, {} denied, {} failed",
        payments["settled"], payments["denied"], payments["failed"]
    ))?;
    printer.line(format_args!("approvals  {} waiting", report["pendingApprovals"]))?;
    for total in report["totals"].as_array().into_iter().flatten() {
        printer.line(format_args!(
            "{:<10} {} settled, {} held",
            escape(text(total, "currency")),
            text(total, "settled"),
            text(total, "held")
        ))?;
    }
    let head = &report["ledgerHead"];
    printer.line(format_args!("ledger     {}:{}", head["seq"], text(head, "hash")))?;
    Ok(Exit::Done)
}
