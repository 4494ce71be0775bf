//! `paywarden ledger`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::failure::Failure;
use crate::limits;
use crate::operations::Gate;

/// Events from one seq on, or the last ones.
pub(super) async fn show(
    gate: &dyn Gate,
    from: Option<u64>,
    limit: u32,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let from = match from {
        Some(from) => from,
        None => (head(gate).await? + 1).saturating_sub(u64::from(limit)).max(1),
    };
    let answer = ask(gate, "ledger.events", json!({ "from": from, "limit": limit })).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    for event in answer.output["events"].as_array().into_iter().flatten() {
        print_event(event, printer)?;
    }
    if let Some(next) = answer.output.get("next") {
        printer.note(format_args!("More: `paywarden ledger show --from {next}`"));
    }
    Ok(Exit::Done)
}

/// Every event of one payment.
pub(super) async fn show_payment(
    gate: &dyn Gate,
    id: &str,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let answer = ask(gate, "get_payment_status", json!({ "paymentId": id })).await?;
    let mut events = Vec::new();
    for step in answer.output["trail"].as_array().into_iter().flatten() {
        let page = ask(gate, "ledger.events", json!({ "from": step["seq"], "limit": 1 })).await?;
        events.extend(page.output["events"].as_array().cloned().unwrap_or_default());
    }
    if printer.is_json() {
        printer.value(&json!({ "events": events, "network": answer.output["network"] }))?;
    } else {
        for event in &events {
            print_event(event, printer)?;
        }
    }
    Ok(Exit::Done)
}

/// Checks the chain.
pub(super) async fn verify(
    gate: &dyn Gate,
    deep: bool,
    expect_heads: &[String],
    printer: Printer,
) -> Result<Exit, Trouble> {
    let arguments = json!({ "deep": deep, "expectHeads": expect_heads });
    let answer = ask(gate, "ledger.verify", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let report = Value::Object(answer.output);
    let (events, anchors) = (&report["events"], &report["anchors"]);
    if report["ok"] == true {
        let books = if deep { ", the books are exactly their fold" } else { "" };
        printer.line(format_args!(
            "The ledger holds: {events} events, {anchors} heads noted earlier found in it{books}."
        ))?;
        let head = &report["ledgerHead"];
        printer.line(format_args!("head {}:{}", head["seq"], text(head, "hash")))?;
    } else {
        let place = match report["brokenAt"].as_u64() {
            Some(seq) => format!(" at event {seq}"),
            None => String::new(),
        };
        let reason = escape(text(&report, "reason"));
        printer.line(format_args!("The ledger is BROKEN{place}: {reason}"))?;
        printer.line(format_args!("{events} events were read."))?;
    }
    Ok(answer.verdict.into())
}

/// All events, one JSON object a line, page by page.
pub(super) async fn export(
    gate: &dyn Gate,
    out: Option<&Path>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut target = target(out)?;
    let mut from = Some(1);
    let mut written: u64 = 0;
    while let Some(seq) = from {
        let arguments = json!({ "from": seq, "limit": limits::LEDGER_PAGE });
        let page = ask(gate, "ledger.events", arguments).await?.output;
        for event in page["events"].as_array().into_iter().flatten() {
            serde_json::to_writer(&mut target, event).map_err(io::Error::from)?;
            target.write_all(b"\n")?;
            written += 1;
        }
        from = page.get("next").and_then(Value::as_u64);
    }
    target.flush()?;
    if out.is_some() && !printer.is_json() {
        printer.line(format_args!("{written} events written."))?;
    } else if out.is_some() {
        printer.value(&json!({ "events": written }))?;
    }
    Ok(Exit::Done)
}

/// A file that is there is somebody's evidence, and is never written over.
fn target(out: Option<&Path>) -> Result<Box<dyn Write + Send>, Failure> {
    let Some(path) = out else { return Ok(Box::new(BufWriter::new(io::stdout()))) };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let file: File = options.open(path).map_err(|error| {
        Failure::invalid("OUTPUT_FILE", format!("{} cannot be made: {error}", path.display()))
            .hint("Give a file that does not exist yet, in a directory that does")
    })?;
    Ok(Box::new(BufWriter::new(file)))
}

async fn head(gate: &dyn Gate) -> Result<u64, Failure> {
    let answer = ask(gate, "ledger.events", json!({ "limit": 1 })).await?;
    Ok(answer.output["ledgerHead"]["seq"].as_u64().unwrap_or_default())
}

fn print_event(event: &Value, printer: Printer) -> Result<(), Trouble> {
    let payment = text(event, "paymentId");
    let payment = payment.get(..8).unwrap_or(payment);
    let seal = if event.get("signature").is_some() { "signed" } else { "" };
    printer.line(format_args!(
        "{:>6}  {}  {:<20} {payment:<8} {seal:<6} {}",
        event["seq"].to_string(),
        text(event, "at"),
        text(event, "type"),
        escape(&event["data"].to_string())
    ))?;
    Ok(())
}
