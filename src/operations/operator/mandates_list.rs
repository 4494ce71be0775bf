//! `mandates.list`: every mandate with its budgets, and the drafts that wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::store_failure;
use crate::failure::Failure;
use crate::limits;
use crate::operations::guard::mandate_view::{map, shown};
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which mandates to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesList {
    /// Only this one, revoked or not.
    #[serde(default)]
    mandate_id: Option<String>,
    /// Revoked ones instead of those in force.
    #[serde(default)]
    revoked: bool,
    /// Of revoked ones, those whose ids come after this one.
    #[serde(default)]
    after: Option<String>,
}

/// Mandates, by id.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Mandates {
    /// Each with its own fields, version, status and budgets.
    mandates: Vec<Map<String, Value>>,
    /// Drafts of agents that wait, oldest first.
    proposed: Vec<Draft>,
}

/// A draft that waits.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Draft {
    /// The draft.
    proposal_id: String,
    /// Whose, where its host proved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    /// What the agent says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// When, RFC 3339.
    proposed_at: String,
    /// What would be in force.
    mandate: Map<String, Value>,
}

impl Operation for MandatesList {
    type Output = Mandates;
    const SPEC: Spec = Spec {
        name: "mandates.list",
        title: "Mandates",
        description: "Every mandate with its budgets, and the drafts of agents that wait.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Mandates>, Failure> {
        let engine = &context.engine;
        engine.lapse_unanswered().await?;
        let clock = engine.clock().read();
        let read = engine.store().read(|view| {
            let view = &view.at(clock)?;
            let rows = match &self.mandate_id {
                Some(id) => view.mandate(id)?.into_iter().collect(),
                None if self.revoked => {
                    view.revoked_mandates(self.after.as_deref(), limits::PAGE_MAX as usize)?
                }
                None => view.mandates()?,
            };
            let mandates: Result<Vec<_>, _> = rows.iter().map(|row| shown(view, row)).collect();
            let drafts = view.proposals()?;
            Ok((mandates?, drafts))
        });
        let (mandates, drafts) = read.map_err(|e| store_failure(&e))?;
        if let (Some(id), true) = (&self.mandate_id, mandates.is_empty()) {
            let shown: String = id.chars().take(limits::QUOTE_CHARS).collect();
            let failure =
                Failure::refused("UNKNOWN_MANDATE", format!("there is no mandate {shown:?}"));
            return Err(failure.hint("`paywarden mandates list` shows what there is"));
        }
        let proposed = drafts.into_iter().map(|(id, draft)| Draft {
            proposal_id: id.to_string(),
            agent_id: draft.agent_id,
            note: draft.note,
            proposed_at: draft.proposed_at_ms.to_string(),
            mandate: map(draft.mandate.body()),
        });
        let proposed = if self.mandate_id.is_some() { Vec::new() } else { proposed.collect() };
        Ok(Outcome::Done(Mandates { mandates, proposed }))
    }
}
