//! `paywarden report`. It must never work a number out: what it prints is what the operation answered.

use serde_json::{Value, json};

use super::escape::escape;
use super::mandate_print::bar_line;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::{Gate, money_shown};

/// What was spent.
pub(super) async fn report(
    gate: &dyn Gate,
    since: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let arguments = since.map_or(json!({}), |since| json!({ "since": since }));
    let answer = ask(gate, "operator.report", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    let report = Value::Object(answer.output);
    if let Some(since) = report["since"].as_str() {
        printer.line(format_args!(
            "since      {since}; what is held, waits or is left is as of now"
        ))?;
    }
    let payments = &report["payments"];
    printer.line(format_args!(
        "payments   {} settled, {} held, {} denied, {} blocked, {} failed",
        payments["settled"],
        payments["held"],
        payments["denied"],
        payments["blocked"],
        payments["failed"]
    ))?;
    printer.line(format_args!("approvals  {} waiting", report["pendingApprovals"]))?;
    for total in report["totals"].as_array().into_iter().flatten() {
        let currency = text(total, "currency");
        let shown = |field: &str| money_shown(text(total, field), currency);
        printer.line(format_args!(
            "{:<10} {} settled, {} held",
            escape(currency),
            shown("settled"),
            shown("held")
        ))?;
    }
    print_orders(&report["orders"], printer)?;
    print_mandates(&report["mandates"], printer)?;
    print_shares("agents", &report["byAgent"], "agentId", printer)?;
    print_shares("rails", &report["byRail"], "rail", printer)?;
    let head = &report["ledgerHead"];
    printer.line(format_args!("ledger     {}:{}", head["seq"], text(head, "hash")))?;
    Ok(Exit::Done)
}

fn print_orders(orders: &Value, printer: Printer) -> Result<(), Trouble> {
    for order in orders.as_array().into_iter().flatten() {
        printer.line(format_args!(
            "order      {} at {}: {}, payment {}",
            escape(text(order, "orderId")),
            escape(text(order, "merchantId")),
            text(order, "amountText"),
            text(order, "paymentId")
        ))?;
    }
    Ok(())
}

fn print_mandates(mandates: &Value, printer: Printer) -> Result<(), Trouble> {
    let mandates = mandates.as_array().map(Vec::as_slice).unwrap_or_default();
    if !mandates.is_empty() {
        printer.line("mandates")?;
    }
    for mandate in mandates {
        let revoked = if mandate["revoked"] == true { "  revoked" } else { "" };
        printer.line(format_args!("  {}{revoked}", escape(text(mandate, "id"))))?;
        match mandate["budgets"].as_array() {
            None => printer.line(format_args!("    {}", bar_line(mandate)))?,
            Some(budgets) => {
                for budget in budgets {
                    printer.line(format_args!("    {}", bar_line(budget)))?;
                }
            }
        }
    }
    Ok(())
}

fn print_shares(
    heading: &str,
    shares: &Value,
    name: &str,
    printer: Printer,
) -> Result<(), Trouble> {
    let shares = shares.as_array().map(Vec::as_slice).unwrap_or_default();
    if !shares.is_empty() {
        printer.line(heading)?;
    }
    for share in shares {
        let name = share[name].as_str().unwrap_or("(no agent)");
        let spent = share["settledByCurrency"].as_object().into_iter().flatten();
        let spent: Vec<_> = spent
            .map(|(currency, units)| money_shown(units.as_str().unwrap_or_default(), currency))
            .collect();
        let spent = if spent.is_empty() { "nothing".to_owned() } else { spent.join(", ") };
        printer.line(format_args!(
            "  {:<10} {spent} in {} payments; {} denied, {} blocked, {} failed, {} waiting",
            escape(name),
            share["settled"],
            share["denied"],
            share["blocked"],
            share["failed"],
            share["pendingApprovals"]
        ))?;
    }
    Ok(())
}
