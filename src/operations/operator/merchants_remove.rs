//! `merchants.remove`: the owner knows a merchant no longer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::directory::entry_id;
use super::written::EntryWritten;
use crate::engine::Directory;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A merchant to forget.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MerchantsRemove {
    /// Its id, as its carts name it.
    id: String,
}

impl Operation for MerchantsRemove {
    type Output = EntryWritten;
    const SPEC: Spec = Spec {
        name: "merchants.remove",
        title: "Remove a merchant",
        description: "Forget a merchant; mandates that pin categories refuse it from now on.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<EntryWritten>, Failure> {
        let id = entry_id(&self.id)?;
        let key = id.as_str();
        let written = context.engine.remove_entry(Directory::Merchants, key).await?;
        if let Ok(shops) = context.engine.services().shops() {
            shops.forget_token(key)?;
        }
        Ok(Outcome::Done(EntryWritten::new(written, false)))
    }
}
