//! `pay_checkout`: pays a checkout the wallet has fetched itself and held against what was asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::{CheckoutPayment, Seen};
use crate::failure::Failure;
use crate::limits;
use crate::money::{Currency, Money};
use crate::operations::fields::{bounded, idempotency_key};
use crate::operations::spend::outcome;
use crate::operations::{
    Access, AmountText, Audience, Context, Operation, Outcome, PayResult, Spec, outcome_of,
};
use crate::payment::Status;

/// A checkout to be paid.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayCheckout {
    /// As in acp_create_checkout.
    merchant_endpoint: String,
    /// merchantId of acp_checkout_status.
    merchant_id: String,
    /// Which checkout.
    session_id: String,
    /// The most it may cost, in minor units.
    max_amount: AmountText,
    /// Of maxAmount.
    currency: String,
    /// What the merchant is called, for the owner; never a reason to allow.
    #[serde(default)]
    merchant_name: Option<String>,
    /// The mandate to pay under, from list_mandates.
    #[serde(default)]
    mandate_id: Option<String>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// How the payment stands, and what the merchant says where it is not settled.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaidCheckout {
    #[serde(flatten)]
    result: PayResult,
    /// The checkout's status at the merchant, where it failed or is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_status: Option<&'static str>,
    /// continueUrl: a link for the user to open, as text.
    #[serde(skip_serializing_if = "Map::is_empty")]
    untrusted: Map<String, Value>,
}

impl Operation for PayCheckout {
    type Output = PaidCheckout;
    const SPEC: Spec = Spec {
        name: "pay_checkout",
        title: "Pay a checkout",
        description: "Pay a checkout opened with acp_create_checkout. The wallet fetches the cart itself; the owner's policy judges its total and every line. Answers settled (reference: the order id), denied, pending_approval, failed, or pending (do not pay again).",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "acp",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PaidCheckout>, Failure> {
        let currency: Currency = self.currency.parse().map_err(|_| {
            Failure::invalid("INVALID_CURRENCY", "currency is a code such as USD, EUR or JPY")
        })?;
        let (endpoint, session_id) = (self.merchant_endpoint, self.session_id);
        let wanted = CheckoutPayment {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: context.caller.agent_id().map(str::to_owned),
            endpoint: endpoint.clone(),
            merchant_id: self.merchant_id,
            merchant_name: bounded("merchantName", self.merchant_name, limits::LABEL_BYTES)?,
            session_id: session_id.clone(),
            most: Money { amount: self.max_amount.units()?, currency },
            mandate_id: bounded("mandateId", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            idempotency_key: idempotency_key(self.idempotency_key)?,
        };
        let asked = context.engine.pay_checkout(wanted).await?;
        let paid = outcome(asked.payment.id(), context).await?;
        let result = PayResult::from(&paid);
        // A person may have to go on at the merchant's page; whether it can be looked at changes nothing.
        let seen = match result.status {
            Status::Failed | Status::Pending => {
                let (engine, agent) = (&context.engine, context.caller.agent_id());
                engine.look_at_checkout(&endpoint, &session_id, agent, context.call_id).await.ok()
            }
            _ => None,
        };
        Ok(outcome_of(result.status, shown(result, seen.as_ref())))
    }
}

fn shown(result: PayResult, seen: Option<&Seen>) -> PaidCheckout {
    let continue_url = seen.and_then(Seen::continue_url);
    let untrusted = continue_url.map(|url| ("continueUrl".to_owned(), Value::String(url)));
    PaidCheckout {
        result,
        checkout_status: seen.map(|seen| seen.session.status.as_str()),
        untrusted: untrusted.into_iter().collect(),
    }
}
