//! `nicky.payment_progress`: how far an attempt is.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::id;
use super::progress::{Shown, shown};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// How far is an attempt?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NickyPaymentProgress {
    /// From nicky.pay or nicky.start_payment.
    payment_attempt_id: String,
}

impl Operation for NickyPaymentProgress {
    type Output = Shown;
    const SPEC: Spec = Spec {
        name: "nicky.payment_progress",
        title: "Progress of a Nicky payment",
        description: "How far a Nicky payment attempt is. Ask again only after nextPollAfterSeconds; sooner the last answer comes back. Stop at attemptConfirmed or isPaid. Never a reason to pay again.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "nicky",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Shown>, Failure> {
        let attempt = id("paymentAttemptId", &self.payment_attempt_id)?;
        let polled = context.engine.nicky_progress(&attempt).await?;
        Ok(Outcome::Done(shown(&attempt, &polled, context)?))
    }
}
