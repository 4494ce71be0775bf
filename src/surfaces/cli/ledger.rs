//! `paywarden ledger`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::args::{Export, Verify};
use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::failure::Failure;
use crate::limits;
use crate::operations::Gate;
use crate::operations::offline::{self, LedgerFile};

/// Events from one seq on, or the last ones; those of one payment from its first on.
pub(super) async fn show(
    gate: &dyn Gate,
    from: Option<u64>,
    limit: Option<u32>,
    payment: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut question = json!({});
    if let Some(id) = payment {
        question["paymentId"] = json!(id);
        question["from"] = json!(from.unwrap_or(1));
        question["limit"] = json!(limit.unwrap_or(limits::LEDGER_PAGE));
    } else {
        let limit = limit.unwrap_or(limits::PAGE_DEFAULT);
        question["limit"] = json!(limit);
        question["from"] = json!(match from {
            Some(from) => from,
            None => (last_seq(gate).await? + 1).saturating_sub(u64::from(limit)).max(1),
        });
    }
    let answer = ask(gate, "ledger.events", question).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    for event in answer.output["events"].as_array().into_iter().flatten() {
        print_event(event, printer)?;
    }
    if let Some(next) = answer.output.get("next") {
        let of = payment.map(|id| format!(" --payment {}", escape(id))).unwrap_or_default();
        printer.note(format_args!("More: `paywarden ledger show{of} --from {next}`"));
    }
    Ok(Exit::Done)
}

/// Checks the wallet's own chain.
pub(super) async fn verify(
    gate: &dyn Gate,
    deep: bool,
    expect_heads: &[String],
    printer: Printer,
) -> Result<Exit, Trouble> {
    let arguments = json!({ "deep": deep, "expectHeads": expect_heads });
    let answer = ask(gate, "ledger.verify", arguments).await?;
    print_verdict(answer.output, "", printer)?;
    Ok(answer.verdict.into())
}

/// Checks an exported file, if one is named.
pub(super) fn verify_file(arguments: &Verify, printer: Printer) -> Option<Result<Exit, Trouble>> {
    let file = arguments.file.clone()?;
    if arguments.key.is_none() && !arguments.hashes_only {
        let message = "a signature is checked with a public key, and --key names none";
        let failure = Failure::invalid("KEY_NEEDED", message).hint(
            "Give --key FILE (`paywarden ledger key` prints it), or --hashes-only to do without",
        );
        return Some(Err(failure.into()));
    }
    let ledger = LedgerFile {
        file,
        key: arguments.key.clone(),
        expect_heads: arguments.expect_head.clone(),
        anchor: arguments.anchor.clone(),
    };
    let note = if arguments.hashes_only { " Signatures were not looked at." } else { "" };
    Some(print_file_verdict(&ledger, note, printer))
}

fn print_file_verdict(ledger: &LedgerFile, note: &str, printer: Printer) -> Result<Exit, Trouble> {
    let verdict = ledger.verify()?;
    let exit = if verdict.holds() { Exit::Done } else { Exit::Refused };
    if let Value::Object(report) = serde_json::to_value(verdict).map_err(io::Error::from)? {
        print_verdict(report, note, printer)?;
    }
    Ok(exit)
}

/// Checks a receipt.
pub(super) fn verify_receipt(
    file: &Path,
    key: &Path,
    ledger: Option<&Path>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let receipt = offline::verify_receipt(file, key, ledger)?;
    if printer.is_json() {
        printer.value(&json!({ "ok": true, "receipt": receipt }))?;
        return Ok(Exit::Done);
    }
    let receipt = serde_json::to_value(receipt).map_err(io::Error::from)?;
    printer.line(format_args!(
        "The receipt holds: payment {} {}, {} {} in smallest units to {}.",
        escape(text(&receipt, "paymentId")),
        escape(text(&receipt, "status")),
        escape(text(&receipt, "amount")),
        escape(text(&receipt, "currency")),
        escape(text(&receipt, "payee"))
    ))?;
    if ledger.is_some() {
        printer.line("Its events and its head stand in the ledger, which holds.")?;
    }
    let head = &receipt["ledgerHead"];
    printer.line(format_args!("head {}:{}", head["seq"], text(head, "hash")))?;
    Ok(Exit::Done)
}

fn print_verdict(report: Map<String, Value>, note: &str, printer: Printer) -> Result<(), Trouble> {
    if printer.is_json() {
        return Ok(printer.value(&report)?);
    }
    let report = Value::Object(report);
    let (events, anchors) = (&report["events"], &report["anchors"]);
    if report["ok"] == true {
        let books = if report["deep"] == true { ", the books are exactly their fold" } else { "" };
        let keys = match report["rotations"].as_u64() {
            None | Some(0) => String::new(),
            Some(1) => ", the signing key changed once".to_owned(),
            Some(times) => format!(", the signing key changed {times} times"),
        };
        printer.line(format_args!(
            "The ledger holds: {events} events, {anchors} heads noted earlier found in it{keys}{books}.{note}"
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
        printer.line(format_args!("{events} events were read.{note}"))?;
    }
    Ok(())
}

/// Events, one JSON object a line, in the form their hashes are made of, page by page.
pub(super) async fn export(
    gate: &dyn Gate,
    arguments: &Export,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let out = arguments.out.as_deref();
    let mut target = target(out)?;
    let mut from = Some(arguments.from.unwrap_or(1));
    let mut written: u64 = 0;
    while let Some(seq) = from {
        let mut question = json!({ "from": seq, "limit": limits::LEDGER_PAGE });
        if let Some(id) = &arguments.payment {
            question["paymentId"] = Value::from(id.as_str());
        }
        let page = ask(gate, "ledger.events", question).await?.output;
        for event in page["events"].as_array().into_iter().flatten() {
            serde_json_canonicalizer::to_writer(event, &mut target).map_err(io::Error::from)?;
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

/// The head, as `--expect-head` takes it.
pub(super) async fn head(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "ledger.head", json!({})).await?.output;
    if printer.is_json() {
        printer.value(&answer)?;
    } else {
        let head = &answer["ledgerHead"];
        printer.line(format_args!("{}:{}", head["seq"], text(head, "hash")))?;
    }
    Ok(Exit::Done)
}

/// The public key, as `--key` takes it.
pub(super) async fn key(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "ledger.head", json!({})).await?.output;
    if printer.is_json() {
        printer.value(&json!({ "keyId": answer["keyId"], "ledgerKey": answer["ledgerKey"] }))?;
    } else {
        printer.line(answer["ledgerKey"].as_str().unwrap_or_default().trim_end())?;
    }
    Ok(Exit::Done)
}

/// A new signing key.
pub(super) async fn rotate_key(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "ledger.rotate_key", json!({})).await?.output;
    if printer.is_json() {
        printer.value(&answer)?;
        return Ok(Exit::Done);
    }
    let (old, new) = (answer["oldKeyId"].as_str(), answer["keyId"].as_str());
    printer.line(format_args!(
        "The ledger is signed by the key {} from now on; {} is retired.",
        new.unwrap_or_default(),
        old.unwrap_or_default()
    ))?;
    printer
        .line("Whoever has the old public key can go on with it. Back up ledger-key.pem anew.")?;
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

async fn last_seq(gate: &dyn Gate) -> Result<u64, Failure> {
    let answer = ask(gate, "ledger.head", json!({})).await?;
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
