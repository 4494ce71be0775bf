//! `paywarden wallet send | history | representative`: the owner's own payments, history and representative. Policy decides here too.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::args::{OwnWallet, Send};
use super::escape::escape;
use super::history;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::{Gate, Verdict};

/// Carries out one of them.
pub(super) async fn own(
    gate: &dyn Gate,
    command: &OwnWallet,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        OwnWallet::Send(send) => pay(gate, send, printer).await,
        OwnWallet::History(wanted) => history::history(gate, wanted, printer).await,
        OwnWallet::Representative { account, index } => {
            representative(gate, account.as_deref(), *index, printer).await
        }
    }
}

async fn pay(gate: &dyn Gate, send: &Send, printer: Printer) -> Result<Exit, Trouble> {
    let key = send.key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let mut arguments = Map::new();
    arguments.insert("recipient_address".to_owned(), json!(send.account));
    arguments.insert("amount".to_owned(), json!(send.amount));
    arguments.insert("idempotency_key".to_owned(), json!(key));
    if let Some(memo) = &send.memo {
        arguments.insert("memo".to_owned(), json!(memo));
    }
    add_index(&mut arguments, send.index);
    let answer = ask(gate, "wallet.send", Value::Object(arguments)).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let sent = Value::Object(answer.output);
    printer.line(escape(text(&sent, "summary")))?;
    if answer.verdict == Verdict::Ask {
        let id = text(&sent, "approval_id");
        printer.line(format_args!("Approve it with `paywarden approvals approve {id}`"))?;
    }
    Ok(answer.verdict.into())
}

async fn representative(
    gate: &dyn Gate,
    wanted: Option<&str>,
    index: Option<u32>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut arguments = Map::new();
    add_index(&mut arguments, index);
    let operation = match wanted {
        Some(wanted) => {
            arguments.insert("representative".to_owned(), json!(wanted));
            "wallet.set_representative"
        }
        None => "wallet.representative",
    };
    let answer = ask(gate, operation, Value::Object(arguments)).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let found = Value::Object(answer.output);
    let voter = found["representative"].as_str().unwrap_or("nobody: the account has no block yet");
    let pending = if found["confirmed"] == false { " once the network confirms it" } else { "" };
    printer.line(format_args!("{} is represented by {voter}{pending}", text(&found, "account")))?;
    Ok(answer.verdict.into())
}

/// The account meant, where one was named.
pub(super) fn add_index(arguments: &mut Map<String, Value>, index: Option<u32>) {
    if let Some(index) = index {
        arguments.insert("account".to_owned(), json!(index.to_string()));
    }
}
