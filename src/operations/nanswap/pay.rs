//! `nanswap.pay`: pays an XNO invoice, through the guard, once, and has it watched until it is final.
//!
//! The address must come from the order's creation: from the books where this wallet made it, else from the caller.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ask::{id, invoice};
use crate::clock::Millis;
use crate::engine::{Order as PaymentOrder, Paid, key_taken, provider_failure};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::operations::fields::{bounded, idempotency_key, own_accounts};
use crate::operations::paid_for::{PaidFor, check_max, heard, pay_for, shown};
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, Operation, Outcome, Spec, outcome_of,
};
use crate::payment::{PublishVia, Purpose, Task};
use crate::providers::Opaque;
use crate::providers::nanswap::{NotPayable, Order, Payable, check_order};

/// Pay an invoice.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NanswapPay {
    /// Nanswap's id, or the link of its page.
    invoice_id: String,
    /// As the merchant was told; needed unless this wallet made the order.
    #[serde(default)]
    payin_address: Option<String>,
    /// The most XNO to pay.
    #[serde(default)]
    max_amount: Option<AmountText>,
    /// The mandate to pay under.
    #[serde(default)]
    mandate_id: Option<String>,
    /// A note for the owner's ledger.
    #[serde(default)]
    memo: Option<String>,
    /// One key per intended payment; after a time-out repeat with the SAME key.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// A payment for an invoice.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NanswapPaid {
    #[serde(flatten)]
    paid: PaidFor,
    /// Nanswap's id.
    invoice_id: String,
}

impl Operation for NanswapPay {
    type Output = NanswapPaid;
    const SPEC: Spec = Spec {
        name: "nanswap.pay",
        title: "Pay a Nanswap invoice",
        description: "Pay a Nanswap Pay invoice in XNO within the owner's policy: exact amount, once, watched until final by itself. Without the address only its page can pay it. Then nanswap_get_order. pending: do not pay again.",
        audience: Audience::Agent,
        access: Access::Spend,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<NanswapPaid>, Failure> {
        let engine = &context.engine;
        let agent = context.caller.agent_id();
        let invoice_id = invoice(&self.invoice_id)?;
        let subject = format!("nanswap:{invoice_id}");
        let key = idempotency_key(self.idempotency_key.clone())?;
        if let Some(paid) =
            engine.known_payment(context.call_id, Self::SPEC.name, agent, key.as_ref())?
        {
            let known = paid.payment.purpose.as_ref().map(|purpose| purpose.subject.as_str());
            if known != Some(subject.as_str()) {
                return Err(key_taken(&paid));
            }
            return outcome(&heard(&paid, context).await?, &invoice_id, context);
        }
        if let Some(payment) = engine.live_payment_of(&subject)?
            && payment.request.agent_id.as_deref() == agent
        {
            let paid = engine.paid(payment.id())?;
            return outcome(&heard(&paid, context).await?, &invoice_id, context);
        }
        let max = self.max_amount.as_ref().map(AmountText::xno).transpose()?;
        let given = id("payinAddress", self.payin_address)?;
        let payable = offer(&invoice_id, given, context).await?;
        check_max(payable.amount, max)?;
        let order = PaymentOrder {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: agent.map(str::to_owned),
            destination: payable.account,
            label: Some(subject.clone()),
            amount: payable.amount.into(),
            mandate_id: bounded("mandateId", self.mandate_id, limits::ID_BYTES)?,
            memo: bounded("memo", self.memo, limits::MEMO_BYTES)?,
            account: AccountRef::resolve(None, engine)?,
            idempotency_key: key,
            publish_via: PublishVia::Node,
            purpose: Some(Box::new(purpose(subject, &invoice_id, payable.expires_at))),
        };
        outcome(&pay_for(order, context).await?, &invoice_id, context)
    }
}

/// The order as Nanswap shows it, with the address it was made with, if nothing speaks against paying it.
async fn offer(
    invoice_id: &Opaque,
    given: Option<Opaque>,
    context: &Context,
) -> Result<Payable, Failure> {
    let engine = &context.engine;
    let own = own_accounts(engine)?;
    let kept = engine.nanswap_order(invoice_id)?.and_then(|kept| kept.payin_address);
    let kept = id("payinAddress", kept)?;
    let nanswap = engine.services().nanswap().await?;
    let found = nanswap.get_order(invoice_id).await.map_err(|error| provider_failure(&error))?;
    engine.note_nanswap_order(invoice_id, &found.status).await?;
    let address = one_address([kept, given, found.payin_address.clone()])?;
    let order = Order { payin_address: address, ..found };
    check_order(&order, &own, engine.clock().now()).map_err(|error| not_payable(&error))
}

/// Who says where the money goes must all say the same.
fn one_address(said: [Option<Opaque>; 3]) -> Result<Option<Opaque>, Failure> {
    let mut said = said.into_iter().flatten();
    let Some(first) = said.next() else { return Ok(None) };
    if said.any(|other| !is_same(&first, &other)) {
        let message = "the order's address is told in two ways";
        return Err(Failure::refused("NANSWAP_NOT_PAYABLE", message)
            .hint("Do not pay; ask the merchant for the address again"));
    }
    Ok(Some(first))
}

/// Two spellings of one account are one address.
fn is_same(one: &Opaque, other: &Opaque) -> bool {
    let account = |text: &Opaque| text.as_str().parse::<crate::nano::Account>().ok();
    one == other || account(one).is_some_and(|account_| account(other) == Some(account_))
}

fn purpose(subject: String, invoice_id: &Opaque, expires_at: Millis) -> Purpose {
    let margin = limits::NANSWAP_SIGN_MARGIN;
    let latest = Duration::from_millis(expires_at.0).saturating_sub(margin).as_millis();
    let task = Task::NanswapOrder { invoice_id: invoice_id.to_string(), expires_at_ms: expires_at };
    Purpose {
        subject,
        sign_before_ms: Some(Millis(u64::try_from(latest).unwrap_or(u64::MAX))),
        after: vec![task],
    }
}

fn not_payable(error: &NotPayable) -> Failure {
    let failure = Failure::refused("NANSWAP_NOT_PAYABLE", error.to_string());
    match error {
        NotPayable::NoAddress => failure.hint(
            "Ask the merchant for payinAddress, which was told when the order was made; or let the user open the order's page",
        ),
        NotPayable::Currency(_) => {
            failure.hint("This wallet pays XNO alone; the user can pay on the order's page")
        }
        NotPayable::TooLate { .. } => failure.hint("Ask the merchant for a new order"),
        NotPayable::Status(_) => failure
            .hint("Only an order that is waiting can be paid; look with nanswap.get_order")
            .retry(Retry::AfterChange),
        _ => failure.hint("Do not pay this order by hand either; ask the merchant"),
    }
}

fn outcome(
    paid: &Paid,
    invoice_id: &Opaque,
    context: &Context,
) -> Result<Outcome<NanswapPaid>, Failure> {
    let paid = NanswapPaid { paid: shown(paid, context)?, invoice_id: invoice_id.to_string() };
    Ok(outcome_of(paid.paid.result.status, paid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_in_one_way() {
        let account = crate::nano::Account::from_bytes([7; 32]).to_string();
        let other = crate::nano::Account::from_bytes([8; 32]).to_string();
        let id = |text: &str| Some(text.parse::<Opaque>().unwrap());
        let xrb = account.replace("nano_", "xrb_");
        assert_eq!(one_address([None, None, None]).unwrap(), None);
        assert_eq!(one_address([None, id(&account), id(&xrb)]).unwrap(), id(&account));
        let two = one_address([id(&account), id(&other), None]).unwrap_err();
        assert_eq!(two.code, "NANSWAP_NOT_PAYABLE");
    }
}
