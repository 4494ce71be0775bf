//! What goes wrong with a checkout, at the boundary: a code, a sentence, and what to do next.

use super::{Problem, Seen};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::money::Currency;
use crate::rails::acp::{
    AcpError, AskedError, HandlerError, MerchantUrlError, Mismatch, SessionId,
};

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
        "UNKNOWN_CHECKOUT" => unknown_checkout(),
        "CHECKOUT_CLOSED" => {
            Failure::refused(code, message).hint("It is completed or canceled; acp_checkout_status shows which")
        }
        "MERCHANT_ANSWER_UNUSABLE" => Failure::refused(code, message)
            .hint("Do not pay this merchant on such an answer; tell the owner"),
        "INTERNAL" => Failure::internal("INTERNAL", message),
        code => Failure::refused(code, message).hint("Correct what the merchant names, then ask again"),
    }
}

/// What is told of a session the merchant does not know, and of another agent's: word for word the same.
pub(super) fn unknown_checkout() -> Failure {
    Failure::invalid("UNKNOWN_CHECKOUT", "the merchant knows no such checkout")
        .hint("Check merchantEndpoint and sessionId")
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

pub(super) fn unknown_merchant() -> Failure {
    Failure::refused("UNKNOWN_MERCHANT", Problem::UnknownMerchant.to_string())
        .retry(Retry::AfterOperator)
        .hint("The owner names it with `paywarden merchants set ID --endpoint URL --profile profile_...`")
}

pub(super) fn other_merchant(asked: &str, found: &str) -> Failure {
    let asked: String = asked.chars().take(limits::QUOTE_CHARS).collect();
    let message = format!("the owner knows merchant {found} at this endpoint, not {asked:?}");
    Failure::refused("OTHER_MERCHANT", message)
        .hint("Nothing was paid. Look with acp_checkout_status; merchantId is there")
}

/// Why a checkout cannot be paid, before there is a payment.
pub(super) fn unpayable(seen: &Seen, problem: &Problem) -> Failure {
    let message = problem.to_string();
    match problem {
        Problem::UnknownMerchant => unknown_merchant(),
        Problem::NoProfile => Failure::refused("NO_MERCHANT_PROFILE", message)
            .retry(Retry::AfterOperator)
            .hint("The owner names it with `paywarden merchants set ID --profile profile_...`"),
        Problem::NotAsked => Failure::refused("UNKNOWN_CHECKOUT", message)
            .hint("Open one with acp_create_checkout"),
        Problem::Mismatch(Mismatch::Currency { .. }) => Failure::refused("WRONG_CURRENCY", message)
            .hint("Nothing was paid. Tell the user what differs"),
        Problem::Mismatch(_) => Failure::refused("CART_CHANGED", message)
            .hint("Nothing was paid. Tell the user what differs; acp_update_checkout asks for something else"),
        Problem::Handler(HandlerError::OtherMerchant { .. }) => {
            Failure::refused("OTHER_MERCHANT", message).hint("Nothing was paid. Tell the owner")
        }
        Problem::Handler(_) => Failure::refused("NO_PAYMENT_HANDLER", message)
            .hint("Nothing was paid. This merchant cannot be paid by this wallet"),
        Problem::Status(_) => Failure::refused("CHECKOUT_NOT_PAYABLE", message)
            .hint(match seen.continue_url() {
                Some(url) => format!("Nothing was paid. Only a person can go on; give the user this link as text: {url}"),
                None => "Nothing was paid. acp_checkout_status says what is missing".to_owned(),
            }),
    }
}

const ISO_LETTERS: usize = 3;
