//! What goes wrong with a checkout, at the boundary: a code, a sentence, and what to do next.

use crate::failure::{Failure, Retry};
use crate::money::Currency;
use crate::rails::acp::{AcpError, AskedError, MerchantUrlError, SessionId};

/// A merchant's refusal or silence.
pub fn acp_failure(error: &AcpError) -> Failure {
    let (code, message) = (error.code(), error.to_string());
    match code {
        "ENDPOINT_REFUSED" => Failure::refused(code, message)
            .hint("Only https:// endpoints on the public Internet are asked"),
        "MERCHANT_UNREACHABLE" | "MERCHANT_DOWN" => Failure::unavailable(code, message)
            .hint("Look at the checkout with acp_checkout_status before you ask again"),
        "MERCHANT_TOKEN_REFUSED" => Failure::refused(code, message)
            .retry(Retry::AfterOperator)
            .hint("The owner sets the merchant's token: `paywarden merchants set ID --endpoint URL --token`"),
        "UNKNOWN_CHECKOUT" => Failure::invalid(code, message).hint("Check merchantEndpoint and sessionId"),
        "CHECKOUT_CLOSED" => {
            Failure::refused(code, message).hint("It is completed or canceled; acp_checkout_status shows which")
        }
        "MERCHANT_ANSWER_UNUSABLE" => Failure::refused(code, message)
            .hint("Do not pay this merchant on such an answer; tell the owner"),
        "INTERNAL" => Failure::internal("INTERNAL", message),
        code => Failure::refused(code, message).hint("Correct what the merchant names, then ask again"),
    }
}

pub(super) fn asked(error: &AskedError) -> Failure {
    Failure::invalid("INVALID_ITEMS", error.to_string())
        .hint("items is a list of {id, quantity}, each id once")
}

pub(super) fn endpoint(error: &MerchantUrlError) -> Failure {
    Failure::invalid("INVALID_ENDPOINT", error.to_string())
}

pub(super) fn session_id(text: &str) -> Result<SessionId, Failure> {
    text.parse().map_err(|error: crate::rails::acp::SessionIdError| {
        Failure::invalid("INVALID_SESSION_ID", error.to_string())
    })
}

/// A currency whose smallest unit is known.
pub(super) fn currency(text: &str) -> Result<Currency, Failure> {
    let found = text.parse::<Currency>().ok().filter(|currency| currency.decimals().is_some());
    let is_card =
        |currency: &Currency| currency.as_str().len() == ISO_LETTERS && *currency != Currency::XNO;
    found.filter(is_card).ok_or_else(|| {
        Failure::invalid("INVALID_CURRENCY", "a checkout's currency is one such as USD, EUR or JPY")
    })
}

pub(super) fn no_built_in() -> Failure {
    Failure::unavailable("NOT_SET_UP", "this sandbox has no merchant of its own")
}

const ISO_LETTERS: usize = 3;
