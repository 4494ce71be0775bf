//! An agent's name, wherever one is written: when it is let in, and in a mandate that is for it alone.
//!
//! There must be no second reading of it: an agent that can be let in is one a mandate can be for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits;

/// An agent's name, as its owner chose it: 1 to `limits::AGENT_ID_BYTES` of `a-z A-Z 0-9 . _ @ : -`.
///
/// The alphabet keeps names apart in store keys, on terminals and in URLs.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

/// The text is no agent's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an agent's id is 1 to {max} letters, digits and . _ @ : -", max = limits::AGENT_ID_BYTES)]
pub struct AgentIdError;

impl AgentId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AgentId {
    type Error = AgentIdError;

    fn try_from(text: String) -> Result<Self, AgentIdError> {
        let fits = (1..=limits::AGENT_ID_BYTES).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@:-".contains(&byte);
        if fits && text.bytes().all(plain) { Ok(Self(text)) } else { Err(AgentIdError) }
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_its_bound_and_keeps_to_its_alphabet() {
        let id = |text: &str| AgentId::try_from(text.to_owned());
        assert!(id(&"x".repeat(limits::AGENT_ID_BYTES)).is_ok());
        assert!(id(&"x".repeat(limits::AGENT_ID_BYTES + 1)).is_err());
        assert!(id("shopping-agent").is_ok() && id("bot@home:2.1_x").is_ok());
        for text in ["", " ", "a b", "a\0b", "é", "a/b", "a\u{202e}b", "\n"] {
            assert_eq!(id(text), Err(AgentIdError), "{text:?}");
        }
    }
}
