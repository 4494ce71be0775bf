//! Why a merchant's endpoint did not do what it was asked.
//!
//! This module must never carry a token, a URL beyond its origin, or unbounded words of a third party.

use super::handler::HandlerError;
use super::totals::TotalsError;
use super::version::Version;
use crate::fetch::{FetchError, GuestError, quote};

/// No usable answer of a merchant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AcpError {
    /// The endpoint may not be asked, or did not answer.
    #[error("the merchant cannot be asked: {0}")]
    Guest(#[from] GuestError),
    /// The endpoint the owner named did not answer.
    #[error("the merchant cannot be asked: {0}")]
    Fetch(#[from] FetchError),
    /// The merchant refused, in the protocol's words.
    #[error("the merchant refused with HTTP {status}: {code}{}", said(message))]
    Refused {
        /// HTTP status.
        status: u16,
        /// What kind of refusal.
        kind: RefusalKind,
        /// The merchant's word for it, escaped.
        code: String,
        /// The merchant's sentence, escaped.
        message: String,
        /// What it is about, escaped.
        param: Option<String>,
        /// The newest version it speaks that is spoken here, if it named any.
        speaks: Option<Version>,
    },
    /// A status without a body the protocol knows.
    #[error("the merchant answered with HTTP {status} and no error of the protocol")]
    Http {
        /// HTTP status.
        status: u16,
    },
    /// An answer that cannot be used.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// What was to be sent cannot be written down.
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
}

/// What kind of refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusalKind {
    /// The request is wrong.
    InvalidRequest,
    /// The merchant failed.
    ProcessingError,
    /// The merchant is not there for a while.
    ServiceUnavailable,
    /// A kind nobody published.
    Other,
}

/// Why an answer is not used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AnswerError {
    /// It makes no sense or contradicts itself.
    #[error("the merchant's answer cannot be used: {0}")]
    Garbled(String),
    /// It is about another session.
    #[error("the merchant answered for another session than the one it was asked about")]
    OtherSession,
    /// Its sums are wrong.
    #[error("the merchant's cart cannot be used: {0}")]
    Totals(#[from] TotalsError),
    /// It cannot be paid with what there is.
    #[error("the checkout cannot be paid: {0}")]
    Handler(#[from] HandlerError),
}

impl AnswerError {
    pub(super) fn garbled(detail: &str) -> Self {
        Self::Garbled(quote(detail))
    }
}

impl AcpError {
    /// Stable, upper-case, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Guest(GuestError::Guard(_)) => "ENDPOINT_REFUSED",
            Self::Guest(_) | Self::Fetch(_) => "MERCHANT_UNREACHABLE",
            Self::Refused { status: 401 | 403, .. } | Self::Http { status: 401 | 403 } => {
                "MERCHANT_TOKEN_REFUSED"
            }
            Self::Refused { status: 404, .. } | Self::Http { status: 404 } => "UNKNOWN_CHECKOUT",
            Self::Refused { status: 405, .. } | Self::Http { status: 405 } => "CHECKOUT_CLOSED",
            Self::Refused { status: 500.., .. } | Self::Http { status: 500.. } => "MERCHANT_DOWN",
            Self::Refused { .. } | Self::Http { .. } => "MERCHANT_REFUSED",
            Self::Answer(_) => "MERCHANT_ANSWER_UNUSABLE",
            Self::Unwritable(_) => "INTERNAL",
        }
    }

    /// Whether the merchant has certainly not seen the request.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Guest(GuestError::Guard(_)) | Self::Unwritable(_) => true,
            Self::Guest(GuestError::Fetch(error)) | Self::Fetch(error) => error.nothing_was_sent(),
            Self::Refused { .. } | Self::Http { .. } | Self::Answer(_) => false,
        }
    }

    /// Whether the merchant certainly did nothing: it never saw the request, or says that it is wrong. After anything
    /// else the session must be looked at before it is asked for again.
    pub fn did_nothing(&self) -> bool {
        match self {
            Self::Refused { status, .. } | Self::Http { status } => {
                (400..500).contains(status) && !matches!(status, 408 | 409 | 425 | 429)
            }
            other => other.nothing_was_sent(),
        }
    }
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" \"{message}\"") }
}
