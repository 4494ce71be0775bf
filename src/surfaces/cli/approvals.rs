//! `paywarden approvals`.

use serde_json::{Value, json};

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, money, text};
use crate::failure::Failure;
use crate::operations::Gate;

/// What waits for the owner.
pub(super) async fn list(gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
    let answer = ask(gate, "approvals.list", json!({})).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(Exit::Done);
    }
    let waiting = answer.output["approvals"].as_array().cloned().unwrap_or_default();
    match waiting.len() {
        0 => printer.line("Nothing waits for you.")?,
        1 => printer.line("One payment waits for you:")?,
        count => printer.line(format_args!("{count} payments wait for you, oldest first:"))?,
    }
    for approval in &waiting {
        print_waiting(approval, printer)?;
    }
    if let Some(first) = waiting.first() {
        let id = short(text(first, "approvalId"));
        printer.line("")?;
        printer.line(format_args!("Answer with `paywarden approvals approve {id}`"))?;
        printer.line(format_args!("or `paywarden approvals reject {id} --reason \"...\"`."))?;
    }
    Ok(Exit::Done)
}

/// Says yes or no to one.
pub(super) async fn answer(
    gate: &dyn Gate,
    id: &str,
    approved: bool,
    reason: Option<&str>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let id = match id.len() {
        FULL_ID_CHARS.. => id.to_owned(),
        _ => complete(gate, id).await?,
    };
    let mut arguments = json!({ "approvalId": id, "approved": approved });
    if let Some(reason) = reason {
        arguments["reason"] = json!(reason);
    }
    let answer = ask(gate, "approvals.answer", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        let result = Value::Object(answer.output);
        let word = if approved { "Approved" } else { "Rejected" };
        printer.line(format_args!("{word}. {}", escape(text(&result, "summary"))))?;
        printer.line(format_args!("payment {}", text(&result, "paymentId")))?;
    }
    Ok(answer.verdict.into())
}

/// The one waiting approval whose id begins like this.
async fn complete(gate: &dyn Gate, prefix: &str) -> Result<String, Failure> {
    if prefix.len() < PREFIX_CHARS {
        let message = format!("{prefix:?} is too short: give {PREFIX_CHARS} characters or more");
        return Err(Failure::invalid("INVALID_APPROVAL_ID", message).hint(LIST));
    }
    let answer = ask(gate, "approvals.list", json!({})).await?;
    let waiting = answer.output["approvals"].as_array().into_iter().flatten();
    let ids = waiting.map(|approval| text(approval, "approvalId"));
    matching(prefix, ids)
}

pub(super) fn matching<'a>(
    prefix: &str,
    ids: impl Iterator<Item = &'a str>,
) -> Result<String, Failure> {
    let prefix = prefix.to_ascii_lowercase();
    let mut found = ids.filter(|id| id.starts_with(&prefix));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id.to_owned()),
        (Some(one), Some(other)) => {
            let message = format!("{prefix:?} begins several ids, {one} and {other} among them");
            Err(Failure::invalid("AMBIGUOUS_ID", message).hint("Give more characters"))
        }
        (None, _) => {
            let message = format!("no approval that waits begins with {prefix:?}");
            Err(Failure::refused("APPROVAL_NOT_WAITING", message).hint(LIST))
        }
    }
}

pub(super) fn print_waiting(approval: &Value, printer: Printer) -> Result<(), Trouble> {
    let line = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => printer.line(format_args!("    {name:<9}{}", escape(value))),
    };
    printer.line("")?;
    printer.line(format_args!("  {}", text(approval, "approvalId")))?;
    line("amount", &money(approval, "amount"))?;
    line("to", text(approval, "payeeAddress"))?;
    line("label", &claimed(text(approval, "payeeLabel")))?;
    line("memo", &claimed(text(approval, "memo")))?;
    let times = approval["hostAsked"].as_u64().unwrap_or_default();
    line("agent", text(approval, "agentId"))?;
    line("mandate", &mandate(approval))?;
    line("category", &claimed(text(approval, "claimedCategory")))?;
    line("for", &claimed(text(approval, "claimedIntent")))?;
    for item in approval["claimedItems"].as_array().into_iter().flatten() {
        line("item", &claimed(&item_line(item)))?;
    }
    if let Some(cart) = approval["cart"].as_object().map(|cart| Value::Object(cart.clone())) {
        let (total, domain) = (money(&cart, "total"), text(&cart, "merchantDomain"));
        line("cart", &format!("{total} at {} ({domain})", text(&cart, "merchantId")))?;
        for item in cart["lineItems"].as_array().into_iter().flatten() {
            line("bought", &item_line(item))?;
        }
        line("added", &added(&cart))?;
    }
    line("through", text(approval, "operation"))?;
    line("why", text(approval, "reason"))?;
    for rule in approval["rules"].as_array().into_iter().flatten() {
        line("rule", rule.as_str().unwrap_or_default())?;
    }
    if times > 0 {
        line("host", &format!("its user was asked {times} times and has not said yes or no"))?;
    }
    line("asked", text(approval, "askedAt"))?;
    line("lapses", text(approval, "expiresAt"))?;
    line("payment", text(approval, "paymentId"))?;
    Ok(())
}

/// What an agent says about a payment is its claim, and looks like one.
fn claimed(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{text}\" (the agent's words)") }
}

/// What a merchant adds for itself.
fn added(cart: &Value) -> String {
    match money(cart, "surcharge") {
        surcharge if surcharge.is_empty() => surcharge,
        surcharge => format!("{surcharge} of fees or wrapping, by the merchant"),
    }
}

fn mandate(approval: &Value) -> String {
    match (text(approval, "mandateId"), approval["mandateVersion"].as_u64()) {
        (id, Some(version)) => format!("{id} (version {version})"),
        (id, None) => id.to_owned(),
    }
}

fn item_line(item: &Value) -> String {
    let each = match money(item, "unitAmount") {
        amount if amount.is_empty() => amount,
        amount => format!(", {amount} each"),
    };
    let category = match text(item, "category") {
        "" => String::new(),
        category => format!(" [{category}]"),
    };
    format!("{} x {}{each}{category}", item["quantity"], text(item, "name"))
}

fn short(id: &str) -> &str {
    id.get(..SHOWN_CHARS).unwrap_or(id)
}

const FULL_ID_CHARS: usize = 36;
const PREFIX_CHARS: usize = 4;
const SHOWN_CHARS: usize = 8;
const LIST: &str = "`paywarden approvals list` shows what waits";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_must_name_exactly_one() {
        let ids = ["3f2a91c0-0000", "3f2b0000-0000", "aaaa0000-0000"];
        let find = |prefix: &str| matching(prefix, ids.into_iter());
        assert_eq!(find("3f2a").unwrap(), ids[0]);
        assert_eq!(find("3F2A91").unwrap(), ids[0]);
        assert_eq!(find("3f2").unwrap_err().code, "AMBIGUOUS_ID");
        assert_eq!(find("ffff").unwrap_err().code, "APPROVAL_NOT_WAITING");
    }
}
