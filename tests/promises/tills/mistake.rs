//! Mistakes of tills, to be planted in a wallet: each hands over more than one thing for one payment.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use paywarden::books::Payment;
use paywarden::clock::Millis;
use paywarden::engine::{Engine, Handover, Offered, Quote, Signing, Unprepared, X402};
use paywarden::payment::{Intent, Presented, Purchase, Seen, Till};
use paywarden::rails::acp::{Call, CompleteBody, SessionId, handler_for};
use paywarden::rails::stripe::TokenOrder;
use paywarden::sandbox::acp::AcpMerchant;

use super::grant::grant;
use super::purse::{base_of, card, merchant, stripe};
use super::street::{SESSION, Street, Wires};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mistake {
    Nothing,
    /// What was not answered is signed anew, with a nonce of its own.
    NewNonce,
    /// A checkout is completed once more, under another key.
    CompleteTwice,
}

impl Mistake {
    pub(crate) fn plant(self, engine: Engine, street: &Street) -> Engine {
        match self {
            Self::Nothing => engine,
            Self::NewNonce => {
                let inner = Arc::clone(engine.x402().unwrap());
                engine.with_handover(Till::X402, Arc::new(Renewing(inner)))
            }
            Self::CompleteTwice => {
                let inner = engine.handover(Till::Checkout).unwrap();
                let twice = Twice { inner, wires: street.wires.clone() };
                engine.with_handover(Till::Checkout, Arc::new(twice))
            }
        }
    }
}

#[derive(Debug)]
struct Renewing(Arc<X402>);

#[async_trait]
impl Handover for Renewing {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        self.0.prepare(payment).await
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        match (self.0.hand_over(payment, intent).await, intent) {
            (Seen::Open, Intent::Presented(proof)) => match self.renewed(payment, proof).await {
                Some(proof) => self.0.hand_over(payment, &Intent::Presented(proof)).await,
                None => Seen::Open,
            },
            (seen, _) => seen,
        }
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        self.0.look(payment, proof, now).await
    }
}

impl Renewing {
    async fn renewed(&self, payment: &Payment, before: &Presented) -> Option<Presented> {
        let Some(Purchase::X402(call)) = &payment.purchase else { return None };
        let Ok(Quote::Priced(priced)) = self.0.quote(call, payment.request.amount).await else {
            return None;
        };
        let Ok(Signing::Proof(make)) = self.0.signing(*priced, &payment.id().to_string()) else {
            return None;
        };
        make(grant(&payment.request), &payment.request, before.attempt, before.made_at_ms).ok()
    }
}

struct Twice {
    inner: Arc<dyn Handover>,
    wires: Wires,
}

#[async_trait]
impl Handover for Twice {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        self.inner.prepare(payment).await
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        let seen = self.inner.hand_over(payment, intent).await;
        if let Intent::Presented(proof) = intent {
            let order = TokenOrder::durable(&payment.request, "again", proof.valid_until_ms);
            let issued = stripe(&self.wires).issue(&order.unwrap(), &card()).await.unwrap();
            let acp = merchant(&self.wires.client, base_of(self.wires.shop.url()));
            let id: SessionId = SESSION.parse().unwrap();
            let session = acp.get(&id, "again").await.unwrap();
            let handler = handler_for(&session.handlers, AcpMerchant::ID).unwrap();
            let token = issued.id.secret();
            let body = CompleteBody { handler_id: handler.id.as_deref(), token };
            let call = Call { idempotency_key: "again", request_id: "again" };
            // What comes of it is seen where the money is.
            let _ = acp.complete(&session, &body, call).await;
        }
        seen
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        self.inner.look(payment, proof, now).await
    }
}

impl fmt::Debug for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twice").finish_non_exhaustive()
    }
}
