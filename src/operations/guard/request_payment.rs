//! `request_payment`: a payment on any rail, with the arguments of seeds/004.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::{LineItemIn, check_rail, claims};
use super::purchase::{Around, Asked, SellerAnswer, buy, wish};
use crate::engine::{Order, Wish};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, idempotency_key, payee_account};
use crate::operations::spend::spend_claiming;
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Image, Operation, Outcome, PayResult, Spec,
    outcome_of,
};
use crate::payment::PublishVia;
use crate::policy::Rail;

/// Ask for a payment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestPayment {
    /// How the money moves: nano; x402, or stripe (card), for a URL that answers 402.
    rail: String,
    /// How much, in the currency's smallest unit, as integer text: raw for XNO (1 XNO = 10^30 raw), millionths for USDC.
    /// For a URL the most you would pay.
    amount: AmountText,
    /// Currency code: XNO on nano; USDC, USD or XNO on x402; USD or another on stripe.
    currency: String,
    /// Where to: a nano_ or xrb_ address, or the URL of what is sold.
    payee_address: String,
    /// What the payee is called, for the owner; never a reason to allow.
    #[serde(default)]
    payee_label: Option<String>,
    /// What the payee sells, by your word; may only block.
    #[serde(default)]
    payee_category: Option<String>,
    /// What the payment is for, for the owner.
    #[serde(default)]
    intent: Option<String>,
    /// What is bought, by your word; may only block.
    #[serde(default)]
    line_items: Vec<LineItemIn>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
    /// The mandate to pay under, from list_mandates.
    #[serde(default)]
    mandate_id: Option<String>,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
    /// For a URL: HTTP method.
    #[serde(default)]
    method: Option<String>,
    /// For a URL: headers such as accept.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// For a URL: JSON body.
    #[serde(default)]
    body: Option<Value>,
}

/// How it stands, and what a seller answered.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestedPayment {
    #[serde(flatten)]
    result: PayResult,
    /// What the seller answered to the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    answer: Option<SellerAnswer>,
}

impl Operation for RequestPayment {
    type Output = RequestedPayment;
    const SPEC: Spec = Spec {
        name: "request_payment",
        title: "Request a payment",
        description: "Ask the wallet to pay on a rail (nano, stripe, x402). The owner's policy decides: settled, denied (with every rule and what would pass), pending_approval (the owner must act), failed, or pending (unknown: do not pay again).",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "guard",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<RequestedPayment>, Failure> {
        if let Ok(rail @ (Rail::Stripe | Rail::X402)) = self.rail.parse() {
            let (result, answer) = buy(self.wish(rail, context).await?, context).await?;
            return Ok(outcome_of(result.status, RequestedPayment { result, answer }));
        }
        check_rail(&self.rail, &self.currency)?;
        let claims = claims(self.payee_category, self.intent, self.line_items)?;
        let order = Order {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: context.caller.agent_id().map(str::to_owned),
            destination: payee_account(&self.payee_address)?,
            label: bounded("payeeLabel", self.payee_label, limits::LABEL_BYTES)?,
            amount: self.amount.raw()?.into(),
            mandate_id: bounded("mandateId", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(None, &context.engine)?,
            idempotency_key: idempotency_key(self.idempotency_key)?,
            publish_via: PublishVia::Node,
            purpose: None,
        };
        let result = PayResult::from(&spend_claiming(order, claims, context).await?);
        Ok(outcome_of(result.status, RequestedPayment { result, answer: None }))
    }

    fn image(output: &RequestedPayment) -> Option<Image> {
        output.answer.as_ref().and_then(|answer| answer.image.clone())
    }
}

impl RequestPayment {
    async fn wish(self, rail: Rail, context: &Context) -> Result<Wish, Failure> {
        let around = Around {
            amount: self.amount,
            currency: self.currency,
            payee_address: self.payee_address,
            payee_label: self.payee_label,
            claims: claims(self.payee_category, self.intent, self.line_items)?,
            memo: self.memo,
            mandate_id: self.mandate_id,
            idempotency_key: self.idempotency_key,
        };
        let asked = Asked { method: self.method, headers: self.headers, body: self.body };
        wish(rail, around, asked, <Self as Operation>::SPEC.name, context).await
    }
}
