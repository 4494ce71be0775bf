//! Who at the merchant takes the payment.
//!
//! This module must never pick a handler that pays somebody else than the merchant the owner named: what a merchant
//! says of itself is compared with the owner's table, never the other way round.

use super::wire::{CapabilitiesWire, ProviderWire};

/// A way to pay that a session offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Handler {
    /// What a completion names it by; none in early versions.
    pub id: Option<String>,
    /// The protocol's name of the handler.
    pub name: String,
    /// Who processes the payment.
    pub psp: String,
    /// Who is paid.
    pub merchant_id: Option<String>,
}

/// Why a session cannot be paid with a Stripe token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HandlerError {
    /// No handler takes one.
    #[error("the merchant takes no Stripe payment token")]
    None,
    /// The handler does not say who is paid.
    #[error("the merchant's payment handler does not name who is paid")]
    Unnamed,
    /// Somebody else would be paid.
    #[error("the payment would go to merchant {found}, and {expected} is the one the owner knows")]
    OtherMerchant {
        /// Who would be paid; at most 64 visible characters.
        found: String,
        /// Who is known.
        expected: String,
    },
}

/// The handler that takes a Stripe token and pays `merchant_id`.
///
/// # Errors
/// [`HandlerError`].
pub fn handler_for<'a>(
    handlers: &'a [Handler],
    merchant_id: &str,
) -> Result<&'a Handler, HandlerError> {
    let takes_tokens = |handler: &&Handler| {
        handler.psp == STRIPE && (handler.id.is_none() || handler.name == TOKENIZED_CARD)
    };
    let mut refused = HandlerError::None;
    for handler in handlers.iter().filter(takes_tokens) {
        refused = match &handler.merchant_id {
            Some(found) if found == merchant_id => return Ok(handler),
            Some(found) => HandlerError::OtherMerchant {
                found: super::said::said(found),
                expected: merchant_id.to_owned(),
            },
            // The first version has no field for it; the origin alone says who it is then.
            None if handler.id.is_none() => return Ok(handler),
            None => HandlerError::Unnamed,
        };
    }
    Err(refused)
}

pub(super) fn read(
    capabilities: Option<CapabilitiesWire>,
    provider: Option<ProviderWire>,
) -> Vec<Handler> {
    let current = capabilities.and_then(|found| found.payment).map(|payment| payment.handlers);
    let current = current.unwrap_or_default().into_iter().map(|wire| Handler {
        id: Some(wire.id),
        name: wire.name,
        psp: wire.psp.unwrap_or_default(),
        merchant_id: wire.config.and_then(|config| config.merchant_id),
    });
    let early = provider.map(|wire| Handler {
        id: None,
        name: String::new(),
        psp: wire.provider,
        merchant_id: wire.merchant_id,
    });
    current.chain(early).collect()
}

const STRIPE: &str = "stripe";
const TOKENIZED_CARD: &str = "dev.acp.tokenized.card";

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(id: Option<&str>, name: &str, psp: &str, merchant: Option<&str>) -> Handler {
        let merchant_id = merchant.map(str::to_owned);
        Handler {
            id: id.map(str::to_owned),
            name: name.to_owned(),
            psp: psp.to_owned(),
            merchant_id,
        }
    }

    #[test]
    fn only_the_known_merchant_is_paid() {
        let card = |merchant| handler(Some("h"), TOKENIZED_CARD, STRIPE, merchant);
        let good = [handler(Some("x"), "other", STRIPE, Some("shop")), card(Some("shop"))];
        assert_eq!(handler_for(&good, "shop"), Ok(&good[1]));
        let expected =
            HandlerError::OtherMerchant { found: "evil".into(), expected: "shop".into() };
        assert_eq!(handler_for(&[card(Some("evil"))], "shop"), Err(expected));
        assert_eq!(handler_for(&[card(None)], "shop"), Err(HandlerError::Unnamed));
        assert_eq!(handler_for(&[], "shop"), Err(HandlerError::None));
        let other_psp = [handler(Some("h"), TOKENIZED_CARD, "adyen", Some("shop"))];
        assert_eq!(handler_for(&other_psp, "shop"), Err(HandlerError::None));
        let first_version = [handler(None, "", STRIPE, None)];
        assert_eq!(handler_for(&first_version, "shop"), Ok(&first_version[0]));
        assert!(handler_for(&[handler(None, "", STRIPE, Some("evil"))], "shop").is_err());
    }
}
