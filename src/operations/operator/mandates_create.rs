//! `mandates.create`: puts a mandate in force, as POST /mandates of seeds/004 does.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::MandateWritten;
use crate::engine::Put;
use crate::failure::Failure;
use crate::operations::fields::mandate;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::policy::MandateBody;

/// A mandate to put in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandatesCreate {
    /// The body of seeds/004, with our additions.
    mandate: MandateBody,
}

impl Operation for MandatesCreate {
    type Output = MandateWritten;
    const SPEC: Spec = Spec {
        name: "mandates.create",
        title: "Create a mandate",
        description: "Put a mandate in force; of an id in force it is a new version, of a revoked one a conflict.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<MandateWritten>, Failure> {
        let written = context.engine.put_mandate(mandate(self.mandate)?, Put::Create).await?;
        Ok(Outcome::Done(MandateWritten::active(written)))
    }
}
