//! `paywarden wallet`: accounts and addresses. Keys are the business of [`KeyFiles`], which only the process has.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::args::{AccountsCommand, AddressRail, KeysCommand, OwnWalletCommand};
use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use super::spend;
use crate::failure::Failure;
use crate::operations::Gate;

/// The files the wallet's keys are in. What comes from them is shown at the terminal, never through this surface.
#[async_trait]
pub trait KeyFiles: Send + Sync {
    /// Carries out a command on them.
    ///
    /// # Errors
    /// What stands in the way.
    async fn run(
        &self,
        command: &KeysCommand,
        gate: &dyn Gate,
        printer: Printer,
    ) -> Result<Exit, Trouble>;
}

pub(super) async fn wallet(
    command: &OwnWalletCommand,
    gate: &dyn Gate,
    keys: &dyn KeyFiles,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        OwnWalletCommand::Address { index, rail: AddressRail::Nano } => {
            address(gate, *index, printer).await
        }
        OwnWalletCommand::Address { rail: AddressRail::X402, .. } => {
            x402_address(gate, printer).await
        }
        OwnWalletCommand::Accounts(list) => match list.command {
            None => accounts(gate, printer).await,
            Some(AccountsCommand::Add) => add_account(gate, printer).await,
        },
        OwnWalletCommand::Keys(command) => keys.run(command, gate, printer).await,
        OwnWalletCommand::Own(command) => spend::own(gate, command, printer).await,
    }
}

/// An address to be paid at.
async fn address(gate: &dyn Gate, index: u32, printer: Printer) -> Result<Exit, Trouble> {
    let status = ask(gate, "operator.status", json!({})).await?;
    let accounts = status.output["accounts"].as_array().into_iter().flatten();
    let found = accounts.clone().find(|account| account["index"] == index);
    let Some(found) = found else {
        let known: Vec<String> = accounts.map(|account| account["index"].to_string()).collect();
        let message = format!("there is no account {index}; there are {}", known.join(", "));
        return Err(Failure::invalid("UNKNOWN_ACCOUNT", message)
            .hint("`paywarden wallet accounts add` puts the next one in use")
            .into());
    };
    let address = text(found, "address");
    if printer.is_json() {
        let network = &status.output["network"];
        printer.value(&json!({ "index": index, "address": address, "network": network }))?;
    } else {
        printer.line(address)?;
    }
    Ok(Exit::Done)
}

/// The address that holds the tokens x402 is paid from.
async fn x402_address(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let status = ask(gate, "operator.status", json!({})).await?;
    let Some(address) = status.output["x402Address"].as_str() else {
        let message = "the wallet is locked, and the address follows from its keys";
        let failure = Failure::unavailable("WALLET_LOCKED", message);
        return Err(failure.hint("`paywarden unlock` opens them").into());
    };
    if printer.is_json() {
        let network = &status.output["network"];
        printer.value(&json!({ "rail": "x402", "address": address, "network": network }))?;
    } else {
        printer.line(address)?;
    }
    Ok(Exit::Done)
}

/// Every account.
async fn accounts(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "wallet.accounts", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    for account in answer.output["accounts"].as_array().into_iter().flatten() {
        print_account(account, printer)?;
    }
    Ok(answer.verdict.into())
}

fn print_account(account: &Value, printer: Printer) -> Result<(), Trouble> {
    let (index, balance) = (&account["index"], text(account, "balance"));
    printer.line(format_args!("account {index}  {}", text(account, "address")))?;
    printer.line(format_args!("           {balance} XNO"))?;
    if let Some(representative) = account["representative"].as_str() {
        printer.line(format_args!("           represented by {representative}"))?;
    }
    if account["frozen"] == true {
        let reason = escape(text(account, "reason"));
        printer.line(format_args!("           ALARM, signs nothing more: {reason}"))?;
    }
    Ok(())
}

/// The next account.
async fn add_account(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "wallet.add_account", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let added = Value::Object(answer.output);
        printer.line(format_args!("account {} is in use:", added["index"]))?;
        printer.line(format_args!("  {}", text(&added, "address")))?;
    }
    Ok(answer.verdict.into())
}
