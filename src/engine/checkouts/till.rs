//! A merchant's till: asked what it wants, handed a token, looked at afterwards.
//!
//! Right before every completion the session is fetched and held against the cart that was decided on. It must never
//! send a completion for another cart, nor take a merchant's no for the end of a token.

use async_trait::async_trait;

use super::super::floor::Floor;
use super::super::remote::{Handover, MakeProof, Offered, Signing, Unprepared};
use super::super::token::{self, Usable};
use super::{Problem, Seen as Checkout};
use crate::books::Payment;
use crate::clock::Millis;
use crate::failure::Failure;
use crate::money::Money;
use crate::payment::{Intent, Presented, Proof, Purchase, Reference, Seen};
use crate::policy::{Cart, ReasonCode, Terms};
use crate::rails::acp::{Call, CompleteBody, Outlook, Session, handler_for};
use crate::rails::stripe::IssuedToken;

/// Hands tokens to merchants.
#[derive(Debug)]
pub(in crate::engine) struct CheckoutTill(Floor);

impl CheckoutTill {
    pub(in crate::engine) fn new(floor: Floor) -> Self {
        Self(floor)
    }
}

#[async_trait]
impl Handover for CheckoutTill {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        let seen =
            self.0.fetch(payment).await.map_err(|failure| Unprepared::Later(failure.message))?;
        let changed = |problem: Problem| {
            let reason = format!("the checkout cannot be paid any more: {problem}");
            Unprepared::Never(ReasonCode::OfferChanged, reason)
        };
        if let Some(problem) = seen.problem {
            return Err(changed(problem));
        }
        offered(&seen).map_err(changed)
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        let Intent::Presented(proof) = intent else { return Seen::Open };
        match self.complete(payment, proof).await {
            Ok(seen) => seen,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "a checkout is not completed yet");
                Seen::Open
            }
        }
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        let session = self.0.fetch(payment).await.ok().map(|seen| seen.session);
        if let Some(paid) = session.as_ref().and_then(paid) {
            return paid;
        }
        let is_over = session.is_some_and(|session| {
            matches!(session.status.outlook(), Outlook::Over | Outlook::Human)
        });
        if is_over || now >= proof.valid_until_ms || self.0.is_card_gone() {
            return self.0.take_back(payment, proof).await;
        }
        Seen::Open
    }
}

impl Floor {
    /// The checkout of a payment, as it is now.
    ///
    /// # Errors
    /// When its merchant cannot be asked.
    pub(super) async fn fetch(&self, payment: &Payment) -> Result<Checkout, Failure> {
        let Some(Purchase::Checkout(checkout)) = &payment.purchase else {
            return Err(Failure::internal("INTERNAL", "the payment is for no checkout"));
        };
        let id = super::failure::session_id(&checkout.session_id)?;
        let merchant = self.merchant_at(&payment.request.payee.address).await?;
        self.look(merchant, &id, &payment.id().to_string()).await
    }
}

impl CheckoutTill {
    /// Fetches the session, and completes it if it is still the one that was decided on.
    async fn complete(&self, payment: &Payment, proof: &Presented) -> Result<Seen, Failure> {
        let seen = self.0.fetch(payment).await?;
        if let Some(paid) = paid(&seen.session) {
            return Ok(paid);
        }
        if seen.session.status.outlook() == Outlook::Underway {
            return Ok(Seen::Open);
        }
        let is_same =
            || offered(&seen).is_ok_and(|now| now.departs_from(&payment.request).is_none());
        if seen.problem.is_some() || !is_same() {
            return Ok(self.0.take_back(payment, proof).await);
        }
        match self.0.token(payment, proof).await? {
            Usable::Now(token) => self.hand_token(payment, proof, &seen, &token).await,
            // The merchant has the money and owes the order: it is looked at until the token's end.
            Usable::Charged => Ok(Seen::Open),
            Usable::Never => Ok(self.0.take_back(payment, proof).await),
        }
    }

    async fn hand_token(
        &self,
        payment: &Payment,
        proof: &Presented,
        seen: &Checkout,
        token: &IssuedToken,
    ) -> Result<Seen, Failure> {
        let Proof::Completion { idempotency_key, .. } = &proof.proof else {
            return Ok(Seen::Open);
        };
        let known = seen.merchant.known.as_ref().map(|known| known.id.as_str());
        let Ok(handler) = handler_for(&seen.session.handlers, known.unwrap_or_default()) else {
            return Ok(self.0.take_back(payment, proof).await);
        };
        let body = CompleteBody { handler_id: handler.id.as_deref(), token: token.id.secret() };
        let call = Call { idempotency_key, request_id: idempotency_key };
        match seen.merchant.acp.complete(&seen.session, &body, call).await {
            Ok(session) => Ok(match paid(&session) {
                Some(paid) => paid,
                // A person must go on at the merchant's page: the token must be worth nothing then.
                None if session.status.outlook() == Outlook::Human => {
                    self.0.take_back(payment, proof).await
                }
                None => Seen::Open,
            }),
            Err(error) if error.did_nothing() => {
                // What is refused now may have been carried out the first time.
                let again = self.0.fetch(payment).await?;
                match paid(&again.session) {
                    Some(paid) => Ok(paid),
                    None => Ok(self.0.take_back(payment, proof).await),
                }
            }
            Err(error) => Err(super::acp_failure(&error)),
        }
    }
}

/// Amount, recipient and cart as the merchant and the owner's table have them: what is judged and pinned.
pub(super) fn wanted(seen: &Checkout) -> Result<(Money, Terms, Cart), Problem> {
    let known = seen.merchant.known.as_ref().ok_or(Problem::UnknownMerchant)?;
    let profile = known.profile.as_ref().ok_or(Problem::NoProfile)?;
    let amount = seen.session.total();
    let terms = Terms {
        scheme: "charge".to_owned(),
        network: "stripe".to_owned(),
        asset: amount.currency.to_string(),
        pay_to: profile.to_string(),
    };
    Ok((amount, terms, seen.session.cart(&known.id, &seen.merchant.host)))
}

fn offered(seen: &Checkout) -> Result<Offered, Problem> {
    let (amount, terms, cart) = wanted(seen)?;
    let signing = Signing::Proof(make_proof());
    Ok(Offered { amount, terms: Some(terms), cart: Some(cart), signing })
}

/// A grant becomes the completion of the session, under keys that stay.
pub(super) fn make_proof() -> MakeProof {
    token::make_proof(None, |idempotency_key, token_key| Proof::Completion {
        idempotency_key,
        token_key,
    })
}

/// The order a completed session became. Whether it is the one that was decided on is looked at once the payment is
/// settled: a token is good for that amount and no more, whatever the session says.
fn paid(session: &Session) -> Option<Seen> {
    let order = session.order.as_ref().filter(|_| session.status.outlook() == Outlook::Paid)?;
    Reference::try_from(order.id.clone()).ok().map(Seen::Paid)
}
