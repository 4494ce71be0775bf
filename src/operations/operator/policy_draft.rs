//! What the operations on drafts of a policy share: reading one, and telling what it would change.

use schemars::JsonSchema;
use serde::Serialize;

use crate::digest::Digest;
use crate::failure::Failure;
use crate::policy::{Change, Policy};

/// One setting that differs.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct ChangeOut {
    /// Its full name, such as limits.XNO.hard_limit.
    setting: String,
    /// As it is in force; missing where it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// As the draft has it; missing where it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

impl From<Change> for ChangeOut {
    fn from(change: Change) -> Self {
        Self { setting: change.setting, from: change.from, to: change.to }
    }
}

/// What a policy changes of another, setting by setting.
pub(super) fn changes(from: &Policy, to: &Policy) -> Vec<ChangeOut> {
    from.changes_to(to).into_iter().map(ChangeOut::from).collect()
}

/// A draft of which everything is right.
///
/// # Errors
/// `INVALID_POLICY`, with the line, the setting and what would be right.
pub(super) fn draft(text: &str) -> Result<Policy, Failure> {
    Policy::from_toml(text)
        .map_err(|error| Failure::invalid("INVALID_POLICY", error.to_string()).hint(error.hint()))
}

/// The hash of a policy as it was typed.
///
/// # Errors
/// `INVALID_POLICY_HASH`.
pub(super) fn policy_hash(text: Option<&str>) -> Result<Option<Digest>, Failure> {
    text.map(str::parse).transpose().map_err(|_| {
        let message = "replaces is no hash of a policy: 64 lower-case hex digits";
        Failure::invalid("INVALID_POLICY_HASH", message)
            .hint("`paywarden policy show` prints that of the policy in force")
    })
}
