//! `list_mandates`: the authority an agent has been given.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which mandates there are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMandates {}

/// The mandates.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Mandates {
    /// Each with the fields of seeds/004.
    mandates: Vec<Map<String, Value>>,
}

impl Operation for ListMandates {
    type Output = Mandates;
    const SPEC: Spec = Spec {
        name: "list_mandates",
        title: "List mandates",
        description: "Mandates (budgets and rules the owner has granted) that concern this agent. Without one, the owner's general policy decides alone.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "guard",
        open_world: false,
    };

    async fn run(self, _: &Context) -> Result<Outcome<Mandates>, Failure> {
        Ok(Outcome::Done(Mandates { mandates: Vec::new() }))
    }
}
