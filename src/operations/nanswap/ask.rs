//! What several Nanswap tools take: a currency, a price, an invoice.

use crate::failure::Failure;
use crate::operations::AmountText;
use crate::operations::fields::quoted;
use crate::providers::Opaque;
use crate::providers::nanswap::{InvoiceLink, InvoiceLinkError, Nanswap, Price};

/// Codes and ids as they are sent.
///
/// # Errors
/// `INVALID_ID`.
pub(super) fn id(field: &str, text: Option<String>) -> Result<Option<Opaque>, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let parsed = text.parse();
    let id = parsed.map_err(|error| {
        Failure::invalid("INVALID_ID", format!("{field} is {}: {error}", quoted(&text)))
    });
    id.map(Some)
}

/// A price.
///
/// # Errors
/// `INVALID_NUMBER_FORMAT`.
pub(super) fn price(text: &AmountText) -> Result<Price, Failure> {
    Price::new(text.decimal()?)
        .map_err(|error| Failure::invalid("INVALID_NUMBER_FORMAT", error.to_string()))
}

/// A currency of a price, where it is one: an unknown one must never be sent, since who answers for it decides what it
/// means (D10).
///
/// # Errors
/// `CURRENCY_NOT_LISTED`. A list that cannot be had stops nobody: Nanswap refuses what it does not know.
pub(super) async fn price_currency(
    nanswap: &Nanswap,
    currency: Option<String>,
) -> Result<Option<Opaque>, Failure> {
    let Some(currency) = id("priceCurrency", currency)? else { return Ok(None) };
    match nanswap.fiat_currencies().await {
        Ok(listed) if !listed.list.contains(&currency) => {
            let message = format!("prices in {currency} are not listed");
            Err(Failure::invalid("CURRENCY_NOT_LISTED", message).hint(
                "nanswap.fiat_currencies shows the codes; leave it out for the payout currency",
            ))
        }
        _ => Ok(Some(currency)),
    }
}

/// An invoice by its id or the link of its page, which is not opened.
///
/// # Errors
/// `NANSWAP_LINK`.
pub(super) fn invoice(text: &str) -> Result<Opaque, Failure> {
    let link = text.parse::<InvoiceLink>();
    link.map(|link| link.0).map_err(|error: InvoiceLinkError| {
        Failure::invalid("NANSWAP_LINK", format!("{}: {error}", quoted(text)))
            .hint("Give an invoice id, or its whole https://nanswap.com/pay/ link")
    })
}
