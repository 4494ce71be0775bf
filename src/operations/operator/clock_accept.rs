//! `clock.accept`: the owner has looked at the machine's clock; budgets count by it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Accept the wall clock as it stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockAccept {}

/// Budgets count by the wall clock.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// How far it was ahead of the time since the machine was started, in milliseconds.
    accepted_ms: u64,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for ClockAccept {
    type Output = Accepted;
    const SPEC: Spec = Spec {
        name: "clock.accept",
        title: "Accept the clock",
        description: "The wall clock went ahead of the time since this machine was started, and is right: budgets count by it again.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Accepted>, Failure> {
        let (accepted_ms, head) = context.engine.accept_clock().await?;
        Ok(Outcome::Done(Accepted { accepted_ms, ledger_head: head.into() }))
    }
}
