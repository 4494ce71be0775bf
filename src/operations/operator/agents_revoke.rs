//! `agents.revoke`: shuts an agent out. Never opens the door to agents without a token, even for the last one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::agents_label::Changed;
use super::agents_list::agent_id;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Shut an agent out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsRevoke {
    /// Its name.
    id: String,
}

impl Operation for AgentsRevoke {
    type Output = Changed;
    const SPEC: Spec = Spec {
        name: "agents.revoke",
        title: "Revoke an agent",
        description: "Shut an agent out at once. Others still need their tokens, and nobody gets in without one.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Changed>, Failure> {
        let agent = agent_id(self.id)?;
        let id = agent.to_string();
        let ledger_head = context.engine.revoke_agent(agent).await?.into();
        Ok(Outcome::Done(Changed { id, ledger_head }))
    }
}
