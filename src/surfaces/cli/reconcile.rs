//! `paywarden reconcile`. Books nothing that was not listed here and acknowledged.

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use crate::operations::Gate;

/// Lists what the network holds that the books do not, or books what was acknowledged.
pub(super) async fn reconcile(
    gate: &dyn Gate,
    acknowledge: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let answer = match acknowledge {
        Some(acknowledge) => {
            ask(gate, "wallet.reconcile", json!({ "acknowledge": acknowledge })).await?
        }
        None => ask(gate, "wallet.survey", json!({})).await?,
    };
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let found = Value::Object(answer.output);
    for account in found["accounts"].as_array().into_iter().flatten() {
        print_account(account, printer)?;
    }
    if found["restored"] == true {
        print_restored(&found, printer)?;
    }
    if found["applied"] == true {
        printer
            .line("The books are in line with the network; what was sent away counts as spent.")?;
    } else if found["needsAcknowledgement"] == true {
        let acknowledgement = text(&found, "acknowledgement");
        printer
            .line("Nothing was changed. To book exactly this and let the accounts sign again:")?;
        printer.line(format_args!("  paywarden reconcile --acknowledge {acknowledgement}"))?;
    } else {
        printer.line("Books and network agree.")?;
    }
    Ok(answer.verdict.into())
}

/// What an old copy does not know, and who must look at it.
fn print_restored(found: &Value, printer: Printer) -> Result<(), Trouble> {
    let ids = found["distrustedMandates"].as_array().into_iter().flatten();
    let ids: Vec<_> = ids.filter_map(Value::as_str).map(escape).collect();
    let mut accounts = found["accounts"].as_array().into_iter().flatten();
    // An account that is not clear keeps the freeze, and with it everything as it was.
    let is_done =
        found["applied"] == true && accounts.all(|account| account["finding"] != "unclear");
    let (verb, paid) = match is_done {
        true => ("were", "was not"),
        false => ("will be", "will not be"),
    };
    printer.line("The store is an old copy: what happened after it was made is not in it.")?;
    if !ids.is_empty() {
        let ids = ids.join(", ");
        printer.line(format_args!(
            "  Mandates that {verb} taken back, since what was spent under them is not known: {ids}"
        ))?;
    }
    printer.line(format_args!("  What waited in it {paid} paid."))?;
    printer.line("  Agents and policy are those of the copy: look at `paywarden agents list` and `paywarden policy show`.")?;
    Ok(())
}

fn print_account(account: &Value, printer: Printer) -> Result<(), Trouble> {
    let (index, address) = (&account["index"], text(account, "address"));
    let finding = text(account, "finding");
    let detail = account["detail"].as_str().map(|detail| format!(": {}", escape(detail)));
    let detail = detail.unwrap_or_default();
    printer.line(format_args!("account {index}  {address}  {finding}{detail}"))?;
    if let Some(alarm) = account["alarm"].as_str() {
        printer.line(format_args!("           ALARM: {}", escape(alarm)))?;
    }
    for block in account["blocks"].as_array().into_iter().flatten() {
        let (kind, amount) = (text(block, "kind"), text(block, "amount"));
        let (other, hash) = (text(block, "counterparty"), text(block, "blockHash"));
        printer.line(format_args!("           {kind} {amount} XNO, {other}, block {hash}"))?;
    }
    Ok(())
}
