//! `host.answer`: what a host's user said about a waiting payment. Counts once, within the policy's caps, and only for
//! the agent and the arguments it was asked about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine;
use crate::failure::Failure;
use crate::ids::ApprovalId;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// The answer of a host's user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostAnswer {
    /// The question.
    approval_id: String,
    /// The operation that is called again.
    operation: String,
    /// Its arguments, as they came.
    arguments: Map<String, Value>,
    /// A JSON boolean; left out where nothing clear was said, which leaves the question to the owner.
    #[serde(default)]
    approved: Option<bool>,
}

/// Where it leads.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// The call that asked for the payment: made again, it says how the payment stands.
    call_id: String,
    /// Why the answer changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_taken: Option<String>,
}

impl Operation for HostAnswer {
    type Output = Taken;
    const SPEC: Spec = Spec {
        name: "host.answer",
        title: "Answer of the host's user",
        description: "Take the answer of the host's user to a question of host.ask, once. Policy, caps and freeze are checked again.",
        audience: Audience::Host,
        access: Access::Spend,
        toolset: "host",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Taken>, Failure> {
        let answer = engine::HostAnswer {
            approval_id: approval_id(&self.approval_id)?,
            agent_id: context.caller.agent_id().map(str::to_owned),
            operation: self.operation,
            arguments: self.arguments,
            approved: self.approved,
        };
        let taken = context.engine.take_host_answer(answer).await?;
        let call_id = taken.call_id.to_string();
        Ok(Outcome::Done(Taken { call_id, not_taken: taken.not_taken }))
    }
}

pub(super) fn approval_id(text: &str) -> Result<ApprovalId, Failure> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("REQUEST_STATE_UNKNOWN", format!("{shown:?} is no state of this server"))
            .hint("Call the tool again without requestState, with the same idempotency key")
    })
}
