//! `paywarden freeze` and `paywarden unfreeze`.
//!
//! A freeze must hold whatever another process does: the marker beside the store is laid down first. It must never go
//! before the freeze is on the ledger.

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::failure::Failure;
use crate::operations::{Gate, freeze_reason};

/// The freeze marker beside the store, which every paywarden on this wallet honours.
pub trait Marker: Send + Sync {
    /// Lays it down, durably.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn set(&self, reason: &str) -> Result<(), Failure>;

    /// Takes it away.
    ///
    /// # Errors
    /// When the file cannot be removed.
    fn clear(&self) -> Result<(), Failure>;

    /// Its text, if it is there.
    fn reason(&self) -> Option<String>;
}

/// Stops everything that is not signed yet.
pub(super) async fn freeze(
    gate: &dyn Gate,
    marker: &dyn Marker,
    reason: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let reason = freeze_reason(reason);
    marker.set(&reason)?;
    match ask(gate, "wallet.freeze", json!({ "reason": reason })).await {
        Ok(answer) => {
            marker.clear()?;
            if printer.is_json() {
                printer.value(&answer.output)?;
            } else {
                let frozen = Value::Object(answer.output);
                let (since, reason) = (text(&frozen, "changedAt"), text(&frozen, "reason"));
                printer.line(format_args!("Frozen since {since}: {}", escape(reason)))?;
                printer.line("Nothing is signed or sent until `paywarden unfreeze`.")?;
            }
            Ok(answer.verdict.into())
        }
        Err(busy) if [BUSY, SILENT].contains(&&*busy.code) => {
            if printer.is_json() {
                let message = busy.message;
                printer.value(&json!({ "frozen": true, "marker": true, "message": message }))?;
            } else {
                printer.line(format_args!("Frozen: {}", escape(&reason)))?;
                let holder = escape(&busy.message);
                printer.line(format_args!(
                    "The marker is set, and no paywarden passes it: {holder}."
                ))?;
            }
            Ok(Exit::Done)
        }
        Err(failure) => {
            printer.note("The freeze marker is set: no paywarden signs or sends on this wallet.");
            Err(failure.into())
        }
    }
}

/// Lets the wallet, or one account of it, sign again.
pub(super) async fn unfreeze(
    gate: &dyn Gate,
    marker: &dyn Marker,
    account: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let arguments = match account {
        Some(account) => json!({ "account": account }),
        None => {
            book_marker(gate, marker).await?;
            json!({})
        }
    };
    let answer = ask(gate, "wallet.unfreeze", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else if let Some(account) = account {
        printer.line(format_args!("Account {} signs again.", escape(account)))?;
    } else {
        printer.line("The wallet signs again.")?;
    }
    Ok(answer.verdict.into())
}

/// A marker that no process has booked yet goes onto the ledger before it goes away, so that neither a busy wallet nor
/// a crash here can lift a freeze silently.
async fn book_marker(gate: &dyn Gate, marker: &dyn Marker) -> Result<(), Failure> {
    let Some(reason) = marker.reason() else { return Ok(()) };
    ask(gate, "wallet.freeze", json!({ "reason": reason })).await?;
    marker.clear()
}

const BUSY: &str = "WALLET_BUSY";
const SILENT: &str = "KEEPER_SILENT";
