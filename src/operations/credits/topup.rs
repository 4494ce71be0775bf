//! `credits.topup`: buys credits at ifenpay, through the guard like any other payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{CreditsWish, Paid};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, idempotency_key};
use crate::operations::spend::outcome;
use crate::operations::standing::Standing;
use crate::operations::{
    Access, AccountRef, Audience, Context, Operation, Outcome, Spec, outcome_of,
};
use crate::payment::Status;
use crate::providers::ifenpay::Tier;

/// Buy credits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditsTopup {
    /// How many: 10, 50, 100, 500, 1000, 5000, 10000, 50000 or 100000.
    credits_amount: u64,
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

/// What was bought.
#[derive(Debug, JsonSchema, Serialize)]
pub struct ToppedUp {
    /// Credits that were given; missing while ifenpay has not said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    topped_up_credits: Option<u32>,
    /// Credits there are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_credits_balance: Option<i32>,
    /// What is paid, in XNO.
    amount: String,
    /// Why the credits are not known, once they are paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_note: Option<String>,
    /// The payment.
    #[serde(flatten)]
    standing: Standing,
}

impl Operation for CreditsTopup {
    type Output = ToppedUp;
    const SPEC: Spec = Spec {
        name: "credits.topup",
        title: "Buy ifenpay credits",
        description: "Buy ifenpay credits with XNO, within the owner's policy; see credits_get for prices. pending: do not buy again, follow payment_id with get_payment_status or repeat with the same idempotency_key.",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "credits",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<ToppedUp>, Failure> {
        let tier = Tier::try_from(self.credits_amount).map_err(|error| {
            Failure::invalid(error.code(), error.to_string())
                .hint("Give one of the nine amounts; credits_get has their prices")
        })?;
        let wish = CreditsWish {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: context.caller.agent_id().map(str::to_owned),
            tier,
            mandate_id: bounded("mandate_id", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(None, &context.engine)?,
            idempotency_key: idempotency_key(self.idempotency_key)?,
        };
        let asked = context.engine.buy_credits(wish).await?;
        let paid = outcome(asked.payment.id(), context).await?;
        let topped_up = topped_up(&paid, context).await;
        Ok(outcome_of(topped_up.standing.status, topped_up))
    }
}

async fn topped_up(paid: &Paid, context: &Context) -> ToppedUp {
    let standing = Standing::from(paid);
    let amount = paid.payment.request.amount.as_raw().unwrap_or_default().to_xno();
    let mut answer = ToppedUp {
        topped_up_credits: None,
        new_credits_balance: None,
        amount,
        credits_note: None,
        standing,
    };
    if answer.standing.status != Status::Settled {
        return answer;
    }
    let late = "it has not answered in time".to_owned();
    let why = match in_time(context.engine.claim_credits(paid), context).await {
        Some(Ok(given)) => {
            answer.topped_up_credits = Some(given.topped_up_credits);
            answer.new_credits_balance = Some(given.new_credits_balance);
            return answer;
        }
        // The money has moved: whatever ifenpay says now, this is no failure of the payment.
        Some(Err(error)) => {
            let left = in_time(credits_left(context), context).await;
            answer.new_credits_balance = left.flatten();
            error.to_string()
        }
        None => late,
    };
    answer.credits_note = Some(format!(
        "Paid, and ifenpay has not said that the credits are there: {why}. Repeat with the same idempotency_key to ask again; nothing is paid twice"
    ));
    answer
}

async fn credits_left(context: &Context) -> Option<i32> {
    let ifenpay = context.engine.services().ifenpay().await.ok()?;
    ifenpay.credits().await.ok().map(|now| now.credits)
}

/// A payment that is settled must not wait for ifenpay's sake until its host gives up.
async fn in_time<T>(asked: impl Future<Output = T>, context: &Context) -> Option<T> {
    tokio::select! {
        answer = asked => Some(answer),
        () = context.engine.clock().sleep(limits::CREDITS_CLAIM) => None,
    }
}
