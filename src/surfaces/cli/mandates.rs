//! `paywarden mandates`.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::approvals::matching;
use super::escape::escape;
use super::mandate_args::{MandateArgs, Mandates};
use super::mandate_print::list;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Answer, Gate, mandate_json, money_json};

/// Carries out one of its commands.
pub(super) async fn mandates(
    gate: &dyn Gate,
    command: &Mandates,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        Mandates::List { revoked } => {
            let answer = ask(gate, "mandates.list", json!({ "revoked": revoked })).await?;
            list(answer, printer)
        }
        Mandates::Show { id } => {
            list(ask(gate, "mandates.list", json!({ "mandateId": id })).await?, printer)
        }
        Mandates::Create(mandate) => {
            let body = whole(mandate)?;
            refuse_in_force(gate, &body).await?;
            let body = json!({ "mandate": body });
            written(ask(gate, "mandates.create", body).await?, printer)
        }
        Mandates::Amend(mandate) => {
            let body = json!({ "mandate": amended(gate, mandate).await? });
            written(ask(gate, "mandates.amend", body).await?, printer)
        }
        Mandates::Revoke { id, reason } => {
            let arguments = with_reason(json!({ "mandateId": id }), reason.as_deref());
            written(ask(gate, "mandates.revoke", arguments).await?, printer)
        }
        Mandates::Grant { id } => {
            let id = complete(gate, id).await?;
            written(ask(gate, "mandates.grant", json!({ "proposalId": id })).await?, printer)
        }
        Mandates::Reject { id, reason } => {
            let id = complete(gate, id).await?;
            let arguments = with_reason(json!({ "proposalId": id }), reason.as_deref());
            let answer = ask(gate, "mandates.reject", arguments).await?;
            if printer.is_json() {
                printer.value(&answer.output)?;
            } else {
                printer.line(format_args!("Rejected proposal {id}."))?;
            }
            Ok(answer.verdict.into())
        }
    }
}

/// A mandate that was typed or read whole.
fn whole(arguments: &MandateArgs) -> Result<Value, Failure> {
    match &arguments.file {
        Some(path) => mandate_json(&read(path)?),
        None if arguments.cap.is_none() => {
            let failure = Failure::invalid("INVALID_MANDATE", "a mandate has a cap");
            Err(failure.hint("Give --cap, such as --cap \"5 XNO\""))
        }
        None => mandate_json(&Value::Object(typed(arguments)?).to_string()),
    }
}

/// A mandate in force with what was typed in the place of what it said: a limit that is not named must not be lost.
async fn amended(gate: &dyn Gate, arguments: &MandateArgs) -> Result<Value, Trouble> {
    let (Some(id), None) = (&arguments.id, &arguments.file) else { return Ok(whole(arguments)?) };
    let typed = typed(arguments)?;
    let answer = ask(gate, "mandates.list", json!({ "mandateId": id })).await?;
    let mut body = own_fields(&answer.output["mandates"][0]);
    body.extend(typed);
    Ok(mandate_json(&Value::Object(body).to_string())?)
}

/// Another mandate under the same id would take the place of one in force, with all its limits.
async fn refuse_in_force(gate: &dyn Gate, body: &Value) -> Result<(), Trouble> {
    let id = text(body, "id");
    let found = match ask(gate, "mandates.list", json!({ "mandateId": id })).await {
        Ok(answer) => answer.output,
        Err(failure) if failure.code == "UNKNOWN_MANDATE" => return Ok(()),
        Err(failure) => return Err(failure.into()),
    };
    let there = &found["mandates"][0];
    if there["status"] == "revoked" || Value::Object(own_fields(there)) == *body {
        return Ok(());
    }
    let message = format!("there is a mandate {id} in force already");
    let hint = "`paywarden mandates amend` changes what you name of it";
    Err(Failure::refused("MANDATE_EXISTS", message).hint(hint).into())
}

/// A listed mandate without what is shown beside it.
fn own_fields(listed: &Value) -> Map<String, Value> {
    let mut body = listed.as_object().cloned().unwrap_or_default();
    body.retain(|field, _| !SHOWN_ONLY.contains(&field.as_str()));
    body
}

/// The fields that were typed.
fn typed(arguments: &MandateArgs) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    let mut put = |field: &str, value: Option<Value>| {
        body.extend(value.map(|value| (field.to_owned(), value)));
    };
    let money = |text: &Option<String>| text.as_deref().map(money_json).transpose();
    let list = |entries: &[String]| (!entries.is_empty()).then(|| json!(entries));
    put("id", arguments.id.as_ref().map(|id| json!(id)));
    put("cap", money(&arguments.cap)?);
    put("perTxnCap", money(&arguments.per_txn_cap)?);
    put("perItemCap", money(&arguments.per_item_cap)?);
    put("window", window(arguments)?);
    let further: Result<Vec<Value>, Failure> =
        arguments.also_cap.iter().map(|text| Ok(json!({ "cap": money_json(text)? }))).collect();
    put("caps", Some(further?).filter(|caps| !caps.is_empty()).map(Value::Array));
    put("rails", list(&arguments.rail));
    put("allowedPayees", list(&arguments.payee));
    put("allowedCategories", list(&arguments.category));
    put("blockedCategories", list(&arguments.block_category));
    put("allowedMerchants", list(&arguments.merchant));
    put("allowedMerchantDomains", list(&arguments.merchant_domain));
    put("agentId", arguments.agent.as_ref().map(|agent| json!(agent)));
    put("expiresAt", arguments.expires.as_ref().map(|time| json!(time)));
    put("allowedHours", hours(arguments)?);
    Ok(body)
}

fn window(arguments: &MandateArgs) -> Result<Option<Value>, Failure> {
    let Some(duration_ms) = arguments.window else { return Ok(None) };
    let mut window = json!({ "durationMs": duration_ms });
    if let Some(cap) = &arguments.window_cap {
        window["cap"] = money_json(cap)?;
    }
    if let Some(count) = arguments.max_count {
        window["maxCount"] = json!(count);
    }
    Ok(Some(window))
}

fn hours(arguments: &MandateArgs) -> Result<Option<Value>, Failure> {
    let (Some(hours), Some(zone)) = (&arguments.hours, &arguments.time_zone) else {
        return Ok(None);
    };
    let Some((from, to)) = hours.split_once('-') else {
        let message = "hours are written FROM-TO, such as 08:00-18:00";
        return Err(Failure::invalid("INVALID_MANDATE", message));
    };
    let mut value = json!({ "from": from, "to": to, "timeZone": zone });
    if !arguments.days.is_empty() {
        value["days"] = json!(arguments.days);
    }
    Ok(Some(value))
}

/// A file of a mandate is small; a large one is not read.
fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the mandate cannot be read: {error}");
        Failure::invalid("INVALID_MANDATE", message)
    };
    let most = limits::MANDATE_BYTES as u64 * SPACE;
    let mut text = String::new();
    let taken = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(most).read_to_string(&mut text)
    };
    taken.map_err(unreadable)?;
    Ok(text)
}

/// The one proposal whose id begins like this.
async fn complete(gate: &dyn Gate, prefix: &str) -> Result<String, Failure> {
    if prefix.len() < PREFIX_CHARS {
        let message = format!("{prefix:?} is too short: give {PREFIX_CHARS} characters or more");
        return Err(Failure::invalid("INVALID_PROPOSAL_ID", message));
    }
    let answer = ask(gate, "mandates.list", json!({})).await?;
    let waiting = answer.output["proposed"].as_array().into_iter().flatten();
    let ids = waiting.map(|proposal| text(proposal, "proposalId"));
    matching(prefix, ids).map_err(|failure| match &*failure.code {
        "APPROVAL_NOT_WAITING" => {
            let message = format!("no proposed mandate that waits begins with {prefix:?}");
            Failure::refused("PROPOSAL_NOT_WAITING", message)
                .hint("`paywarden mandates list` shows what waits")
        }
        _ => failure,
    })
}

fn with_reason(mut arguments: Value, reason: Option<&str>) -> Value {
    if let Some(reason) = reason {
        arguments["reason"] = json!(reason);
    }
    arguments
}

fn written(answer: Answer, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let result = Value::Object(answer.output);
        let (id, status) = (text(&result, "mandateId"), text(&result, "status"));
        let version = &result["version"];
        printer.line(format_args!("Mandate {} is {status}, version {version}.", escape(id)))?;
    }
    Ok(answer.verdict.into())
}

/// What a listed mandate shows beside its own fields.
const SHOWN_ONLY: &[&str] =
    &["version", "status", "createdAt", "changedAt", "revokedAt", "budgets"];
const PREFIX_CHARS: usize = 4;
/// A file may hold so many times more space than its mandate.
const SPACE: u64 = 4;
