//! `policy.show`: the policy in force, as data and as a draft that comes back with the same hash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Show the policy in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyShow {}

/// The policy in force.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyShown {
    /// Its SHA-256, as decisions name it.
    policy_hash: String,
    /// Since when, RFC 3339.
    since: String,
    /// The policy as the ledger has it; amounts are integer smallest units as text.
    policy: Map<String, Value>,
    /// The same as TOML.
    draft: String,
}

impl Operation for PolicyShow {
    type Output = PolicyShown;
    const SPEC: Spec = Spec {
        name: "policy.show",
        title: "Policy in force",
        description: "The policy in force, its hash and since when, as data and as TOML.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PolicyShown>, Failure> {
        let row = context.engine.policy()?;
        let policy = match serde_json::to_value(&row.policy) {
            Ok(Value::Object(policy)) => policy,
            _ => return Err(Failure::internal("INTERNAL", "the policy is not an object")),
        };
        Ok(Outcome::Done(PolicyShown {
            policy_hash: row.policy.hash().to_string(),
            since: row.since_ms.to_string(),
            policy,
            draft: row.policy.to_toml(),
        }))
    }
}
