//! `paywarden policy`. A file is a draft: nothing here may act on one but by `policy.apply`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::escape::escape;
use super::policy_args::{PolicyCommand, Simulate};
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, money, text};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Answer, Gate};

/// Carries out one of its commands; `home_draft` is read where no file is named.
pub(super) async fn policy(
    gate: &dyn Gate,
    command: &PolicyCommand,
    home_draft: &Path,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let draft = |file: &Option<_>| read(file.as_deref(), home_draft);
    match command {
        PolicyCommand::Check { file } => check(gate, &draft(file)?, printer).await,
        PolicyCommand::Apply { file } => apply(gate, &draft(file)?, printer).await,
        PolicyCommand::Show { toml } => show(gate, *toml, printer).await,
        PolicyCommand::Explain { payment } => explain(gate, payment, printer).await,
        PolicyCommand::Simulate(wanted) => {
            simulate(gate, &draft(&wanted.file)?, wanted, printer).await
        }
    }
}

async fn check(gate: &dyn Gate, draft: &str, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "policy.check", json!({ "draft": draft })).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let checked = Value::Object(answer.output);
        printer.line(format_args!("The draft is good: {}", text(&checked, "policyHash")))?;
        print_changes(&checked, printer)?;
    }
    Ok(answer.verdict.into())
}

/// Shows what changes before it asks for the operator secret, and applies no other change than that.
async fn apply(gate: &dyn Gate, draft: &str, printer: Printer) -> Result<Exit, Trouble> {
    let checked = ask(gate, "policy.check", json!({ "draft": draft })).await?;
    let checked = Value::Object(checked.output);
    if !printer.is_json() {
        print_changes(&checked, printer)?;
    }
    let arguments = json!({ "draft": draft, "replaces": checked["policyHashInForce"] });
    let answer = ask(gate, "policy.apply", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let applied = Value::Object(answer.output);
        let word = if applied["changed"] == true { "In force now" } else { "Still in force" };
        printer.line(format_args!("{word}: {}", text(&applied, "policyHash")))?;
    }
    Ok(answer.verdict.into())
}

async fn show(gate: &dyn Gate, toml: bool, printer: Printer) -> Result<Exit, Trouble> {
    if toml && printer.is_json() {
        // The parser sees no conflict with an option that stands before the command.
        let message = "--toml prints a draft and --json JSON, whose `draft` holds the same";
        return Err(Failure::invalid("USAGE", message).hint("Give one of them").into());
    }
    let answer = ask(gate, "policy.show", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let shown = Value::Object(answer.output);
    if !toml {
        printer.line(format_args!("# In force since {}", text(&shown, "since")))?;
        printer.line(format_args!("# Hash {}", text(&shown, "policyHash")))?;
        printer.line("")?;
    }
    printer.line(text(&shown, "draft").trim_end())?;
    Ok(answer.verdict.into())
}

async fn explain(gate: &dyn Gate, payment: &str, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "policy.explain", json!({ "paymentId": payment })).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let told = Value::Object(answer.output);
    let (amount, payee) = (money(&told, "amount"), escape(text(&told, "payee")));
    let (id, status) = (text(&told, "paymentId"), text(&told, "status"));
    printer.line(format_args!("{id} is {status}: {amount} to {payee}"))?;
    let mandate = text(&told, "mandateId");
    for decision in told["decisions"].as_array().into_iter().flatten() {
        print_decision(decision, mandate, printer)?;
    }
    Ok(answer.verdict.into())
}

fn print_decision(decision: &Value, mandate: &str, printer: Printer) -> Result<(), Trouble> {
    let field = |name: &str| escape(text(decision, name));
    printer.line("")?;
    printer.line(format_args!(
        "{} at {}: {} {}, {}",
        decision["seq"],
        field("at"),
        field("outcome"),
        field("reasonCode"),
        field("reason")
    ))?;
    for rule in strings(decision, "rules") {
        printer.line(format_args!("  {}", escape(rule)))?;
    }
    let kept = if decision["policyInForce"] == true { "in force" } else { "replaced since" };
    printer.line(format_args!("  policy {} ({kept})", field("policyHash")))?;
    if let Some(version) = decision["mandateVersion"].as_u64() {
        printer.line(format_args!("  mandate {} version {version}", escape(mandate)))?;
    }
    for left in strings(decision, "remaining") {
        printer.line(format_args!("  left of {}", escape(left)))?;
    }
    if decision["wouldPass"].is_string() {
        printer.line(format_args!("  would pass: {}", field("wouldPass")))?;
    }
    Ok(())
}

async fn simulate(
    gate: &dyn Gate,
    draft: &str,
    wanted: &Simulate,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut arguments = Map::from_iter([("draft".to_owned(), json!(draft))]);
    for (field, number) in [("since", wanted.since), ("last", wanted.last)] {
        arguments.extend(number.map(|number| (field.to_owned(), json!(number))));
    }
    let answer = ask(gate, "policy.simulate", Value::Object(arguments)).await?;
    print_simulated(answer, printer)
}

fn print_simulated(answer: Answer, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let found = Value::Object(answer.output);
    printer.line(format_args!(
        "{} requests: {} decided the same, {} otherwise",
        found["requests"], found["same"], found["different"]
    ))?;
    let list = |field: &str| found[field].as_array().map(Vec::as_slice).unwrap_or_default();
    for moved in list("moves") {
        let (from, to) = (ruling(&moved["recorded"]), ruling(&moved["simulated"]));
        printer.line(format_args!("  {:>6}  {from} -> {to}", moved["payments"]))?;
    }
    let shown = list("differences");
    for one in shown {
        let (id, amount) = (text(one, "paymentId"), money(one, "amount"));
        let to = ruling(&one["simulated"]);
        let reason = escape(text(&one["simulated"], "reason"));
        printer.line(format_args!("{}  {id}  {amount}: {to}, {reason}", one["seq"]))?;
    }
    let different = found["different"].as_u64().unwrap_or_default();
    if different > shown.len() as u64 {
        printer.note(format_args!("The first {} are shown; --since goes on", shown.len()));
    }
    Ok(answer.verdict.into())
}

fn ruling(ruling: &Value) -> String {
    format!("{} {}", text(ruling, "outcome"), text(ruling, "reasonCode"))
}

fn strings<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    object[field].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn print_changes(checked: &Value, printer: Printer) -> Result<(), Trouble> {
    let changes = checked["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if changes.is_empty() {
        printer.line("It changes nothing.")?;
    }
    for change in changes {
        let side = |field: &str| escape(change[field].as_str().unwrap_or("not set"));
        let setting = escape(text(change, "setting"));
        printer.line(format_args!("  {setting}: {} -> {}", side("from"), side("to")))?;
    }
    Ok(())
}

/// A draft is small; of a large file no more is read than shows that it is too large.
fn read(named: Option<&Path>, home_draft: &Path) -> Result<String, Failure> {
    let most = limits::POLICY_BYTES as u64 + 1;
    let mut text = String::new();
    let taken = match named {
        Some(path) if path == Path::new("-") => {
            io::stdin().lock().take(most).read_to_string(&mut text)
        }
        path => File::open(path.unwrap_or(home_draft))
            .and_then(|file| file.take(most).read_to_string(&mut text)),
    };
    let Err(error) = taken else { return Ok(text) };
    let whose = if named.is_some() { "the draft" } else { "policy.toml in the wallet's home" };
    Err(Failure::invalid("POLICY_UNREADABLE", format!("{whose} cannot be read: {error}")).hint(
        "`paywarden policy show --toml > policy.toml` makes a draft; give `policy check` its name",
    ))
}
