//! The commands that need the wallet open.

use std::path::Path;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::args::{Approvals, ClockCommand, Ledger, WalletCommand};
use super::freeze::Marker;
use super::print::{Exit, Printer, Trouble};
use super::secrets::ask_secret;
use super::wallet::{KeyFiles, wallet};
use super::{
    agents, approvals, directory, freeze, ledger, mandates, policy, reconcile, report, shops,
    status, watch,
};
use crate::clock::{Clock as _, SystemClock};
use crate::failure::Failure;
use crate::ids::time_ordered;
use crate::operations::{Answer, Call, Caller, Gate, ProgressSink, money_shown};

/// Carries out one command. `policy_draft` is the owner's draft in the home.
///
/// # Errors
/// What the wallet answers, or that the output cannot be written.
pub async fn run(
    command: &WalletCommand,
    gate: &dyn Gate,
    marker: &dyn Marker,
    keys: &dyn KeyFiles,
    policy_draft: &Path,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        WalletCommand::Report { since } => report::report(gate, since.as_deref(), printer).await,
        WalletCommand::Status => status::status(gate, printer).await,
        WalletCommand::Approvals(Approvals::List) => approvals::list(gate, printer).await,
        WalletCommand::Approvals(Approvals::Approve { id }) => {
            approvals::answer(gate, id, true, None, printer).await
        }
        WalletCommand::Approvals(Approvals::Reject { id, reason }) => {
            approvals::answer(gate, id, false, reason.as_deref(), printer).await
        }
        WalletCommand::Approvals(Approvals::Watch) => watch::watch(gate, printer).await,
        WalletCommand::Mandates(command) => mandates::mandates(gate, command, printer).await,
        WalletCommand::Payees(command) => {
            directory::entries(gate, directory::PAYEES, command, printer).await
        }
        WalletCommand::Merchants(command) => shops::merchants(gate, command, printer).await,
        WalletCommand::Funding(command) => shops::funding(gate, command, printer).await,
        WalletCommand::Policy(command) => {
            policy::policy(gate, command, policy_draft, printer).await
        }
        WalletCommand::Wallet(command) => wallet(command, gate, keys, printer).await,
        WalletCommand::Agents(command) => agents::agents(gate, command, printer).await,
        WalletCommand::Unlock => unlock(gate, printer).await,
        WalletCommand::Freeze { reason } => {
            freeze::freeze(gate, marker, reason.as_deref(), printer).await
        }
        WalletCommand::Unfreeze { account } => {
            freeze::unfreeze(gate, marker, account.as_deref(), printer).await
        }
        WalletCommand::Clock(ClockCommand::Accept) => accept_clock(gate, printer).await,
        WalletCommand::Ledger(command) => run_ledger(command, gate, printer).await,
        WalletCommand::Reconcile { acknowledge } => {
            reconcile::reconcile(gate, acknowledge.as_deref(), printer).await
        }
    }
}

/// What needs no wallet at all; `None` for everything else.
pub fn offline(command: &WalletCommand, printer: Printer) -> Option<Result<Exit, Trouble>> {
    match command {
        WalletCommand::Ledger(Ledger::Verify(arguments)) => ledger::verify_file(arguments, printer),
        WalletCommand::Ledger(Ledger::VerifyReceipt { file, key, ledger }) => {
            Some(ledger::verify_receipt(file, key, ledger.as_deref(), printer))
        }
        _ => None,
    }
}

async fn run_ledger(command: &Ledger, gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    match command {
        Ledger::Show { from, limit, payment } => {
            ledger::show(gate, *from, *limit, payment.as_deref(), printer).await
        }
        Ledger::Verify(arguments) => {
            ledger::verify(gate, arguments.deep, &arguments.expect_head, printer).await
        }
        // Carried out without a wallet, by `offline`.
        Ledger::VerifyReceipt { file, key, ledger } => {
            ledger::verify_receipt(file, key, ledger.as_deref(), printer)
        }
        Ledger::Export(arguments) => ledger::export(gate, arguments, printer).await,
        Ledger::Head => ledger::head(gate, printer).await,
        Ledger::Key => ledger::key(gate, printer).await,
        Ledger::RotateKey => ledger::rotate_key(gate, printer).await,
    }
}

/// Asks one operation as the owner, and for the operator secret where it is needed.
///
/// # Errors
/// What the wallet answers.
pub async fn ask(gate: &dyn Gate, operation: &str, arguments: Value) -> Result<Answer, Failure> {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    let mut call = Call {
        id: time_ordered(SystemClock.now()),
        operation: operation.to_owned(),
        arguments,
        caller: Caller::Operator,
        agent_token: None,
        operator_secret: None,
        progress: ProgressSink::default(),
        cancelled: CancellationToken::new(),
    };
    match gate.call(call.clone()).await {
        Err(failure) if failure.code == "OPERATOR_SECRET_REQUIRED" => {
            call.operator_secret = Some(ask_secret("Operator secret")?);
            gate.call(call).await
        }
        answer => answer,
    }
}

/// Opens the keys of a wallet that runs locked.
async fn unlock(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let secret = ask_secret("Unlock secret")?;
    let answer = ask(gate, "wallet.unlock", json!({ "secret": secret })).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        printer.line("The wallet is unlocked until the process that has it open ends.")?;
    }
    Ok(answer.verdict.into())
}

/// Has budgets count by the wall clock again.
async fn accept_clock(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "clock.accept", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let ahead = status::ahead(answer.output["acceptedMs"].as_u64().unwrap_or_default());
        printer.line(format_args!("Accepted: {ahead} count as passed, and windows roll on."))?;
    }
    Ok(answer.verdict.into())
}

/// An amount with its currency, for a person; empty where there is none.
pub(super) fn money(object: &Value, field: &str) -> String {
    match &object[field] {
        Value::Null => String::new(),
        money => money_shown(text(money, "amount"), text(money, "currency")),
    }
}

/// A field as text; empty where there is none.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}
