//! `payees.list`: what the owner has said of payees, by page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::directory::EntryOut;
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which payees to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeesList {
    /// Those that come after this key.
    #[serde(default)]
    after: Option<String>,
}

/// A page of payees.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Payees {
    /// In the order of their keys; a full page may not be the last.
    payees: Vec<EntryOut>,
}

impl Operation for PayeesList {
    type Output = Payees;
    const SPEC: Spec = Spec {
        name: "payees.list",
        title: "Payees",
        description: "What the owner has said of payees.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Payees>, Failure> {
        let limit = limits::PAGE_MAX as usize;
        let store = context.engine.store();
        let read = store.read(|view| view.payees(self.after.as_deref(), limit));
        let rows = read.map_err(|e| store_failure(&e))?;
        Ok(Outcome::Done(Payees { payees: rows.into_iter().map(EntryOut::from).collect() }))
    }
}
