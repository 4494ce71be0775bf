//! `wallet.send`: XNO to any address, through the guard.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Order, Paid};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, idempotency_key, payee_account};
use crate::operations::paid::{approval_id, block_hash, reason};
use crate::operations::spend::spend;
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, LedgerHead, Operation, Outcome, Spec,
    describe, outcome_of,
};
use crate::payment::{PublishVia, Status};

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
    /// settled, denied, failed, pending_approval, or pending (under way or unknown: do not send again).
    status: Status,
    /// The payment's id; get_payment_status takes it.
    payment_id: String,
    /// One sentence for a person.
    summary: String,
    /// The signed block, from the moment it may be on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<String>,
    /// The question the owner must answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<String>,
    /// Stable code of the last decision or of the end.
    reason_code: String,
    /// Why, in words.
    reason: String,
    /// What would pass, after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
    /// Every policy rule looked at, with the numbers compared.
    rules: Vec<String>,
    /// What was left of each budget of the mandate after the decision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remaining: Vec<String>,
    /// The ledger's head when this was read.
    ledger_head: LedgerHead,
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
        Ok(outcome_of(sent.status, sent))
    }
}

fn sent(paid: &Paid) -> Sent {
    let payment = &paid.payment;
    let (reason_code, reason) = reason(paid);
    let decided = payment.decided.as_ref();
    let status = payment.state.status();
    Sent {
        amount: payment.request.amount.as_raw().map(crate::money::Raw::to_xno).unwrap_or_default(),
        recipient: payment.request.payee.address.clone(),
        status,
        payment_id: payment.id().to_string(),
        summary: describe(paid),
        block_hash: block_hash(&payment.state),
        approval_id: approval_id(&payment.state),
        reason_code,
        reason,
        would_pass: decided
            .filter(|_| status == Status::Denied)
            .and_then(|decided| decided.would_pass.clone()),
        rules: decided.map(|decided| decided.rules.clone()).unwrap_or_default(),
        remaining: decided.map(|decided| decided.remaining.clone()).unwrap_or_default(),
        ledger_head: paid.head.into(),
    }
}
