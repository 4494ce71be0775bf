//! Why a provider did not do what it was asked, and what helps.
//!
//! This module must never carry a key, a URL beyond its origin, or unbounded words of a third party.

use super::{FetchError, quote};
use crate::clock::Millis;

/// No usable answer of a provider. The sentence names the provider and its status; [`ProviderError::advice`] says what
/// to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// No answer at all.
    #[error("{provider} gave no answer: {cause}")]
    Unreached {
        /// Who was asked.
        provider: &'static str,
        /// What came instead.
        cause: FetchError,
    },
    /// Asked too often (HTTP 429, or a pause it asked for is not over).
    #[error("{provider} wants no request before {retry_at}")]
    RateLimited {
        /// Who was asked.
        provider: &'static str,
        /// When it may be asked again.
        retry_at: Millis,
    },
    /// A status other than success.
    #[error("{provider} answered with HTTP {status}{}", said(words))]
    Status {
        /// Who was asked.
        provider: &'static str,
        /// Its status.
        status: u16,
        /// Its words, capped and escaped.
        words: Option<String>,
    },
    /// An error inside a successful status.
    #[error("{provider} refused{}", said(words))]
    Refused {
        /// Who was asked.
        provider: &'static str,
        /// Its words, capped and escaped.
        words: Option<String>,
    },
    /// An answer that makes no sense, or contradicts itself or the question.
    #[error("the answer of {provider} cannot be used: {detail}")]
    Garbled {
        /// Who was asked.
        provider: &'static str,
        /// What is wrong with it, capped and escaped.
        detail: String,
    },
    /// A request that needs a key, and none is set.
    #[error("{provider} needs a key for this, and none is set")]
    NoKey {
        /// Who was to be asked.
        provider: &'static str,
        /// The setting that holds it.
        setting: &'static str,
    },
}

impl ProviderError {
    /// An answer that makes no sense.
    pub fn garbled(provider: &'static str, detail: &str) -> Self {
        Self::Garbled { provider, detail: quote(detail) }
    }

    /// Stable, upper-case, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreached { .. } => "PROVIDER_UNREACHABLE",
            Self::RateLimited { .. } => "PROVIDER_RATE_LIMITED",
            Self::Status { status, .. } => match status {
                401 | 403 => "PROVIDER_KEY_REFUSED",
                404 => "PROVIDER_UNKNOWN_ID",
                409 | 422 => "PROVIDER_CONFLICT",
                500.. => "PROVIDER_DOWN",
                400..=499 => "PROVIDER_REFUSED",
                _ => "PROVIDER_ANSWER_UNUSABLE",
            },
            Self::Refused { .. } => "PROVIDER_REFUSED",
            Self::Garbled { .. } => "PROVIDER_ANSWER_UNUSABLE",
            Self::NoKey { .. } => "PROVIDER_KEY_MISSING",
        }
    }

    /// What helps, as a sentence.
    pub fn advice(&self) -> String {
        let fixed = match self {
            Self::RateLimited { retry_at, .. } => return format!("Ask again after {retry_at}"),
            Self::NoKey { setting, .. } => return format!("The owner sets {setting}"),
            Self::Unreached { cause, .. } if cause.nothing_was_sent() => {
                "Nothing was sent; look at the network, then ask again"
            }
            Self::Unreached { .. } => "Look up the state before asking for it again",
            Self::Status { status, .. } => match status {
                300..=399 => "The base URL has moved; the owner corrects the setting",
                401 | 403 => "The owner checks the key of this provider",
                404 => "Check the id: the provider does not know it",
                409 | 422 => {
                    "Look the request up again: it may be paid or expired, or the payer may differ"
                }
                500.. => "The provider is in trouble; ask again in some minutes",
                _ => "Check the values that were asked with",
            },
            Self::Refused { .. } => "Check the values that were asked with",
            Self::Garbled { .. } => {
                "Do not pay on this answer; ask the provider's support if it stays"
            }
        };
        fixed.to_owned()
    }

    /// Whether the provider has certainly not seen the request.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Unreached { cause, .. } => cause.nothing_was_sent(),
            Self::NoKey { .. } => true,
            _ => false,
        }
    }

    /// Whether the same request may well succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreached { cause, .. } => matches!(
                cause,
                FetchError::Connect { .. }
                    | FetchError::TimedOut { .. }
                    | FetchError::CutOff { .. }
            ),
            Self::RateLimited { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            Self::Refused { .. } | Self::Garbled { .. } | Self::NoKey { .. } => false,
        }
    }
}

fn said(words: &Option<String>) -> String {
    words.as_ref().map(|words| format!(": \"{words}\"")).unwrap_or_default()
}
