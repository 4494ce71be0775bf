//! `mandates.reject`: turns a mandate down that an agent has drafted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::written::proposal_id;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// A draft to turn down.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesReject {
    /// The draft, from mandates.list.
    proposal_id: String,
    /// The owner's words.
    #[serde(default)]
    reason: Option<String>,
}

/// The draft is gone.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// The draft's id.
    proposal_id: String,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for MandatesReject {
    type Output = Rejected;
    const SPEC: Spec = Spec {
        name: "mandates.reject",
        title: "Reject a proposed mandate",
        description: "Turn a mandate down that an agent has proposed.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Rejected>, Failure> {
        let id = proposal_id(&self.proposal_id)?;
        let reason = bounded("reason", self.reason, limits::REASON_BYTES)?;
        let head = context.engine.reject_mandate(id, reason).await?;
        Ok(Outcome::Done(Rejected { proposal_id: id.to_string(), ledger_head: head.into() }))
    }
}
