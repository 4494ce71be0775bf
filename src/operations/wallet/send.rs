//! `wallet.send`: XNO to any address, through the guard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Order, Paid};
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::operations::fields::{bounded, idempotency_key, payee_account};
use crate::operations::spend::spend;
use crate::operations::standing::Standing;
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Operation, Outcome, Spec, outcome_of,
};
use crate::payment::PublishVia;

/// Send XNO.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletSend {
    /// Where to: a nano_ or xrb_ address.
    recipient_address: String,
    /// How much, in XNO, as text such as "0.001"; at most 30 decimals; or "max" for all that is free, with an idempotency_key.
    amount: AmountText,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
    /// The mandate to pay under, from list_mandates.
    #[serde(default)]
    mandate_id: Option<String>,
    /// A note for the owner's ledger; it is not sent to the recipient.
    #[serde(default)]
    memo: Option<String>,
    /// Address or index of the account to pay from; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// A send as it stands.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Sent {
    /// How much, in XNO.
    amount: String,
    /// Where to.
    recipient: String,
    /// The payment.
    #[serde(flatten)]
    standing: Standing,
}

impl Operation for WalletSend {
    type Output = Sent;
    const SPEC: Spec = Spec {
        name: "wallet.send",
        title: "Send XNO",
        description: "Send (pay, transfer) XNO to a Nano address, within the owner's policy. Waits up to 45 s for confirmation. pending_approval: the owner must approve. pending: do not send again, follow payment_id with get_payment_status.",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "wallet",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Sent>, Failure> {
        let order = Order {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: context.caller.agent_id().map(str::to_owned),
            destination: payee_account(&self.recipient_address)?,
            label: None,
            amount: self.amount.xno_or_max()?,
            mandate_id: bounded("mandate_id", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(self.account.as_ref(), &context.engine)?,
            idempotency_key: idempotency_key(self.idempotency_key)?,
            publish_via: PublishVia::Node,
            purpose: None,
        };
        let paid = spend(order, context).await?;
        let sent = sent(&paid);
        Ok(outcome_of(sent.standing.status, sent))
    }
}

fn sent(paid: &Paid) -> Sent {
    let request = &paid.payment.request;
    Sent {
        amount: request.amount.as_raw().map(Raw::to_xno).unwrap_or_default(),
        recipient: request.payee.address.clone(),
        standing: Standing::from(paid),
    }
}
