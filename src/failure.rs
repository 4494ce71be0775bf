//! The one error that crosses the boundary to an agent, an owner or another process.
//!
//! Modules have their own error enums; a surface prints only a [`Failure`]. It must never hold a secret, a path of the
//! owner's, or the body of a third party's answer.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of failure it is: decides the CLI's exit code and the HTTP status.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The wallet is broken or met its own bug.
    Internal,
    /// The request cannot be understood or breaks a bound; asking again the same way cannot work.
    Invalid,
    /// Understood, and refused.
    Refused,
    /// Something the wallet needs is out of reach; asking again later may work.
    Unavailable,
}

/// Whether anything left the wallet before the failure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// Nothing was signed or sent.
    Nothing,
    /// The wallet cannot tell; the caller must look before it tries again.
    Unknown,
}

/// What the caller may do next with the same request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same call may be made again at once or later.
    Safe,
    /// The call must be corrected first.
    AfterChange,
    /// Only after the owner has done something.
    AfterOperator,
    /// Only with the same idempotency key.
    SameKey,
}

/// A failure before a payment id exists: stable code, a sentence, and what to do next.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: Kind,
    /// Stable, upper-case, for programs.
    pub code: Cow<'static, str>,
    /// What happened, with the limit and the value.
    pub message: String,
    /// The next step.
    pub hint: String,
    /// Whether anything left the wallet.
    pub sent: Sent,
    /// Whether asking again is safe.
    pub retry: Retry,
}

impl Failure {
    /// The request itself is wrong.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message, Retry::AfterChange)
    }

    /// Understood and refused.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, message, Retry::AfterChange)
    }

    /// Something outside is out of reach; nothing was sent.
    pub fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, code, message, Retry::Safe)
    }

    /// The wallet met its own bug or a broken store.
    pub fn internal(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, code, message, Retry::AfterOperator)
    }

    fn new(kind: Kind, code: &'static str, message: impl Into<String>, retry: Retry) -> Self {
        Self {
            kind,
            code: Cow::Borrowed(code),
            message: message.into(),
            hint: String::new(),
            sent: Sent::Nothing,
            retry,
        }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Says whether asking again is safe.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Says that something may have left the wallet.
    #[must_use]
    pub fn sent_unknown(mut self) -> Self {
        self.sent = Sent::Unknown;
        self
    }
}

/// The text an agent reads: the code first, then everything it needs, since hosts show only text on errors.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, sentence(&self.message))?;
        f.write_str(match self.sent {
            Sent::Nothing => " Nothing was sent.",
            Sent::Unknown => " Something may have been sent.",
        })?;
        f.write_str(match self.retry {
            Retry::Safe => " Trying again is safe.",
            Retry::AfterChange => " Do not repeat the call unchanged.",
            Retry::AfterOperator => " It will not work again before the owner has acted.",
            Retry::SameKey => " Repeat only with the same idempotency key.",
        })?;
        if !self.hint.is_empty() {
            write!(f, " {}", sentence(&self.hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

fn sentence(text: &str) -> Cow<'_, str> {
    match text.chars().last() {
        None | Some('.' | '!' | '?') => Cow::Borrowed(text),
        Some(_) => Cow::Owned(format!("{text}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_begins_with_the_code_and_says_what_is_safe() {
        let failure = Failure::unavailable("REQUEST_ERROR", "the node did not answer in 10 s")
            .hint("Run `paywarden doctor`");
        let text = failure.to_string();
        assert!(
            text.starts_with("REQUEST_ERROR: the node did not answer in 10 s. Nothing was sent.")
        );
        assert!(text.contains("Trying again is safe. Run `paywarden doctor`."));
    }

    #[test]
    fn survives_the_socket() {
        let failure = Failure::refused("WALLET_FROZEN", "frozen").sent_unknown();
        let text = serde_json::to_string(&failure).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&text).unwrap(), failure);
    }
}
