//! What the events of agents do to the rows. Never removes one: the door stays shut once it was.

use super::{ApplyError, Fold, misfit};
use crate::books::agent::Agent;
use crate::books::event::Body;
use crate::books::rows::Table;
use crate::books::view::encode;
use crate::policy::AgentId;

impl Fold<'_> {
    pub(super) fn agent_event(&mut self, body: &Body) -> Result<(), ApplyError> {
        let (id, agent) = match body {
            Body::AgentRegistered { agent_id, label, token_hash } => {
                if self.view().agent(agent_id.as_str())?.is_some_and(|agent| agent.is_live()) {
                    return Err(misfit("agent.registered", "the agent is there already"));
                }
                let agent = Agent {
                    label: label.clone(),
                    token_hash: *token_hash,
                    registered_at_ms: self.at,
                    rotated_at_ms: None,
                    revoked_at_ms: None,
                };
                (agent_id, agent)
            }
            Body::AgentLabelled { agent_id, label } => {
                let agent = self.live_agent("agent.labelled", agent_id)?;
                (agent_id, Agent { label: label.clone(), ..agent })
            }
            Body::AgentRotated { agent_id, token_hash } => {
                let agent = self.live_agent("agent.rotated", agent_id)?;
                let rotated_at_ms = Some(self.at);
                (agent_id, Agent { token_hash: *token_hash, rotated_at_ms, ..agent })
            }
            Body::AgentRevoked { agent_id } => {
                let agent = self.live_agent("agent.revoked", agent_id)?;
                (agent_id, Agent { revoked_at_ms: Some(self.at), ..agent })
            }
            other => return Err(misfit("an agent's event", &format!("{other:?}"))),
        };
        self.rows.put(Table::Agents, id.as_str().as_bytes(), encode(&agent));
        Ok(())
    }

    fn live_agent(&self, what: &'static str, id: &AgentId) -> Result<Agent, ApplyError> {
        let agent = self.view().agent(id.as_str())?.filter(Agent::is_live);
        agent.ok_or_else(|| misfit(what, "there is no such agent"))
    }
}
