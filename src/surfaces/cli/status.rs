//! `paywarden status`.

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::Gate;

/// The wallet at a glance.
pub(super) async fn status(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "operator.status", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let status = Value::Object(answer.output);
    let network = text(&status, "network");
    let money = if network == "sandbox" { " (play money)" } else { "" };
    printer.line(format_args!("wallet     {} on {network}{money}", text(&status, "walletId")))?;
    printer.line(format_args!("state      {}", state(&status)))?;
    printer.line(format_args!("mode       {}", text(&status, "mode")))?;
    if let Some(ahead_ms) = status["clock"]["aheadMs"].as_u64()
        && status["clock"]["jumped"] == true
    {
        let ahead = ahead(ahead_ms);
        printer.line(format_args!(
            "clock      {ahead} ahead of the time since this machine was started:"
        ))?;
        printer.line("           budgets count as if that had not passed; if the date is right: `paywarden clock accept`")?;
    }
    for account in status["accounts"].as_array().into_iter().flatten() {
        print_account(account, printer)?;
    }
    let payments = &status["payments"];
    printer.line(format_args!(
        "payments   {} asked for, {} settled, {} denied, {} failed",
        payments["requested"], payments["settled"], payments["denied"], payments["failed"]
    ))?;
    if let Some(disputed) = payments["disputed"].as_u64() {
        printer.line(format_args!(
            "disputed   {disputed} took more than was decided on, or bought something else: look for payment.disputed in `paywarden ledger show`"
        ))?;
    }
    let waiting = status["pendingApprovals"].as_u64().unwrap_or_default();
    let next = if waiting > 0 { ": `paywarden approvals list`" } else { "" };
    printer.line(format_args!("approvals  {waiting} waiting{next}"))?;
    let head = &status["ledgerHead"];
    printer.line(format_args!("ledger     {}:{}", head["seq"], text(head, "hash")))?;
    Ok(answer.verdict.into())
}

/// A time for a person: days, hours or minutes.
pub(super) fn ahead(ms: u64) -> String {
    match ms / 60_000 {
        minutes @ 0..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}

fn state(status: &Value) -> String {
    if status["frozen"] != true {
        return "live".to_owned();
    }
    let since = match text(status, "changedAt") {
        "" => String::new(),
        at => format!(" since {at}"),
    };
    format!(
        "FROZEN{since}: {} (`paywarden unfreeze` lifts it, or says what comes first)",
        escape(text(status, "reason"))
    )
}

fn print_account(account: &Value, printer: Printer) -> Result<(), Trouble> {
    let index = &account["index"];
    printer.line(format_args!("account {index}  {}", text(account, "address")))?;
    let (balance, reserved) = (text(account, "balance"), text(account, "reserved"));
    let held = match account["openPayments"].as_u64() {
        Some(open) if open > 0 => format!(", {reserved} XNO of it held by {open} open payments"),
        _ => String::new(),
    };
    printer.line(format_args!("           {balance} XNO{held}"))?;
    if let Some(alarm) = account["alarm"].as_str() {
        let alarm = escape(alarm);
        printer.line(format_args!("           ALARM, signs nothing more: {alarm}"))?;
        printer
            .line("           `paywarden reconcile` lists what the network holds, and lifts it")?;
    }
    Ok(())
}
