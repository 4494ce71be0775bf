//! `donate.send`: a donation to ifenpay. One that did not arrive is never thanked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Order, Paid, upstream_failure};
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::operations::fields::{bounded, idempotency_key};
use crate::operations::spend::{outcome, spend};
use crate::operations::standing::Standing;
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Operation, Outcome, Spec, outcome_of,
};
use crate::payment::{PublishVia, Status};

/// Donate XNO.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DonateSend {
    /// XNO, as text such as "0.1".
    amount: AmountText,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
    /// The mandate to pay under.
    #[serde(default)]
    mandate_id: Option<String>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
}

/// A donation as it stands.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Donated {
    /// Whether it arrived.
    success: bool,
    /// How much, in XNO.
    amount: String,
    /// One sentence.
    message: String,
    /// Where it goes.
    recipient: String,
    /// The payment.
    #[serde(flatten)]
    standing: Standing,
}

impl Operation for DonateSend {
    type Output = Donated;
    const SPEC: Spec = Spec {
        name: "donate.send",
        title: "Donate to ifenpay",
        description: "Donate XNO to the ifenpay platform, within the owner's policy. Only where the user wants it.",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "credits",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Donated>, Failure> {
        let engine = &context.engine;
        let (amount, key) = (self.amount.xno()?, idempotency_key(self.idempotency_key)?);
        let agent_id = context.caller.agent_id().map(str::to_owned);
        // A repeat must find its payment although ifenpay may be out of reach by now, or has moved.
        let earlier = engine.earlier(context.call_id, agent_id.as_deref(), key.as_ref())?;
        if let Some(earlier) = earlier.filter(|earlier| donates(earlier, amount)) {
            return Ok(donated(&outcome(earlier.payment.id(), context).await?));
        }
        let ifenpay = engine.services().ifenpay().await?;
        let destination = ifenpay.donation_address().await;
        let order = Order {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id,
            destination: destination.map_err(|error| upstream_failure(&error))?,
            label: None,
            amount: amount.into(),
            mandate_id: bounded("mandate_id", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(None, engine)?,
            idempotency_key: key,
            publish_via: PublishVia::Node,
            purpose: None,
        };
        Ok(donated(&spend(order, context).await?))
    }
}

fn donates(paid: &Paid, amount: Raw) -> bool {
    let payment = &paid.payment;
    payment.operation == DonateSend::SPEC.name && payment.request.amount.as_raw() == Some(amount)
}

fn donated(paid: &Paid) -> Outcome<Donated> {
    let standing = Standing::from(paid);
    let success = standing.status == Status::Settled;
    let message = match success {
        true => THANKS.to_owned(),
        false => crate::operations::describe(paid),
    };
    let request = &paid.payment.request;
    let donated = Donated {
        success,
        amount: request.amount.as_raw().unwrap_or_default().to_xno(),
        message,
        recipient: request.payee.address.clone(),
        standing,
    };
    outcome_of(donated.standing.status, donated)
}

/// As seeds/001 has it.
const THANKS: &str = "Thank you for your donation!";
