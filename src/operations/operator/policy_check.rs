//! `policy.check`: reads a draft and tells what it would change. Puts nothing in force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy_draft::{ChangeOut, changes, draft};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A draft to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyCheck {
    /// The draft, TOML as docs/policy.md has it.
    draft: String,
}

/// A draft in which everything is right.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChecked {
    /// SHA-256 of the draft's policy, as decisions would name it.
    policy_hash: String,
    /// That of the policy in force.
    policy_hash_in_force: String,
    /// What the draft would change.
    changes: Vec<ChangeOut>,
}

impl Operation for PolicyCheck {
    type Output = PolicyChecked;
    const SPEC: Spec = Spec {
        name: "policy.check",
        title: "Check a policy draft",
        description: "Read a draft of a policy and tell what it would change; nothing is put in force.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PolicyChecked>, Failure> {
        let draft = draft(&self.draft)?;
        let in_force = context.engine.policy()?.policy;
        Ok(Outcome::Done(PolicyChecked {
            policy_hash: draft.hash().to_string(),
            policy_hash_in_force: in_force.hash().to_string(),
            changes: changes(&in_force, &draft),
        }))
    }
}
