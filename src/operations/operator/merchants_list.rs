//! `merchants.list`: what the owner has said of merchants, by page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::directory::EntryOut;
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which merchants to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantsList {
    /// Those that come after this key.
    #[serde(default)]
    after: Option<String>,
}

/// A page of merchants.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Merchants {
    /// In the order of their keys; a full page may not be the last.
    merchants: Vec<EntryOut>,
}

impl Operation for MerchantsList {
    type Output = Merchants;
    const SPEC: Spec = Spec {
        name: "merchants.list",
        title: "Merchants",
        description: "What the owner has said of merchants.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Merchants>, Failure> {
        let limit = limits::PAGE_MAX as usize;
        let store = context.engine.store();
        let read = store.read(|view| view.merchants(self.after.as_deref(), limit));
        let rows = read.map_err(|e| store_failure(&e))?;
        Ok(Outcome::Done(Merchants { merchants: rows.into_iter().map(EntryOut::from).collect() }))
    }
}
