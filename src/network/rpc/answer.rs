//! From an HTTP reply to a node's answer or a typed error.
//!
//! This module must never read a 5xx, a cut-off body or a proxy's page as the node's own word.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::fetch::{FetchError, Reply, quote};
use crate::network::NodeError;

/// The answer in `reply`.
///
/// # Errors
/// [`NodeError::Refused`] for the node's own words, [`NodeError::Unreachable`] for a server in front of it or one that
/// is failing, otherwise [`NodeError::Garbled`].
pub(super) fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, NodeError> {
    match reply.status {
        200 => {}
        // RsNano's words for a request it cannot read, in plain text.
        400 | 422 => return Err(NodeError::Refused { message: words(&reply.body) }),
        status => {
            return Err(unreachable(format!("HTTP status {status}: {}", words(&reply.body))));
        }
    }
    let refusal: Refusal = serde_json::from_slice(&reply.body).map_err(garbled)?;
    if let Some(error) = refusal.error {
        return Err(NodeError::Refused { message: quote(&error) });
    }
    serde_json::from_slice(&reply.body).map_err(garbled)
}

/// `None` where the node refused in exactly these words.
pub(super) fn absent_if<T>(
    answer: Result<T, NodeError>,
    words: &str,
) -> Result<Option<T>, NodeError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(NodeError::Refused { message }) if message == words => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a node says that has no such account; C++ and RsNano alike.
pub(super) const ACCOUNT_NOT_FOUND: &str = "Account not found";
/// The same for a block.
pub(super) const BLOCK_NOT_FOUND: &str = "Block not found";

/// A request without an answer.
pub(super) fn unanswered(error: FetchError) -> NodeError {
    match error {
        FetchError::TooLarge { .. } => NodeError::Garbled { detail: error.to_string() },
        other => unreachable(other.to_string()),
    }
}

/// No answer, for this reason.
pub(in crate::network) fn unreachable(detail: String) -> NodeError {
    NodeError::Unreachable { detail }
}

/// An answer that says what cannot be.
pub(super) fn nonsense(detail: impl Into<String>) -> NodeError {
    NodeError::Garbled { detail: detail.into() }
}

/// serde's complaint may quote the answer, so it is quoted itself.
pub(super) fn garbled(error: serde_json::Error) -> NodeError {
    nonsense(quote(&error.to_string()))
}

/// What the body says, whether as JSON or as text.
fn words(body: &[u8]) -> String {
    let refusal = serde_json::from_slice::<Refusal>(body).ok().and_then(|refusal| refusal.error);
    quote(&refusal.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()))
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
}
