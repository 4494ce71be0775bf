//! Payment tokens of the owner's card: made under a durable key, looked at, taken back.
//!
//! A token is made again under its key and never anew. It must be dead, by Stripe's word, before anybody calls its
//! payment void.

use super::floor::Floor;
use super::remote::MakeProof;
use crate::books::Payment;
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::money::Money;
use crate::payment::{Presented, Proof, Reference, Seen};
use crate::rails::stripe::{IssuedToken, Profile, Stripe, StripeError, TokenOrder, TokenStatus};

impl Floor {
    /// Stripe, with the owner's key.
    ///
    /// # Errors
    /// When it is not set up.
    pub(super) async fn stripe(&self) -> Result<Stripe, Failure> {
        let stripe = self.services.shops()?.stripe().await?;
        if stripe.has_key() { Ok(stripe) } else { Err(stripe_failure(&StripeError::NoKey)) }
    }

    /// Whether tokens can be made at all, asked before there is a payment.
    ///
    /// # Errors
    /// When there is no card, or no key of Stripe's.
    pub(super) async fn check_card(&self) -> Result<(), Failure> {
        self.payment_method()?;
        self.stripe().await.map(drop)
    }

    /// The token of a proof, made now or found under its key.
    ///
    /// # Errors
    /// When Stripe cannot be asked, or there is no card.
    pub(super) async fn token(
        &self,
        payment: &Payment,
        proof: &Presented,
    ) -> Result<Usable, Failure> {
        let Some(order) = order_of(payment, proof) else { return Ok(Usable::Never) };
        let (stripe, method) = (self.stripe().await?, self.payment_method()?);
        let wrong = |error| stripe_failure(&error);
        let issued = match stripe.issue(&order, &method).await {
            Ok(issued) => issued,
            Err(error) if error.says_there_is_none() => {
                tracing::warn!(id = %payment.id(), %error, "the card cannot be charged");
                return Ok(Usable::Never);
            }
            Err(error) => return Err(wrong(error)),
        };
        // What is found under a key is told as it was when it was made.
        let token = stripe.get(&issued.id).await.map_err(wrong)?;
        if let Err(error) = token.check(&order) {
            tracing::error!(id = %payment.id(), %error, "a token is not used");
            return Ok(Usable::Never);
        }
        Ok(match (token.status, token.captured) {
            (TokenStatus::Active, _) => Usable::Now(token),
            (TokenStatus::Deactivated, Some(Money { amount: 1.., .. })) => Usable::Charged,
            _ => Usable::Never,
        })
    }

    /// Revokes the token of a proof and reads back what was captured: nothing, and the payment is void.
    pub(super) async fn take_back(&self, payment: &Payment, proof: &Presented) -> Seen {
        match self.captured(payment, proof).await {
            Ok(Captured::Nothing) => Seen::Void,
            Ok(Captured::Some) => {
                tracing::error!(id = %payment.id(), "a token was charged and no order is known");
                let name = format!("charged-{}", payment.id());
                Reference::try_from(name).map_or(Seen::Open, Seen::Paid)
            }
            Ok(Captured::Unknown) => Seen::Refused,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "a token cannot be taken back yet");
                Seen::Open
            }
        }
    }

    async fn captured(&self, payment: &Payment, proof: &Presented) -> Result<Captured, Failure> {
        let Some(order) = order_of(payment, proof) else { return Ok(Captured::Unknown) };
        let is_findable = self.clock.now().since(proof.made_at_ms) < limits::STRIPE_KEY_LIFE;
        if !is_findable {
            // Under a key that Stripe has forgotten another token would be made.
            return Ok(Captured::Unknown);
        }
        let (stripe, method) = (self.stripe().await?, self.payment_method()?);
        let wrong = |error| stripe_failure(&error);
        let issued = match stripe.issue(&order, &method).await {
            Ok(issued) => issued,
            Err(error) if error.says_there_is_none() => return Ok(Captured::Nothing),
            Err(error) => return Err(wrong(error)),
        };
        let mut token = stripe.get(&issued.id).await.map_err(wrong)?;
        if token.status != TokenStatus::Deactivated {
            // One that is charged meanwhile cannot be revoked; the look after it says so.
            if let Err(error) = stripe.revoke(&issued.id, &order).await {
                tracing::info!(%error, "revoking a token");
            }
            token = stripe.get(&issued.id).await.map_err(wrong)?;
        }
        Ok(match (token.status, token.captured) {
            (TokenStatus::Deactivated, Some(Money { amount: 0, .. }) | None) => Captured::Nothing,
            (TokenStatus::Deactivated, Some(_)) => Captured::Some,
            _ => Captured::Unknown,
        })
    }
}

/// Whether a token can be handed over.
#[derive(Debug)]
pub(super) enum Usable {
    /// It can.
    Now(IssuedToken),
    /// It has been charged.
    Charged,
    /// It never will be: declined, revoked, or not what was ordered.
    Never,
}

enum Captured {
    Nothing,
    Some,
    Unknown,
}

/// A grant becomes a proof that holds the key of a token which lives for [`limits::TOKEN_LIFE`] at most, and until
/// `ends_at` where the payee sets an end. `proof_of` is given the attempt's name and the token's key.
pub(super) fn make_proof(
    ends_at: Option<Millis>,
    proof_of: impl FnOnce(String, String) -> Proof + Send + 'static,
) -> MakeProof {
    Box::new(move |grant, request, attempt, now| {
        let payee = request.recipient().to_owned();
        let profile: Profile = payee.parse().map_err(|_| format!("{payee:?} is no profile"))?;
        let longest = now.plus(limits::TOKEN_LIFE);
        let expires_at = ends_at.map_or(longest, |end| end.min(longest));
        let order =
            TokenOrder::new(grant, request.amount, &payee, profile, now, expires_at, attempt);
        let order = order.map_err(|error| error.to_string())?;
        let name = format!("complete-{}-{attempt}", order.payment_id());
        Ok(Presented {
            attempt,
            proof: proof_of(name, order.key().to_owned()),
            made_at_ms: now,
            valid_until_ms: expires_at,
        })
    })
}

/// What Stripe says at the boundary.
pub(super) fn stripe_failure(error: &StripeError) -> Failure {
    let (code, message) = (error.code(), error.to_string());
    match code {
        "STRIPE_KEY_MISSING" | "STRIPE_KEY_REFUSED" => Failure::unavailable(code, message)
            .retry(Retry::AfterOperator)
            .hint("The owner sets STRIPE_SECRET_KEY to a key that may issue shared payment tokens"),
        "CARD_DECLINED" => Failure::refused(code, message)
            .retry(Retry::AfterOperator)
            .hint("The owner registers another card with `paywarden funding set`"),
        _ => Failure::unavailable(code, message).hint("Look with get_payment_status"),
    }
}

fn order_of(payment: &Payment, proof: &Presented) -> Option<TokenOrder> {
    let (Proof::Completion { token_key, .. } | Proof::Credential { token_key, .. }) = &proof.proof
    else {
        return None;
    };
    TokenOrder::durable(&payment.request, token_key, proof.valid_until_ms)
}
