//! `policy.apply`: puts a draft in force. Nothing else changes a policy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy_draft::{ChangeOut, changes, draft, policy_hash};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// A draft to put in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyApply {
    /// The draft, TOML as docs/policy.md has it.
    draft: String,
    /// Only if this policy is still in force: its hash.
    #[serde(default)]
    replaces: Option<String>,
}

/// The policy in force from here on.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyApplied {
    /// Its SHA-256, as decisions name it.
    policy_hash: String,
    /// Whether it is another one than before.
    changed: bool,
    /// What it changed.
    changes: Vec<ChangeOut>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for PolicyApply {
    type Output = PolicyApplied;
    const SPEC: Spec = Spec {
        name: "policy.apply",
        title: "Apply a policy",
        description: "Put a draft of a policy in force; the ledger records it whole, with its hash.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PolicyApplied>, Failure> {
        let replaces = policy_hash(self.replaces.as_deref())?;
        let policy = draft(&self.draft)?;
        let applied = context.engine.apply_policy(policy.clone(), replaces).await?;
        Ok(Outcome::Done(PolicyApplied {
            policy_hash: policy.hash().to_string(),
            changed: applied.changed,
            changes: changes(&applied.before, &policy),
            ledger_head: applied.head.into(),
        }))
    }
}
