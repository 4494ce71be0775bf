//! `paywarden agents`. A token is printed once, where its owner asked for it, and must never be printed elsewhere.

use serde_json::{Value, json};

use super::args::Agents;
use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::Gate;

/// Lets agents in, names them and shuts them out.
pub(super) async fn agents(
    gate: &dyn Gate,
    command: &Agents,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        Agents::List => list(gate, printer).await,
        Agents::Register { id, label } => {
            token(gate, "agents.register", with_label(id, label.as_deref()), printer).await
        }
        Agents::Rotate { id } => token(gate, "agents.rotate", json!({ "id": id }), printer).await,
        Agents::Label { id, label } => {
            let arguments = with_label(id, label.as_deref());
            let done = if label.is_some() { "is renamed" } else { "has no label any more" };
            change(gate, "agents.label", arguments, done, printer).await
        }
        Agents::Revoke { id } => {
            let done = "is shut out; it can be let in again with `paywarden agents register`";
            change(gate, "agents.revoke", json!({ "id": id }), done, printer).await
        }
    }
}

async fn list(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "agents.list", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    let agents = answer.output["agents"].as_array().cloned().unwrap_or_default();
    if agents.is_empty() {
        printer.line("No agent has a token: whoever starts this server may ask.")?;
        printer.line("The first `paywarden agents register` changes that for good.")?;
    }
    for agent in &agents {
        let state = match (text(agent, "revokedAt"), text(agent, "rotatedAt")) {
            ("", "") => format!("since {}", text(agent, "registeredAt")),
            ("", rotated) => format!("new token {rotated}"),
            (revoked, _) => format!("REVOKED {revoked}"),
        };
        let label = match text(agent, "label") {
            "" => String::new(),
            label => format!("  {}", escape(label)),
        };
        printer.line(format_args!("{:<24} {state}{label}", text(agent, "id")))?;
    }
    Ok(Exit::Done)
}

async fn token(
    gate: &dyn Gate,
    operation: &str,
    arguments: Value,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let answer = ask(gate, operation, arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let agent = Value::Object(answer.output);
    printer.line(format_args!("The token of {}, shown this once:", text(&agent, "id")))?;
    printer.line(format_args!("  {}", text(&agent, "token")))?;
    printer
        .line("Give it to the agent's host as PAYWARDEN_AGENT_TOKEN, in the env of its config.")?;
    printer.line("An agent without a token that is in force is refused.")?;
    Ok(answer.verdict.into())
}

async fn change(
    gate: &dyn Gate,
    operation: &str,
    arguments: Value,
    done: &str,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let answer = ask(gate, operation, arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let agent = Value::Object(answer.output);
        printer.line(format_args!("{} {done}.", text(&agent, "id")))?;
    }
    Ok(answer.verdict.into())
}

fn with_label(id: &str, label: Option<&str>) -> Value {
    match label {
        Some(label) => json!({ "id": id, "label": label }),
        None => json!({ "id": id }),
    }
}
