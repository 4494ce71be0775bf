//! `list_mandates`: the authority an agent has been given.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::mandate_view::{map, shown};
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Caller, Context, Operation, Outcome, Spec};

/// Which mandates there are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMandates {}

/// The mandates.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Mandates {
    /// Each with the fields of seeds/004, and version, status and budgets (spent, held, remaining).
    mandates: Vec<Map<String, Value>>,
    /// Drafts of this agent that wait for the owner; they have no effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposed: Vec<Map<String, Value>>,
}

impl Operation for ListMandates {
    type Output = Mandates;
    const SPEC: Spec = Spec {
        name: "list_mandates",
        title: "List mandates",
        description: "Mandates (budgets and rules the owner has granted) that concern this agent, with spent, held and remaining of each budget. Without one, the owner's general policy decides alone.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "guard",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Mandates>, Failure> {
        let engine = &context.engine;
        let clock = engine.clock().read();
        let read = engine.store().read(|view| {
            let view = &view.at(clock)?;
            let mut mandates = Vec::new();
            for row in view.mandates()? {
                if concerns(&context.caller, row.mandate.agent_id.as_deref(), true) {
                    mandates.push(shown(view, &row)?);
                }
            }
            let mut proposed = Vec::new();
            for (id, draft) in view.proposals()? {
                if concerns(&context.caller, draft.agent_id.as_deref(), false) {
                    let mut object = map(draft.mandate.body());
                    object.insert("proposalId".to_owned(), Value::from(id.to_string()));
                    proposed.push(object);
                }
            }
            Ok(Mandates { mandates, proposed })
        });
        read.map(Outcome::Done).map_err(|e| store_failure(&e))
    }
}

/// An agent sees what is its own and, of mandates, what is everybody's; the owner sees all.
fn concerns(caller: &Caller, agent: Option<&str>, shared: bool) -> bool {
    match caller {
        Caller::Operator => true,
        Caller::Agent(id) => (shared && agent.is_none()) || agent == id.as_deref(),
    }
}
