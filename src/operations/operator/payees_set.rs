//! `payees.set`: what the owner says of a payee. It decides about categories; an agent's claim does not.

use schemars::JsonSchema;
use serde::Deserialize;

use super::directory::{entry, entry_address};
use super::written::EntryWritten;
use crate::engine::Directory;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A payee and what it sells.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayeesSet {
    /// Where it is paid: a nano_ or xrb_ address, or another rail's.
    address: String,
    /// What it is called.
    #[serde(default)]
    label: Option<String>,
    /// What it sells; mandates allow and block by it.
    #[serde(default)]
    category: Option<String>,
}

impl Operation for PayeesSet {
    type Output = EntryWritten;
    const SPEC: Spec = Spec {
        name: "payees.set",
        title: "Set a payee",
        description: "Say what a payee is called and sells; mandates that pin categories go by it. What is not named stays.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<EntryWritten>, Failure> {
        let address = entry_address(&self.address)?;
        let key = address.as_str();
        let entry = entry(self.label, self.category)?;
        let written = context.engine.set_entry(Directory::Payees, key, entry).await?;
        Ok(Outcome::Done(EntryWritten::new(written, true)))
    }
}
