//! Agents the owner has let in. Holds the hash of a token and must never hold a token.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::digest::Digest;

/// One agent; stays on the books when it is revoked, so that its token is never taken for none.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Agent {
    /// What the owner calls it.
    pub label: Option<String>,
    /// SHA-256 of its token.
    pub token_hash: Digest,
    /// When it was let in.
    pub registered_at_ms: Millis,
    /// When its token was last changed.
    pub rotated_at_ms: Option<Millis>,
    /// When it was shut out.
    pub revoked_at_ms: Option<Millis>,
}

impl Agent {
    /// Whether it may still ask.
    pub fn is_live(&self) -> bool {
        self.revoked_at_ms.is_none()
    }
}
