//! `nicky.report_transaction`: the hash of a payment that another wallet made.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::id;
use super::progress::{Shown, shown};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::quoted;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Report a transaction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NickyReportTransaction {
    /// From nicky.start_payment.
    payment_attempt_id: String,
    /// The whole hash.
    transaction_hash: String,
}

impl Operation for NickyReportTransaction {
    type Output = Shown;
    const SPEC: Spec = Spec {
        name: "nicky.report_transaction",
        title: "Report a transaction to Nicky",
        description: "Tell Nicky the hash of a payment made by ANOTHER wallet for an attempt of nicky_start_payment. Harmless to repeat. What nicky_pay paid is reported by itself.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "nicky",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Shown>, Failure> {
        let attempt = id("paymentAttemptId", &self.payment_attempt_id)?;
        let is_plain = self.transaction_hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain || self.transaction_hash.len() < limits::NICKY_HASH_CHARS_MIN {
            let shown = quoted(&self.transaction_hash);
            return Err(Failure::invalid(
                "INVALID_HASH",
                format!("{shown} is no transaction hash"),
            )
            .hint("Give the whole hash, not a shortened one or a link"));
        }
        let hash = id("transactionHash", &self.transaction_hash)?;
        let polled = context.engine.report_to_nicky(&attempt, &hash).await?;
        Ok(Outcome::Done(shown(&attempt, &polled, context)?))
    }
}
