//! `mandates.grant`: puts a mandate in force that an agent has drafted, as it is.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{MandateWritten, proposal_id};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A draft to put in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesGrant {
    /// The draft, from mandates.list.
    proposal_id: String,
}

impl Operation for MandatesGrant {
    type Output = MandateWritten;
    const SPEC: Spec = Spec {
        name: "mandates.grant",
        title: "Grant a proposed mandate",
        description: "Put a mandate in force that an agent has proposed, exactly as it was proposed.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<MandateWritten>, Failure> {
        let written = context.engine.grant_mandate(proposal_id(&self.proposal_id)?).await?;
        Ok(Outcome::Done(MandateWritten::active(written)))
    }
}
