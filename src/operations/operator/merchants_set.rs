//! `merchants.set`: what the owner says of a merchant. It decides about categories; an agent's claim does not.

use schemars::JsonSchema;
use serde::Deserialize;

use super::directory::{entry, entry_id};
use super::written::EntryWritten;
use crate::engine::Directory;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A merchant and what it sells.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MerchantsSet {
    /// Its id, as its carts name it.
    id: String,
    /// What it is called.
    #[serde(default)]
    label: Option<String>,
    /// What it sells; mandates allow and block by it.
    #[serde(default)]
    category: Option<String>,
}

impl Operation for MerchantsSet {
    type Output = EntryWritten;
    const SPEC: Spec = Spec {
        name: "merchants.set",
        title: "Set a merchant",
        description: "Say what a merchant is called and sells; mandates that pin categories go by it.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<EntryWritten>, Failure> {
        let id = entry_id(&self.id)?;
        let key = id.as_str();
        let entry = entry(self.label, self.category)?;
        let written = context.engine.set_entry(Directory::Merchants, key, entry).await?;
        Ok(Outcome::Done(EntryWritten::new(written, true)))
    }
}
