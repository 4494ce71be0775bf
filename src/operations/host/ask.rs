//! `host.ask`: whether a host's user may be asked about a waiting payment, and what to show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::approval_id;
use crate::engine::{Paid, WaitingCall};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec, reason};

/// May the host's user be asked?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostAsk {
    /// The question, from the answer of the waiting call.
    approval_id: String,
    /// The operation that was called.
    operation: String,
    /// Its arguments, as they came.
    arguments: Map<String, Value>,
    /// The call that waits.
    #[schemars(with = "String")]
    call_id: Uuid,
}

/// What to show, if anything.
#[derive(Debug, Default, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Whether the host's user may be asked.
    ask: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    /// The payment.
    payment_id: String,
    /// How much, for a person.
    amount: String,
    /// Where to.
    payee_address: String,
    /// What the agent calls the payee: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_label: Option<String>,
    /// The agent's note: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    /// Why somebody must be asked.
    reason: String,
    /// The mandate it is paid under.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_id: Option<String>,
    /// Which agent asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
}

impl Operation for HostAsk {
    type Output = Question;
    const SPEC: Spec = Spec {
        name: "host.ask",
        title: "Ask the host's user",
        description: "Whether the policy lets the host's user answer a waiting payment, and what to show. The question is noted, and bound to agent and arguments.",
        audience: Audience::Host,
        access: Access::Write,
        toolset: "host",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Question>, Failure> {
        let call = WaitingCall {
            approval_id: approval_id(&self.approval_id)?,
            agent_id: context.caller.agent_id().map(str::to_owned),
            operation: self.operation,
            arguments: self.arguments,
            call_id: self.call_id,
        };
        Ok(Outcome::Done(match context.engine.ask_host(call).await? {
            Ok(paid) => question(&paid),
            Err(why) => Question { why_not: Some(why), ..Question::default() },
        }))
    }
}

fn question(paid: &Paid) -> Question {
    let request = &paid.payment.request;
    Question {
        ask: true,
        why_not: None,
        payment_id: request.payment_id.to_string(),
        amount: request.amount.to_string(),
        payee_address: request.payee.address.clone(),
        payee_label: request.payee.label.clone(),
        memo: paid.payment.memo.clone(),
        reason: reason(paid).1,
        mandate_id: request.mandate_id.clone(),
        agent_id: request.agent_id.clone(),
    }
}
