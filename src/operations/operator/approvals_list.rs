//! `approvals.list`: what waits for the owner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::Approval;
use crate::engine::Paid;
use crate::failure::Failure;
use crate::ids::ApprovalId;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// What waits for the owner.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsList {}

/// Questions, oldest first.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Approvals {
    /// Oldest first.
    approvals: Vec<Waiting>,
}

/// One question.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Waiting {
    /// The question.
    approval_id: String,
    /// The payment.
    payment_id: String,
    /// Which agent asked, where its host proved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    /// Through which operation.
    operation: String,
    /// How much, for a person.
    amount: String,
    /// Where to.
    payee_address: String,
    /// What the agent calls the payee: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_label: Option<String>,
    /// The agent's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    /// Why the owner must decide.
    reason: String,
    /// Every rule looked at.
    rules: Vec<String>,
    /// When it was asked, RFC 3339.
    asked_at: String,
    /// When it lapses, RFC 3339.
    expires_at: String,
}

impl Operation for ApprovalsList {
    type Output = Approvals;
    const SPEC: Spec = Spec {
        name: "approvals.list",
        title: "Approvals",
        description: "Payments that wait for the owner, oldest first.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Approvals>, Failure> {
        let rows = context.engine.approvals()?;
        let approvals = rows.iter().map(|(id, row, paid)| waiting(*id, row, paid)).collect();
        Ok(Outcome::Done(Approvals { approvals }))
    }
}

fn waiting(id: ApprovalId, row: &Approval, paid: &Paid) -> Waiting {
    let payment = &paid.payment;
    Waiting {
        approval_id: id.to_string(),
        payment_id: row.payment_id.to_string(),
        agent_id: payment.request.agent_id.clone(),
        operation: payment.operation.clone(),
        amount: payment.request.amount.to_string(),
        payee_address: payment.request.payee.address.clone(),
        payee_label: payment.request.payee.label.clone(),
        memo: payment.memo.clone(),
        reason: row.reason.clone(),
        rules: payment.decided.as_ref().map(|decided| decided.rules.clone()).unwrap_or_default(),
        asked_at: row.asked_at_ms.to_string(),
        expires_at: row.expires_at_ms.to_string(),
    }
}
