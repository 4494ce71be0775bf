//! `approvals.list`: what waits for the owner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Question;
use crate::failure::Failure;
use crate::operations::{Access, AmountOut, Audience, Context, Operation, Outcome, Spec};
use crate::policy::{Cart, LineItem};

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
    /// How much.
    amount: AmountOut,
    /// Where to.
    payee_address: String,
    /// What the agent calls the payee: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_label: Option<String>,
    /// The agent's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    /// The mandate it claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_id: Option<String>,
    /// Which version of the mandate it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_version: Option<u32>,
    /// What the agent says the payee sells: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_category: Option<String>,
    /// What the agent says the payment is for: its claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_intent: Option<String>,
    /// What the agent says is bought: its claim.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claimed_items: Vec<Line>,
    /// What the merchant itself said is bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    cart: Option<CartShown>,
    /// How often the host's user was asked.
    #[serde(skip_serializing_if = "is_zero")]
    host_asked: u32,
    /// Why the owner must decide.
    reason: String,
    /// Every rule looked at.
    rules: Vec<String>,
    /// When it was asked, RFC 3339.
    asked_at: String,
    /// When it lapses, RFC 3339.
    expires_at: String,
}

/// A cart as its merchant stated it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct CartShown {
    /// Who sells.
    merchant_id: String,
    /// Where the cart was fetched.
    merchant_domain: String,
    /// What it costs in all.
    total: AmountOut,
    /// What of that the merchant adds for itself, fees and wrapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    surcharge: Option<AmountOut>,
    /// What is bought.
    line_items: Vec<Line>,
}

/// One thing that is bought.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Line {
    /// Its name.
    name: String,
    /// How many.
    quantity: u32,
    /// The price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_amount: Option<AmountOut>,
    /// What kind of thing it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
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
        context.engine.lapse_unanswered().await?;
        let rows = context.engine.approvals()?;
        let approvals = rows.iter().map(waiting).collect();
        Ok(Outcome::Done(Approvals { approvals }))
    }
}

fn waiting(question: &Question) -> Waiting {
    let Question { id, approval, paid, host_asked } = question;
    let payment = &paid.payment;
    let request = &payment.request;
    let decided = payment.decided.as_ref();
    Waiting {
        approval_id: id.to_string(),
        payment_id: approval.payment_id.to_string(),
        agent_id: request.agent_id.clone(),
        operation: payment.operation.clone(),
        amount: request.amount.into(),
        payee_address: request.payee.address.clone(),
        payee_label: request.payee.label.clone(),
        memo: payment.memo.clone(),
        mandate_id: request.mandate_id.clone(),
        mandate_version: decided.and_then(|decided| decided.mandate_version),
        claimed_category: request.claims.category.clone(),
        claimed_intent: request.claims.intent.clone(),
        claimed_items: request.claims.line_items.iter().map(line).collect(),
        cart: request.cart.as_ref().map(cart),
        host_asked: *host_asked,
        reason: approval.reason.clone(),
        rules: decided.map(|decided| decided.rules.clone()).unwrap_or_default(),
        asked_at: approval.asked_at_ms.to_string(),
        expires_at: approval.expires_at_ms.to_string(),
    }
}

fn cart(cart: &Cart) -> CartShown {
    CartShown {
        merchant_id: cart.merchant_id.clone(),
        merchant_domain: cart.merchant_domain.clone(),
        total: cart.total.into(),
        surcharge: cart.surcharge.map(Into::into),
        line_items: cart.line_items.iter().map(line).collect(),
    }
}

fn line(item: &LineItem) -> Line {
    Line {
        name: item.name.clone(),
        quantity: item.quantity,
        unit_amount: item.unit_amount.map(Into::into),
        category: item.category.clone(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
