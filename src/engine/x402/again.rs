//! What a settled purchase brought, and getting it once more where the answer did not come through.
//!
//! Only bytes that stand on the ledger leave, and only once their payment is settled: handed over again they move
//! nothing. No answer changes the books.

use std::time::Duration;

use super::quote::request_of;
use super::till::sent;
use super::{SellerAnswered, X402};
use crate::books::{Body, Event, Payment};
use crate::engine::{Engine, store_failure};
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::limits;
use crate::payment::{Intent, PaymentHeader, Presented, Proof, Purchase, State};
use crate::store::StoreError;

impl Engine {
    /// What the seller answered to a purchase. If the money has moved and nothing came back for it, the seller is
    /// handed the same bytes again: one that knows them gives what it owes, any other refuses them.
    ///
    /// # Errors
    /// The store's; a seller's silence is none.
    pub async fn seller_answer(&self, id: PaymentId) -> Result<Option<SellerAnswered>, Failure> {
        let Some(x402) = self.x402() else { return Ok(None) };
        if let Some(goods) = x402.answer(id).filter(SellerAnswered::is_goods) {
            return Ok(Some(goods));
        }
        let Some((payment, header)) = self.owed(id).map_err(|e| store_failure(&e))? else {
            return Ok(x402.answer(id));
        };
        self.wait_while_under_way(id).await;
        let is_here = x402.answer(id).is_some_and(|answered| answered.is_goods());
        if !is_here && !self.is_under_way(id) && x402.may_try_again(id) {
            x402.ask_again(&payment, &header).await;
        }
        Ok(x402.answer(id))
    }

    /// A seller that publishes a block may still be busy with what it was published for.
    async fn wait_while_under_way(&self, id: PaymentId) {
        let deadline = self.clock().now().plus(limits::X402_ANSWER_TIMEOUT);
        while self.is_under_way(id) && self.clock().now() < deadline {
            self.clock().sleep(LOOK_AGAIN).await;
        }
    }

    fn is_under_way(&self, id: PaymentId) -> bool {
        self.remotes.memory(id).is_under_way
    }

    /// A purchase settled not long ago, and the header that paid it; `None` while the wallet is frozen.
    fn owed(&self, id: PaymentId) -> Result<Option<(Payment, PaymentHeader)>, StoreError> {
        let (payment, seqs) = self.store().read(|view| Ok((view.payment(id)?, view.trail(id)?)))?;
        let now = self.clock().now();
        let is_owed = |payment: &Payment| match (&payment.state, &payment.purchase) {
            (State::Settled { at_ms, .. }, Some(Purchase::X402(_))) => {
                now.since(*at_ms) < limits::X402_ANSWER_AGE
            }
            _ => false,
        };
        let Some(payment) = payment.filter(is_owed) else { return Ok(None) };
        if self.is_frozen()? {
            return Ok(None);
        }
        let snapshot = self.store().snapshot()?;
        let mut found = None;
        for seq in seqs {
            for stored in snapshot.events(seq, 1)? {
                let event = stored.decode().ok().and_then(|event| Event::from_ledger(&event).ok());
                if let Some(Event { body: Body::PaymentIntent { intent, .. }, .. }) = event {
                    found = header_of(intent).or(found);
                }
            }
        }
        Ok(found.map(|header| (payment, header)))
    }
}

impl X402 {
    /// Hands the bytes over; what comes back is kept if it is the goods, or if there was nothing.
    async fn ask_again(&self, payment: &Payment, header: &PaymentHeader) {
        let Some(Purchase::X402(call)) = &payment.purchase else { return };
        let Ok(reach) = self.reach.reach().await else { return };
        let Ok(request) = request_of(&reach.sellers, call) else { return };
        match reach.sellers.present_again(&request, &sent(header)).await {
            Ok(answered) if answered.is_goods() || self.answer(payment.id()).is_none() => {
                self.answers.keep(payment.id(), answered);
            }
            Ok(_) => {}
            Err(error) => tracing::info!(%error, "asking a seller again for what it was paid for"),
        }
    }
}

fn header_of(intent: Intent) -> Option<PaymentHeader> {
    match intent {
        Intent::Cheque(cheque) => Some(cheque.header),
        Intent::Presented(Presented { proof: Proof::Authorization { header, .. }, .. }) => {
            Some(header)
        }
        Intent::Block(_) | Intent::Presented(_) => None,
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(20);
