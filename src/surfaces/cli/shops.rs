//! `paywarden merchants` and `paywarden funding`. What is secret is asked for at the terminal and never printed.

use serde_json::{Value, json};

use super::directory::{self, MERCHANTS};
use super::escape::escape;
use super::mandate_args::Entries;
use super::print::{Exit, Printer, Trouble};
use super::run::{ask, text};
use super::secrets::ask_secret;
use super::shop_args::{Funding, MerchantSet, Merchants};
use crate::operations::{Answer, Gate};

/// Merchants you know.
pub(super) async fn merchants(
    gate: &dyn Gate,
    command: &Merchants,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let entries = match command {
        Merchants::List => Entries::List,
        Merchants::Remove { id } => Entries::Remove { key: id.clone() },
        Merchants::Set(set) => return set_merchant(gate, set, printer).await,
    };
    directory::entries(gate, MERCHANTS, &entries, printer).await
}

async fn set_merchant(
    gate: &dyn Gate,
    set: &MerchantSet,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut arguments = json!({ "id": set.id });
    for (name, value) in [
        ("category", &set.category),
        ("label", &set.label),
        ("endpoint", &set.endpoint),
        ("profile", &set.profile),
        ("apiVersion", &set.api_version),
    ] {
        if let Some(value) = value {
            arguments[name] = json!(value);
        }
    }
    if set.token {
        arguments["token"] = json!(ask_secret("Token of the merchant")?);
    }
    let answer = ask(gate, "merchants.set", arguments).await?;
    if printer.is_json() {
        printer.value(&answer.output)?;
    } else {
        printer.line(format_args!("Set {}.", escape(&set.id)))?;
    }
    Ok(answer.verdict.into())
}

/// The card.
pub(super) async fn funding(
    gate: &dyn Gate,
    command: &Funding,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let answer = match command {
        Funding::Show => ask(gate, "funding.show", json!({})).await?,
        Funding::Clear => ask(gate, "funding.clear", json!({})).await?,
        Funding::Set { brand, last4, label } => {
            let id = ask_secret("Payment method at Stripe (pm_...)")?;
            let mut arguments = json!({ "paymentMethodId": id });
            for (name, value) in [("brand", brand), ("last4", last4), ("label", label)] {
                if let Some(value) = value {
                    arguments[name] = json!(value);
                }
            }
            ask(gate, "funding.set", arguments).await?
        }
    };
    print(answer, printer)
}

fn print(answer: Answer, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.value(&answer.output)?;
        return Ok(answer.verdict.into());
    }
    let card = Value::Object(answer.output);
    if card["registered"] == json!(true) {
        let word = |name| escape(text(&card, name));
        let (brand, last4, label) = (word("brand"), word("last4"), word("label"));
        printer.line(format_args!("card {brand} ...{last4}  {label}  since {}", word("since")))?;
    } else {
        printer.line("No card is registered: checkouts can be looked at and not paid.")?;
    }
    Ok(answer.verdict.into())
}
