//! Secrets that open the wallet or name an agent: from the environment, or a file it names.
//!
//! They must never come from a flag, which every process on the machine can read, nor be shown.

use super::{Environment, invalid};
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// The unlock secret, from the environment or a file the environment names.
pub(super) fn unlock(environment: &dyn Environment) -> Result<Option<Secret>, Failure> {
    let set = |name| environment.var(name).filter(|value| !value.is_empty());
    if let Some(text) = set("PAYWARDEN_UNLOCK") {
        return Ok(Some(Secret::new(text)));
    }
    let Some(path) = set("PAYWARDEN_UNLOCK_FILE") else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        invalid(format!("the file PAYWARDEN_UNLOCK_FILE names cannot be read: {error}"))
    })?;
    let text = Secret::new(text);
    Ok(Some(text.without_line_end()))
}

/// The agent's token, from the environment alone: `config.toml` is one for all hosts.
pub(super) fn agent_token(environment: &dyn Environment) -> Result<Option<Secret>, Failure> {
    let Some(text) = environment.var(AGENT_TOKEN) else { return Ok(None) };
    let token = Secret::new(text).without_line_end();
    match token.length() {
        0 => Ok(None),
        length if length <= limits::AGENT_TOKEN_CHARS => Ok(Some(token)),
        _ => Err(invalid(format!("{AGENT_TOKEN} is too long to be a token"))),
    }
}

pub(super) const AGENT_TOKEN: &str = "PAYWARDEN_AGENT_TOKEN";
