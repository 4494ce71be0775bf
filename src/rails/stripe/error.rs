//! Why Stripe did not do what it was asked.
//!
//! This module must never carry a key, a token, or unbounded words of a third party.

use crate::fetch::{FetchError, quote};

/// No usable answer of Stripe.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StripeError {
    /// No secret key is set.
    #[error("Stripe needs a secret key, and none is set")]
    NoKey,
    /// No answer.
    #[error("Stripe gave no answer: {0}")]
    Fetch(#[from] FetchError),
    /// It refused.
    #[error("Stripe refused with HTTP {status}: {code} \"{message}\"")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its word for it, escaped.
        code: String,
        /// Its sentence, escaped.
        message: String,
    },
    /// An answer that makes no sense.
    #[error("the answer of Stripe cannot be used: {0}")]
    Garbled(String),
    /// The token it made is not the one that was ordered.
    #[error("Stripe made a token with another {0} than was ordered")]
    OtherToken(&'static str),
}

impl StripeError {
    pub(super) fn garbled(detail: &str) -> Self {
        Self::Garbled(quote(detail))
    }

    /// Stable, upper-case, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "STRIPE_KEY_MISSING",
            Self::Fetch(_) => "STRIPE_UNREACHABLE",
            Self::Refused { status: 401 | 403, .. } => "STRIPE_KEY_REFUSED",
            Self::Refused { status: 402, .. } => "CARD_DECLINED",
            Self::Refused { status: 500.., .. } => "STRIPE_DOWN",
            Self::Refused { .. } => "STRIPE_REFUSED",
            Self::Garbled(_) | Self::OtherToken(_) => "STRIPE_ANSWER_UNUSABLE",
        }
    }

    /// Whether there is certainly no token: the request was never seen, or was refused as wrong. A key in use by
    /// another request (409) and "too many" (429) say nothing of what became of the first one.
    pub fn made_nothing(&self) -> bool {
        match self {
            Self::NoKey => true,
            Self::Fetch(error) => error.nothing_was_sent(),
            // A key that was used with other parameters says that there was a request before.
            Self::Refused { code, .. } if code == "idempotency_error" => false,
            Self::Refused { status, .. } => {
                (400..500).contains(status) && !matches!(status, 408 | 409 | 429)
            }
            Self::Garbled(_) | Self::OtherToken(_) => false,
        }
    }
}

impl StripeError {
    /// Whether Stripe knows nothing of the id it was asked about.
    pub fn is_unknown_id(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether Stripe itself says, to a request it would have taken otherwise, that there is no token under this key. A
    /// missing or refused key of ours says nothing of the token.
    pub fn says_there_is_none(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 402, code, .. } if code != "idempotency_error")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_refusal_says_that_there_is_no_token() {
        let refused = |status: u16, code: &str| StripeError::Refused {
            status,
            code: code.to_owned(),
            message: String::new(),
        };
        for (status, code) in [(400, "parameter_invalid"), (401, ""), (402, "card_declined")] {
            assert!(refused(status, code).made_nothing(), "{status} {code}");
        }
        for (status, code) in [(400, "idempotency_error"), (409, ""), (429, ""), (500, "")] {
            assert!(!refused(status, code).made_nothing(), "{status} {code}");
        }
        assert!(!StripeError::OtherToken("amount").made_nothing());
        assert!(refused(402, "card_declined").says_there_is_none());
        for error in [refused(401, ""), refused(400, "idempotency_error"), StripeError::NoKey] {
            assert!(!error.says_there_is_none(), "{error}");
        }
    }
}
