//! `mandates.revoke`: takes a mandate back, for good.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::MandateWritten;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A mandate to take back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesRevoke {
    /// Its id.
    mandate_id: String,
    /// The owner's words.
    #[serde(default)]
    reason: Option<String>,
}

impl Operation for MandatesRevoke {
    type Output = MandateWritten;
    const SPEC: Spec = Spec {
        name: "mandates.revoke",
        title: "Revoke a mandate",
        description: "Take a mandate back for good; payments that are not signed yet are refused.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<MandateWritten>, Failure> {
        let reason = bounded("reason", self.reason, limits::REASON_BYTES)?;
        let written = context.engine.revoke_mandate(self.mandate_id, reason).await?;
        Ok(Outcome::Done(MandateWritten::revoked(written)))
    }
}
