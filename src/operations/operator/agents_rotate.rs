//! `agents.rotate`: a new token for an agent, shown this once; the old one is worth nothing from then on.

use schemars::JsonSchema;
use serde::Deserialize;

use super::agents_list::agent_id;
use super::agents_register::AgentToken;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Change an agent's token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsRotate {
    /// Its name.
    id: String,
}

impl Operation for AgentsRotate {
    type Output = AgentToken;
    const SPEC: Spec = Spec {
        name: "agents.rotate",
        title: "Rotate an agent's token",
        description: "Give an agent a new token, shown once. The old one stops working at once.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<AgentToken>, Failure> {
        let agent = agent_id(self.id)?;
        let id = agent.to_string();
        let issued = context.engine.rotate_agent(agent).await?;
        let (token, ledger_head) = (issued.token, issued.head.into());
        Ok(Outcome::Done(AgentToken { id, token, ledger_head }))
    }
}
