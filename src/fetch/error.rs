//! Why an HTTP request brought no answer.
//!
//! This module must never carry a URL's path, query or user part, nor unbounded words of a third party.

use std::error::Error;
use std::io;

use super::quote;

/// No usable answer. Every variant says by [`FetchError::nothing_was_sent`] whether the request may have been read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// No connection.
    #[error("{origin} cannot be reached: {detail}")]
    Connect {
        /// Who was asked.
        origin: String,
        /// The system's words.
        detail: String,
    },
    /// The other side did not prove who it is.
    #[error("{origin} cannot be trusted: {detail}")]
    Tls {
        /// Who was asked.
        origin: String,
        /// What was wrong with its certificate or handshake.
        detail: String,
    },
    /// No whole answer in time.
    #[error("{origin} did not answer within {timeout_ms} ms")]
    TimedOut {
        /// Who was asked.
        origin: String,
        /// The time it had.
        timeout_ms: u64,
        /// Whether not even a connection came about.
        connecting: bool,
    },
    /// The connection ended before the answer did, or what came is no HTTP.
    #[error("the answer of {origin} was cut off or is no HTTP: {detail}")]
    CutOff {
        /// Who was asked.
        origin: String,
        /// What was seen of it.
        detail: String,
    },
    /// The answer is longer than it may be.
    #[error("the answer of {origin} is longer than {limit_bytes} bytes")]
    TooLarge {
        /// Who was asked.
        origin: String,
        /// The cap.
        limit_bytes: usize,
    },
    /// The request cannot be written down.
    #[error("a request to {origin} cannot be made: its token or URL holds what HTTP cannot carry")]
    BadRequest {
        /// Who was to be asked.
        origin: String,
    },
    /// The client itself cannot be built.
    #[error("HTTPS cannot be used on this machine: {detail}")]
    Unusable {
        /// Why not.
        detail: String,
    },
}

impl FetchError {
    /// Whether the other side has certainly not seen the request, so that any request may be made again.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Tls { .. }
            | Self::BadRequest { .. }
            | Self::Unusable { .. } => true,
            Self::TimedOut { connecting, .. } => *connecting,
            Self::CutOff { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// What `error`, met while asking `origin`, is called here.
    pub(super) fn of(origin: String, timeout_ms: u64, error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut { origin, timeout_ms, connecting: error.is_connect() };
        }
        if error.is_builder() {
            return Self::BadRequest { origin };
        }
        let detail = root_cause(error);
        match error.is_connect() {
            true if is_tls(error) => Self::Tls { origin, detail },
            true => Self::Connect { origin, detail },
            false => Self::CutOff { origin, detail },
        }
    }
}

/// The innermost reason. reqwest's own words name the URL, so they are not used.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(next) = cause.and_then(|cause| cause.source()) {
        cause = Some(next);
    }
    cause.map_or_else(|| "no reason given".to_owned(), |cause| quote(&cause.to_string()))
}

/// The first cause of this type in the chain. An I/O error hides what it wraps from the chain of sources.
pub(super) fn cause_of<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error
        .downcast_ref()
        .or_else(|| wrapped.and_then(|wrapped| cause_of(wrapped)))
        .or_else(|| error.source().and_then(cause_of))
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    cause_of::<rustls::Error>(error).is_some()
}
