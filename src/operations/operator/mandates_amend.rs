//! `mandates.amend`: a new version of a mandate in force; its budget goes on as it is.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::MandateWritten;
use crate::engine::Put;
use crate::failure::Failure;
use crate::operations::fields::mandate;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::policy::MandateBody;

/// A mandate as it is to be from now on, whole.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesAmend {
    /// The body of seeds/004, with our additions.
    mandate: MandateBody,
}

impl Operation for MandatesAmend {
    type Output = MandateWritten;
    const SPEC: Spec = Spec {
        name: "mandates.amend",
        title: "Amend a mandate",
        description: "Put a new version of a mandate in force; what was spent and held of its budget stays.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<MandateWritten>, Failure> {
        let written = context.engine.put_mandate(mandate(self.mandate)?, Put::Amend).await?;
        Ok(Outcome::Done(MandateWritten::active(written)))
    }
}
