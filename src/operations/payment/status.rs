//! `payment.status`: whether a request was paid, and by whom.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backend::{self, Found};
use super::shown::{self, Shown, Untrusted};
use crate::failure::Failure;
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
    /// Words of ifenpay.
    #[serde(skip_serializing_if = "Option::is_none")]
    untrusted: Option<Untrusted>,
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
        let wait = wait_duration(self.wait_ms.unwrap_or(0))?;
        let status = match backend::status(&self.transaction_id, wait, context).await? {
            Found::Direct(found) => Status {
                success: true,
                message: shown::message(&found),
                shown: Shown::from(&*found),
                untrusted: None,
            },
            Found::Ifenpay(found) => Status {
                success: true,
                message: shown::message_of(found.is_paid).to_owned(),
                untrusted: Some(Untrusted { message: found.message.clone() }),
                shown: Shown::from(&found),
            },
        };
        Ok(Outcome::Done(status))
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
