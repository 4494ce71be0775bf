//! `keys.exported`: notes on the ledger that the owner is shown what the keys come from. Carries no secret itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Note an export.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysExported {
    /// Where it goes.
    target: Target,
}

/// Where an export goes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Target {
    /// A file of the owner's.
    File,
    /// The owner's terminal.
    Terminal,
}

/// It is noted.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Noted {
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for KeysExported {
    type Output = Noted;
    const SPEC: Spec = Spec {
        name: "keys.exported",
        title: "Note an export",
        description: "Note on the ledger that the owner is shown what the wallet's keys come from.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Noted>, Failure> {
        let target = match self.target {
            Target::File => "file",
            Target::Terminal => "terminal",
        };
        let head = context.engine.note_export(target.to_owned()).await?;
        Ok(Outcome::Done(Noted { ledger_head: head.into() }))
    }
}
