//! `payees.remove`: the owner knows a payee no longer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::directory::entry_address;
use super::written::EntryWritten;
use crate::engine::Directory;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A payee to forget.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayeesRemove {
    /// Where it is paid: a nano_ or xrb_ address, or another rail's.
    address: String,
}

impl Operation for PayeesRemove {
    type Output = EntryWritten;
    const SPEC: Spec = Spec {
        name: "payees.remove",
        title: "Remove a payee",
        description: "Forget a payee; mandates that pin categories refuse it from now on.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<EntryWritten>, Failure> {
        let address = entry_address(&self.address)?;
        let key = address.as_str();
        let written = context.engine.remove_entry(Directory::Payees, key).await?;
        Ok(Outcome::Done(EntryWritten::new(written, false)))
    }
}
