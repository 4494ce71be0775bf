//! `agents.register`: lets an agent in and shows its token, this once. From then on no agent asks without one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agents_list::agent_id;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};
use crate::secret::Secret;

/// Let an agent in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsRegister {
    /// Its name: 1 to 128 letters, digits and . _ @ : -
    id: String,
    /// What the owner calls it.
    #[serde(default)]
    label: Option<String>,
}

/// An agent with its token.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentToken {
    /// Its name.
    pub(super) id: String,
    /// For PAYWARDEN_AGENT_TOKEN of its host; not shown again.
    #[schemars(with = "String")]
    pub(super) token: Secret,
    /// The ledger's head with it.
    pub(super) ledger_head: LedgerHead,
}

impl Operation for AgentsRegister {
    type Output = AgentToken;
    const SPEC: Spec = Spec {
        name: "agents.register",
        title: "Register an agent",
        description: "Let an agent in and give its token, once. From the first one on, agents without a token are refused.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<AgentToken>, Failure> {
        let agent = agent_id(self.id)?;
        let label = bounded("label", self.label, limits::LABEL_BYTES)?;
        let id = agent.to_string();
        let issued = context.engine.register_agent(agent, label).await?;
        let (token, ledger_head) = (issued.token, issued.head.into());
        Ok(Outcome::Done(AgentToken { id, token, ledger_head }))
    }
}
