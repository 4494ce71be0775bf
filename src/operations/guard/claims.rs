//! What an agent says it buys, parsed and bounded. It may only add a reason to refuse.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::failure::Failure;
use crate::limits;
use crate::money::{Currency, Money};
use crate::operations::AmountText;
use crate::operations::fields::bounded;
use crate::policy::{Claims, LineItem, Rail};

/// One thing that is bought, by the agent's word.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct LineItemIn {
    /// Its name.
    name: String,
    /// How many; 1 when left out.
    #[serde(default)]
    quantity: Option<u32>,
    /// The price of one, in smallest units.
    #[serde(default)]
    unit_amount: Option<AmountText>,
    /// What kind of thing it is.
    #[serde(default)]
    category: Option<String>,
}

/// Puts together what an agent says.
///
/// # Errors
/// When some of it is out of bounds.
pub(super) fn claims(
    category: Option<String>,
    intent: Option<String>,
    items: Vec<LineItemIn>,
) -> Result<Claims, Failure> {
    if items.len() > limits::LINE_ITEMS {
        let message = format!("{} line items; at most {} fit", items.len(), limits::LINE_ITEMS);
        return Err(Failure::invalid("TOO_MANY_ITEMS", message));
    }
    Ok(Claims {
        category: bounded("payeeCategory", category, limits::LABEL_BYTES)?,
        intent: bounded("intent", intent, limits::MEMO_BYTES)?,
        line_items: items.into_iter().map(line_item).collect::<Result<_, _>>()?,
    })
}

fn line_item(item: LineItemIn) -> Result<LineItem, Failure> {
    let quantity = item.quantity.unwrap_or(1);
    let name = bounded("lineItems.name", Some(item.name), limits::LABEL_BYTES)?;
    let (Some(name), true) = (name, quantity > 0) else {
        let message = "a line item has a name and a quantity of 1 or more";
        return Err(Failure::invalid("INVALID_LINE_ITEM", message));
    };
    let unit_amount = item.unit_amount.map(|amount| amount.raw()).transpose()?.map(Money::xno);
    let category = bounded("lineItems.category", item.category, limits::LABEL_BYTES)?;
    Ok(LineItem { name, quantity, unit_amount, category })
}

/// Whether this wallet can pay such a currency on such a rail.
///
/// # Errors
/// When it cannot.
pub(super) fn check_rail(rail: &str, currency: &str) -> Result<(), Failure> {
    let shown = |text: &str| text.chars().take(limits::QUOTE_CHARS).collect::<String>();
    match rail.parse::<Rail>() {
        Ok(Rail::Nano) if currency.parse() == Ok(Currency::XNO) => Ok(()),
        Ok(Rail::Nano) => {
            let message = format!("rail nano pays XNO, not {:?}", shown(currency));
            Err(Failure::invalid("INVALID_CURRENCY", message)
                .hint("Give currency XNO and the amount in raw"))
        }
        Ok(Rail::Acp) => {
            let message = "a checkout is not paid by address and amount";
            Err(Failure::invalid("INVALID_RAIL", message)
                .hint("Open it with acp_create_checkout and pay it with pay_checkout"))
        }
        Ok(Rail::Stripe | Rail::X402) | Err(()) => {
            let message = format!("this wallet has no rail {:?}", shown(rail));
            Err(Failure::invalid("INVALID_RAIL", message).hint("It has: nano, stripe, x402"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(json: &str) -> Vec<LineItemIn> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn items_are_bounded_and_whole() {
        let one = |json: &str| claims(None, None, items(json));
        let good = one(r#"[{"name":"tea","unitAmount":"5","category":"food"}]"#).unwrap();
        assert_eq!((good.line_items[0].quantity, good.categories().count()), (1, 1));
        for (json, code) in [
            (r#"[{"name":""}]"#, "INVALID_LINE_ITEM"),
            (r#"[{"name":"tea","quantity":0}]"#, "INVALID_LINE_ITEM"),
            (r#"[{"name":"tea","unitAmount":"-5"}]"#, "INVALID_NEGATIVE_AMOUNT"),
            (r#"[{"name":"tea","unitAmount":"0"}]"#, "INVALID_NUMBER_FORMAT"),
            (r#"[{"name":"\u001b[2J"}]"#, "INVALID_TEXT"),
        ] {
            assert_eq!(one(json).unwrap_err().code, code, "{json}");
        }
        for json in [r#"[{"name":"tea","quantity":-1}]"#, r#"[{"name":"tea","price":"5"}]"#] {
            assert!(serde_json::from_str::<Vec<LineItemIn>>(json).is_err(), "{json}");
        }
        let many = |count: usize| format!("[{}]", vec![r#"{"name":"tea"}"#; count].join(","));
        assert!(one(&many(limits::LINE_ITEMS)).is_ok());
        assert_eq!(one(&many(limits::LINE_ITEMS + 1)).unwrap_err().code, "TOO_MANY_ITEMS");
    }

    #[test]
    fn rails_this_wallet_lacks_are_named() {
        assert!(check_rail("nano", "xno").is_ok());
        for (rail, currency, code) in [
            ("nano", "USD", "INVALID_CURRENCY"),
            ("x402", "USD", "INVALID_RAIL"),
            ("NANO", "XNO", "INVALID_RAIL"),
            ("", "XNO", "INVALID_RAIL"),
        ] {
            assert_eq!(check_rail(rail, currency).unwrap_err().code, code, "{rail} {currency}");
        }
        let checkout = check_rail("acp", "USD").unwrap_err();
        assert_eq!(checkout.code, "INVALID_RAIL");
        assert!(checkout.hint.contains("pay_checkout"));
    }
}
