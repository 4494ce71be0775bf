//! `nanswap.verify_webhook`: whether a webhook is Nanswap's, new, and about an order as this wallet made it.
//!
//! The secret comes from the owner's settings and never from a caller. A signature alone is never called a payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::WebhookVerdict;
use crate::engine::not_set_up;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};
use crate::providers::nanswap::{OrderStatus, Webhook, verify};

/// Check a webhook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NanswapVerifyWebhook {
    /// The raw body, byte by byte as it came.
    body: String,
    /// The header x-nanswap-sig.
    signature: String,
}

/// What it is worth.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// accepted, duplicate, replayed, regressing, payout_tampered, wrong_price, paid_too_little, differs, unknown_order.
    verdict: WebhookVerdict,
    /// Accepted, completed, and Nanswap says so when asked itself.
    may_deliver: bool,
    invoice_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_partner_id: Option<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    ledger_head: LedgerHead,
}

impl Operation for NanswapVerifyWebhook {
    type Output = Checked;
    const SPEC: Spec = Spec {
        name: "nanswap.verify_webhook",
        title: "Verify a Nanswap webhook",
        description: "Check a Nanswap Pay webhook: raw body and x-nanswap-sig header. Held against the order as it was made; duplicates, replays and tampering are told apart. Deliver only on mayDeliver.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Checked>, Failure> {
        let engine = &context.engine;
        let secret = engine.services().nanswap_webhook_secret();
        let secret = secret.ok_or_else(|| not_set_up("Nanswap's webhook secret"))?;
        let verified =
            verify(self.body.as_bytes(), &self.signature, &secret).map_err(|error| {
                Failure::refused("WEBHOOK_NOT_GENUINE", error.to_string()).hint(
                    "Do not deliver. Give the body byte by byte as it came; nanswap.get_order shows the truth",
                )
            })?;
        let webhook = Webhook::read(&verified).map_err(|detail| {
            let words: String = detail.chars().take(limits::QUOTE_CHARS).collect();
            Failure::refused("WEBHOOK_UNUSABLE", format!("the signed body cannot be used: {words}"))
                .hint("Do not deliver; look with nanswap.get_order")
        })?;
        let judged = engine.take_nanswap_webhook(webhook.clone()).await?;
        let is_accepted = judged.verdict == WebhookVerdict::Accepted;
        let (may_deliver, doubt) = match is_accepted && webhook.status == OrderStatus::Completed {
            true => confirmed(&webhook, context).await,
            false => (false, None),
        };
        Ok(Outcome::Done(Checked {
            verdict: judged.verdict,
            may_deliver,
            invoice_id: webhook.invoice_id.to_string(),
            invoice_partner_id: webhook.partner_id.as_ref().map(ToString::to_string),
            status: webhook.status.to_string(),
            amount_from: webhook.amount_from.as_ref().map(ToString::to_string),
            payout_amount: webhook.payout_amount.as_ref().map(ToString::to_string),
            detail: judged.detail.or(doubt),
            ledger_head: judged.head.into(),
        }))
    }
}

/// A signed body can be kept back or replayed: whether an order is completed is asked of Nanswap itself.
async fn confirmed(webhook: &Webhook, context: &Context) -> (bool, Option<String>) {
    let asked = match context.engine.services().nanswap().await {
        Ok(nanswap) => nanswap.get_order(&webhook.invoice_id).await.map_err(|e| e.to_string()),
        Err(failure) => Err(failure.message),
    };
    match asked {
        Ok(order) if order.status == OrderStatus::Completed => (true, None),
        Ok(order) => (false, Some(format!("asked itself, Nanswap says {}", order.status))),
        Err(why) => (false, Some(format!("Nanswap cannot be asked whether it is so: {why}"))),
    }
}
