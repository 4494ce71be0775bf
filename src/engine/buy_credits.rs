//! Buying credits: one order for one wish, priced and checked before anything is asked of the policy.
//!
//! An order that was made for a wish is never made again for its repeat, and none is paid whose price or address has not
//! passed [`TopupOrder::check`](crate::providers::ifenpay::TopupOrder::check).

use uuid::Uuid;

use super::failures::store_failure;
use super::{Engine, Order, Paid, upstream_failure};
use crate::books::{Payment, View};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::Account;
use crate::payment::{IdempotencyKey, PublishVia, State};
use crate::providers::ifenpay::{Tier, TopupOrder};

/// Credits as an operation asks for them, parsed and bounded.
#[derive(Clone, Debug)]
pub struct CreditsWish {
    /// Identity of the call.
    pub call_id: Uuid,
    /// Canonical name of the operation.
    pub operation: &'static str,
    /// Which agent asks, where its host proved one.
    pub agent_id: Option<String>,
    /// How many credits.
    pub tier: Tier,
    /// The mandate it claims.
    pub mandate_id: Option<String>,
    /// The caller's note.
    pub memo: Option<String>,
    /// The account it is paid from.
    pub account: Account,
    /// One key per intended payment.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Engine {
    /// Orders credits and asks for the payment of the order; a repeat finds the payment of before and orders nothing.
    ///
    /// # Errors
    /// Before a payment id exists: what ifenpay answers, `PRICE_REFUSED`, and those of [`Engine::pay`].
    pub async fn buy_credits(&self, wish: CreditsWish) -> Result<Paid, Failure> {
        // Held until the payment is on the books: of two equal wishes at once the second finds the first.
        let _gate = self.topups.gate.lock().await;
        if let Some(paid) =
            self.earlier(wish.call_id, wish.agent_id.as_deref(), wish.idempotency_key.as_ref())?
        {
            return if buys(&paid.payment, wish.tier) {
                Ok(paid)
            } else {
                Err(conflict(paid.payment.id()))
            };
        }
        self.check_equal_wish(&wish)?;
        let order = self.order_credits(wish.tier).await?;
        let (transaction_id, credits) = (order.transaction_id.to_string(), wish.tier.credits());
        self.pay(Order {
            call_id: wish.call_id,
            operation: wish.operation,
            agent_id: wish.agent_id,
            destination: order.payment_address,
            label: None,
            amount: order.amount.into(),
            mandate_id: wish.mandate_id,
            memo: wish.memo,
            account: wish.account,
            idempotency_key: wish.idempotency_key,
            publish_via: PublishVia::IfenpayTopup { transaction_id, credits },
            purpose: None,
        })
        .await
    }

    /// The payment that this call, or its idempotency key, already stands for.
    ///
    /// # Errors
    /// The store's.
    pub fn earlier(
        &self,
        call_id: Uuid,
        agent_id: Option<&str>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Paid>, Failure> {
        let look = |view: &View<'_>| {
            if let Some(id) = view.payment_of_call(call_id)? {
                return Ok(Some(id));
            }
            let Some(key) = key else { return Ok(None) };
            Ok(view.idempotency(agent_id, key.as_str())?.map(|row| row.payment_id))
        };
        let found = self.store().read(look).map_err(|e| store_failure(&e))?;
        found.map(|id| self.paid(id)).transpose()
    }

    /// The order, priced and checked against the list that was just read.
    async fn order_credits(&self, tier: Tier) -> Result<TopupOrder, Failure> {
        let ifenpay = self.services().ifenpay().await?;
        let listed = ifenpay.credits().await.map_err(|error| upstream_failure(&error))?;
        let order = ifenpay.order_topup(tier).await.map_err(|error| upstream_failure(&error))?;
        order.check(&listed, self.services().credit_price_max()).map_err(|error| {
            let failure = Failure::refused("PRICE_REFUSED", error.to_string());
            Failure { code: error.code().into(), ..failure }
                .hint("The owner sets what a credit may cost with --credit-price-max")
                .retry(Retry::AfterOperator)
        })?;
        Ok(order)
    }

    /// Every order has an amount of its own, so an equal wish is told by how many credits it is for.
    fn check_equal_wish(&self, wish: &CreditsWish) -> Result<(), Failure> {
        if wish.idempotency_key.is_some() {
            return Ok(());
        }
        let find = |view: &View<'_>| {
            let waiting = view.approvals()?.into_iter().map(|(_, asked)| asked.payment_id);
            let newest = view.history(&wish.account, None, limits::LOOKALIKES)?;
            let newest = newest.into_iter().filter_map(|(_, entry)| entry.payment_id);
            let ids: Vec<PaymentId> =
                waiting.chain(view.queue(&wish.account)?).chain(newest).collect();
            for id in ids {
                let payment = view.payment(id)?;
                if payment.is_some_and(|payment| is_equal(&payment, wish, view.now())) {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        };
        let Some(id) = self.store().read(find).map_err(|e| store_failure(&e))? else {
            return Ok(());
        };
        let message = format!("payment {id} buys as many credits and is in flight or just settled");
        Err(Failure::refused("SUSPECTED_DUPLICATE", message).hint(
            "If it is meant, give this payment an idempotency key of its own; otherwise look at the other with get_payment_status",
        ))
    }
}

fn buys(payment: &Payment, tier: Tier) -> bool {
    matches!(payment.publish_via, PublishVia::IfenpayTopup { credits, .. } if credits == tier.credits())
}

fn is_equal(payment: &Payment, wish: &CreditsWish, now: Millis) -> bool {
    let is_recent = match &payment.state {
        State::Settled { at_ms, .. } => now.since(*at_ms) < limits::DUPLICATE_WINDOW,
        State::Released { .. } => false,
        _ => true,
    };
    is_recent && payment.request.agent_id == wish.agent_id && buys(payment, wish.tier)
}

/// What is told a caller whose key or call stands for something else.
pub(super) fn conflict(id: PaymentId) -> Failure {
    let message = format!(
        "this idempotency key stands for payment {id}, which was asked for with other arguments"
    );
    Failure::refused("IDEMPOTENCY_CONFLICT", message).hint(
        "Use one key per intended payment: a new key for a new payment, the same key and arguments for a repeat",
    )
}
