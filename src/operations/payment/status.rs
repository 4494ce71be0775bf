//! `payment.status`: whether a request was paid, and by whom.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PaymentBackend;
use super::shown::{self, Shown};
use crate::engine::unknown_request;
use crate::failure::Failure;
use crate::ids::RequestId;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Whether a request was paid.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentStatus {
    /// transaction_id of payment.request.
    transaction_id: String,
    /// Wait so long for a payment, at most 55000.
    #[serde(default)]
    wait_ms: Option<u64>,
}

/// Where a request stands.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Status {
    /// Whether it could be looked up.
    success: bool,
    /// One sentence for a person.
    message: String,
    /// The request.
    #[serde(flatten)]
    shown: Shown,
}

impl Operation for PaymentStatus {
    type Output = Status;
    const SPEC: Spec = Spec {
        name: "payment.status",
        title: "Payment request status",
        description: "Whether a payment request was paid, by whom and with which block. Only a confirmed payment of the exact amount counts; wait_ms waits for it.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "payment",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Status>, Failure> {
        let id: RequestId =
            self.transaction_id.parse().map_err(|_| unknown_request(&self.transaction_id))?;
        let wait = wait_duration(self.wait_ms.unwrap_or(0))?;
        let found = PaymentBackend::default().status(id, wait, context).await?;
        let message = shown::message(&found);
        Ok(Outcome::Done(Status { success: true, message, shown: Shown::from(&found) }))
    }
}

fn wait_duration(wait_ms: u64) -> Result<Duration, Failure> {
    let wait = Duration::from_millis(wait_ms);
    if wait <= limits::WAIT_MAX {
        return Ok(wait);
    }
    let message = format!("wait_ms is {wait_ms}; at most {}", limits::WAIT_MAX.as_millis());
    Err(Failure::invalid("INVALID_WAIT", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_poll_ends_at_its_bound() {
        let max = u64::try_from(limits::WAIT_MAX.as_millis()).unwrap();
        assert!(wait_duration(max).is_ok());
        assert_eq!(wait_duration(max + 1).unwrap_err().code, "INVALID_WAIT");
    }
}
