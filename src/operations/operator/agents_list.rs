//! `agents.list`: who may ask, and who no longer may. Shows no token and no hash of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::policy::AgentId;

/// Who may ask.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsList {}

/// Agents, by name.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Agents {
    /// Every agent there ever was.
    agents: Vec<AgentOut>,
}

/// One agent.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct AgentOut {
    /// Its name.
    id: String,
    /// What the owner calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Whether it may still ask.
    live: bool,
    /// When it was let in, RFC 3339.
    registered_at: String,
    /// When its token was last changed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_at: Option<String>,
    /// When it was shut out, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl Operation for AgentsList {
    type Output = Agents;
    const SPEC: Spec = Spec {
        name: "agents.list",
        title: "Agents",
        description: "Every agent the owner ever let in, revoked ones too.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Agents>, Failure> {
        let agents = context.engine.agents()?.into_iter().map(|(id, agent)| AgentOut {
            id,
            live: agent.is_live(),
            label: agent.label,
            registered_at: agent.registered_at_ms.to_string(),
            rotated_at: agent.rotated_at_ms.map(|at| at.to_string()),
            revoked_at: agent.revoked_at_ms.map(|at| at.to_string()),
        });
        Ok(Outcome::Done(Agents { agents: agents.collect() }))
    }
}

/// An agent's name as it was typed.
pub(super) fn agent_id(text: String) -> Result<AgentId, Failure> {
    let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
    AgentId::try_from(text)
        .map_err(|error| Failure::invalid("INVALID_AGENT_ID", format!("{error}; not {shown:?}")))
}
