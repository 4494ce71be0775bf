//! Why ifenpay gave no usable answer, under the codes of its error catalogue.
//!
//! This module must never carry a key, a path or unbounded words of the other side.

use crate::fetch::FetchError;
use crate::network::NodeError;

/// No usable answer of ifenpay.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UpstreamError {
    /// No answer at all.
    #[error("ifenpay: {0}")]
    Fetch(#[from] FetchError),
    /// It said no, in its own words.
    #[error("ifenpay refused (HTTP {status}): {message}")]
    Refused {
        /// The HTTP status; 200 where it says no in the body alone.
        status: u16,
        /// One of its codes, checked to be no other text.
        code: String,
        /// Its words, capped and escaped.
        message: String,
    },
    /// A status that is no success, and no reason in the form it gives reasons in.
    #[error("ifenpay failed with HTTP status {status} and gave no reason: {words}")]
    Failing {
        /// The HTTP status.
        status: u16,
        /// What came with it, capped and escaped.
        words: String,
    },
    /// The answer is not in the form it should have.
    #[error("ifenpay's answer cannot be read: {detail}")]
    Unreadable {
        /// What was wrong with it.
        detail: String,
    },
    /// The answer is readable and cannot be true, or is about something else than was asked.
    #[error("ifenpay's answer cannot be used: {detail}")]
    Nonsense {
        /// What was wrong with it.
        detail: String,
    },
}

impl UpstreamError {
    /// The stable code told to callers: its own where it gave one (seeds/001, error codes).
    pub fn code(&self) -> &str {
        match self {
            Self::Fetch(_) => "REQUEST_ERROR",
            Self::Refused { code, .. } => code,
            Self::Failing { .. } | Self::Unreadable { .. } => "PARSE_ERROR",
            Self::Nonsense { .. } => "INVALID_DATA",
        }
    }

    /// What the owner or the agent can do about it.
    pub fn advice(&self) -> &'static str {
        match self.code() {
            "INVALID_API_KEY" | "MISSING_API_KEY" | "API_KEY_NOT_FOUND" => {
                "Set IFENPAY_API_KEY to the key ifenpay gave this wallet, or register for one"
            }
            "FORBIDDEN" => {
                "The key may not do this, or its credits are used up: look at credits_get"
            }
            "RATE_LIMIT_EXCEEDED" => "Wait a minute and try again",
            "INVALID_TRANSACTION_ID" | "NO_TRANSACTION_FOUND" => {
                "Give the transaction_id exactly as it was answered"
            }
            "INVALID_CREDITS_AMOUNT" => {
                "Ask for 10, 50, 100, 500, 1000, 5000, 10000, 50000 or 100000 credits"
            }
            "REQUEST_ERROR" => {
                "Run `paywarden doctor`; it shows whether ifenpay can be reached from here"
            }
            _ => "Try again later; if it stays so, ask ifenpay what happened to the request",
        }
    }

    /// Whether ifenpay has certainly not seen the request.
    pub fn nothing_was_sent(&self) -> bool {
        matches!(self, Self::Fetch(error) if error.nothing_was_sent())
    }

    /// Whether the same read may well be answered a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Fetch(error) => match error {
                FetchError::Connect { .. }
                | FetchError::TimedOut { .. }
                | FetchError::CutOff { .. } => true,
                FetchError::Tls { .. }
                | FetchError::TooLarge { .. }
                | FetchError::BadRequest { .. }
                | FetchError::Unusable { .. } => false,
            },
            Self::Failing { status, .. } => *status >= 500,
            Self::Refused { .. } | Self::Unreadable { .. } | Self::Nonsense { .. } => false,
        }
    }

    /// Whether it says, in the node's words, that there is no such thing.
    pub(super) fn denies(&self, words: &str) -> bool {
        matches!(self, Self::Refused { code, message, .. }
            if code == RPC_RESPONSE && message.trim_end_matches(['.', '"']).ends_with(words))
    }
}

impl From<UpstreamError> for NodeError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Refused { code, message, .. } => {
                Self::Refused { message: format!("{code}: {message}") }
            }
            UpstreamError::Unreadable { detail } | UpstreamError::Nonsense { detail } => {
                Self::Garbled { detail }
            }
            UpstreamError::Fetch(FetchError::TooLarge { .. }) => {
                Self::Garbled { detail: error.to_string() }
            }
            UpstreamError::Fetch(_) | UpstreamError::Failing { .. } => {
                Self::Unreachable { detail: error.to_string() }
            }
        }
    }
}

/// The code under which it passes on what its node said.
const RPC_RESPONSE: &str = "RPC_RESPONSE_ERROR";

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> UpstreamError {
        UpstreamError::Refused { status: 500, code: code.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn an_account_is_unopened_only_where_code_and_words_say_so() {
        let words = "Account not found";
        let said = "RPC response indicates an error: Account not found";
        assert!(refused("RPC_RESPONSE_ERROR", said).denies(words));
        assert!(!refused("RPC_REQUEST_ERROR", said).denies(words));
        assert!(!refused("RPC_RESPONSE_ERROR", "Account not found in time").denies(words));
        let failing = UpstreamError::Failing { status: 500, words: said.to_owned() };
        assert!(!failing.denies(words));
    }

    #[test]
    fn every_error_has_a_code_of_the_catalogue_and_says_what_to_do() {
        let timed_out = FetchError::TimedOut {
            origin: "https://a/".to_owned(),
            timeout_ms: 1,
            connecting: false,
        };
        for (error, code, passing) in [
            (UpstreamError::Fetch(timed_out), "REQUEST_ERROR", true),
            (refused("FORBIDDEN", "no"), "FORBIDDEN", false),
            (UpstreamError::Failing { status: 502, words: String::new() }, "PARSE_ERROR", true),
            (UpstreamError::Failing { status: 404, words: String::new() }, "PARSE_ERROR", false),
            (UpstreamError::Unreadable { detail: "x".to_owned() }, "PARSE_ERROR", false),
            (UpstreamError::Nonsense { detail: "x".to_owned() }, "INVALID_DATA", false),
        ] {
            assert_eq!((error.code(), error.is_passing()), (code, passing));
            assert!(!error.advice().is_empty() && error.to_string().contains("ifenpay"));
        }
    }
}
