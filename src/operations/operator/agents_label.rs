//! `agents.label`: what the owner calls an agent. Changes nothing it may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agents_list::agent_id;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Call an agent something else.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentsLabel {
    /// Its name.
    id: String,
    /// The new label; left out, the old one is taken away.
    #[serde(default)]
    label: Option<String>,
}

/// An agent that was changed.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Its name.
    pub(super) id: String,
    /// The ledger's head with it.
    pub(super) ledger_head: LedgerHead,
}

impl Operation for AgentsLabel {
    type Output = Changed;
    const SPEC: Spec = Spec {
        name: "agents.label",
        title: "Label an agent",
        description: "Call an agent something else; its id, token and authority stay.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Changed>, Failure> {
        let agent = agent_id(self.id)?;
        let label = bounded("label", self.label, limits::LABEL_BYTES)?;
        let id = agent.to_string();
        let ledger_head = context.engine.label_agent(agent, label).await?.into();
        Ok(Outcome::Done(Changed { id, ledger_head }))
    }
}
