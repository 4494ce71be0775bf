//! `paywarden approvals watch`: what waits for the owner, as it comes and goes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::approvals::print_waiting;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::clock::{Clock, SystemClock};
use crate::operations::Gate;

/// Prints each approval once when it comes, and says when it is answered or lapses. With `--json` one object a line.
/// Ends when the process is told to.
pub(super) async fn watch(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let mut shown: BTreeMap<String, Value> = BTreeMap::new();
    if !printer.is_json() {
        printer.line("Waiting for approvals. Ctrl-C ends this; it changes nothing.")?;
    }
    loop {
        let answer = ask(gate, "approvals.list", json!({})).await?;
        let waiting: BTreeMap<String, Value> = answer.output["approvals"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|approval| (text(approval, "approvalId").to_owned(), approval.clone()))
            .collect();
        for (id, approval) in &waiting {
            if !shown.contains_key(id) {
                came(approval, printer)?;
            }
        }
        for (id, approval) in &shown {
            if !waiting.contains_key(id) {
                went(gate, id, approval, printer).await?;
            }
        }
        shown = waiting;
        SystemClock.sleep(LOOK_EVERY).await;
    }
}

fn came(approval: &Value, printer: Printer) -> Result<(), Trouble> {
    if printer.is_json() {
        return printer.json_line(&json!({ "event": "waiting", "approval": approval }));
    }
    print_waiting(approval, printer)?;
    let id = text(approval, "approvalId");
    let short = id.get(..8).unwrap_or(id);
    printer.line(format_args!("    -> paywarden approvals approve {short} | reject {short}"))?;
    Ok(())
}

async fn went(
    gate: &dyn Gate,
    id: &str,
    approval: &Value,
    printer: Printer,
) -> Result<(), Trouble> {
    let arguments = json!({ "paymentId": text(approval, "paymentId") });
    let payment = ask(gate, "get_payment_status", arguments).await?.output;
    let status = payment.get("status").and_then(Value::as_str).unwrap_or_default();
    if printer.is_json() {
        let gone = json!({ "event": "answered", "approvalId": id, "status": status });
        return printer.json_line(&gone);
    }
    printer.line(format_args!("  {}: {status}", id.get(..8).unwrap_or(id)))?;
    Ok(())
}

const LOOK_EVERY: Duration = Duration::from_millis(300);
