//! Buying what an HTTP 402 sells for a payment token (MPP): the seller is asked, known by the owner's table, and handed
//! a token that is good for exactly its price.
//!
//! It must never take the profile a seller names for the seller's own, nor a receipt for money: Stripe says what was
//! charged.

use std::sync::Arc;

use async_trait::async_trait;

use super::floor::Floor;
use super::remote::{Handover, MakeProof, Offer, Offered, Signing, Source, Unprepared, Wish};
use super::token::{self, Usable};
use super::x402::{SellerAnswered, X402, request_of};
use super::{Engine, Paid};
use crate::books::Payment;
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::money::Money;
use crate::payment::{HttpCall, Intent, Presented, Proof, Purchase, Reference, Seen};
use crate::policy::{ReasonCode, Terms};
use crate::rails::stripe::mpp::{self, Answer, AskError, Challenge};
use crate::rails::x402::Receipt;

/// Hands tokens to sellers.
#[derive(Debug)]
pub(super) struct MppTill {
    pub(super) floor: Floor,
    pub(super) x402: Arc<X402>,
}

impl Engine {
    /// Buys what an HTTP 402 sells for a payment token. What comes back is durable; it may be denied, waiting or under
    /// way.
    ///
    /// # Errors
    /// Before a payment id exists: the seller is not known, cannot be asked or wants what is not paid, there is no
    /// card, or what every purchase may meet.
    pub async fn buy_mpp(&self, wish: Wish) -> Result<Paid, Failure> {
        self.require_unlocked()?;
        let till = self.mpp_till()?;
        if let Some(known) = self.bought_before(&wish)? {
            return Ok(known);
        }
        let Purchase::Mpp(call) = &wish.purchase else {
            return Err(Failure::invalid("INVALID_REQUEST", "this is no purchase by token"));
        };
        till.floor.check_card().await?;
        let challenge = till.ask(call).await?;
        let offer = Offer {
            amount: challenge.charge.amount,
            terms: Some(terms(&challenge)),
            cart: None,
            source: Source::Proof(make_proof(&challenge)),
        };
        self.buy(wish, offer).await
    }

    /// What a seller wants now, and who would get it.
    ///
    /// # Errors
    /// As [`Engine::buy_mpp`], as far as the seller goes.
    pub(super) async fn mpp_price(&self, call: &HttpCall) -> Result<(Money, Terms), Failure> {
        let challenge = self.mpp_till()?.ask(call).await?;
        Ok((challenge.charge.amount, terms(&challenge)))
    }

    fn mpp_till(&self) -> Result<MppTill, Failure> {
        let missing = || Failure::unavailable("NOT_SET_UP", "this wallet cannot pay sellers");
        let x402 = Arc::clone(self.x402().ok_or_else(missing)?);
        Ok(MppTill { floor: self.floor(), x402 })
    }
}

impl MppTill {
    /// What the seller wants, if it is the owner's seller who would get it.
    async fn ask(&self, call: &HttpCall) -> Result<Challenge, Failure> {
        let sellers = self.x402.reach.reach().await?.sellers;
        let request = request_of(&sellers, call)?;
        let answer = mpp::ask(sellers.guest(), &request, self.floor.clock.now()).await;
        let challenge = match answer.map_err(|error| unasked(&error))? {
            Answer::Asked(challenge) => challenge,
            Answer::Free(response) => {
                let message =
                    format!("the seller answers {} and asks for no money", response.status);
                return Err(Failure::refused("NOTHING_TO_PAY", message)
                    .hint("Nothing was paid. Fetch it without the wallet"));
            }
        };
        let place = sellers.guest().check(&call.url);
        let place =
            place.map_err(|error| Failure::invalid("INVALID_ADDRESS", error.to_string()))?;
        let profiles = self.floor.profiles_at(&place.origin()).await?;
        if profiles.is_empty() {
            let message = "the owner does not know this seller, and a token is for known ones";
            return Err(Failure::refused("UNKNOWN_MERCHANT", message)
                .retry(Retry::AfterOperator)
                .hint("The owner names it with `paywarden merchants set ID --endpoint URL --profile profile_...`"));
        }
        if !profiles.contains(&challenge.charge.profile) {
            let message = format!(
                "the money would go to {}, which is not the profile the owner knows",
                challenge.charge.profile
            );
            return Err(Failure::refused("OTHER_MERCHANT", message)
                .hint("Nothing was paid. Tell the owner"));
        }
        Ok(challenge)
    }

    /// Hands the token over under the challenge it was made for.
    async fn present(&self, payment: &Payment, proof: &Presented) -> Result<Seen, Failure> {
        let (Some(Purchase::Mpp(call)), Proof::Credential { challenge, .. }) =
            (&payment.purchase, &proof.proof)
        else {
            return Ok(Seen::Open);
        };
        let Some(challenge) = Challenge::stored(challenge) else { return Ok(Seen::Open) };
        let token = match self.floor.token(payment, proof).await? {
            Usable::Now(token) => token,
            Usable::Charged | Usable::Never => {
                return Ok(self.floor.take_back(payment, proof).await);
            }
        };
        let sellers = self.x402.reach.reach().await?.sellers;
        let request = request_of(&sellers, call)?;
        let credential = mpp::credential(&challenge, &token.id)
            .map_err(|error| Failure::internal("INTERNAL", error.to_string()))?;
        let presented = mpp::present(sellers.guest(), &request, &challenge, &credential).await;
        let presented = presented.map_err(|error| unasked(&AskError::Guest(error)))?;
        let (status, receipt) = (presented.response.status, presented.receipt);
        let named = receipt.as_ref().and_then(|receipt| receipt.reference.clone());
        let answered = SellerAnswered {
            response: presented.response,
            receipt: receipt.map(|receipt| Receipt {
                success: receipt.is_success(),
                payer: None,
                transaction: receipt.reference.unwrap_or_default(),
                network: "stripe".to_owned(),
                error_reason: None,
            }),
        };
        self.x402.keep_answer(payment.id(), answered);
        match self.floor.token(payment, proof).await? {
            Usable::Charged => {
                let named = named.and_then(|text| Reference::try_from(text).ok());
                let reference = named.or_else(|| token::charged(payment));
                Ok(reference.map_or(Seen::Open, Seen::Paid))
            }
            // A plain no: what it was handed must be worth nothing from here on.
            _ if (400..500).contains(&status) && !matches!(status, 408 | 425 | 429) => {
                Ok(self.floor.take_back(payment, proof).await)
            }
            _ => Ok(Seen::Open),
        }
    }
}

#[async_trait]
impl Handover for MppTill {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        let Some(Purchase::Mpp(call)) = &payment.purchase else {
            let reason = "the payment buys nothing for a token".to_owned();
            return Err(Unprepared::Never(ReasonCode::OfferChanged, reason));
        };
        match self.ask(call).await {
            Ok(challenge) => Ok(Offered {
                amount: challenge.charge.amount,
                terms: Some(terms(&challenge)),
                cart: None,
                signing: Signing::Proof(make_proof(&challenge)),
            }),
            Err(failure) if failure.code == "SELLER_UNREACHABLE" => {
                Err(Unprepared::Later(failure.message))
            }
            Err(failure) => Err(Unprepared::Never(ReasonCode::OfferChanged, failure.message)),
        }
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        let Intent::Presented(proof) = intent else { return Seen::Open };
        match self.present(payment, proof).await {
            Ok(seen) => seen,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "a seller is not paid yet");
                Seen::Open
            }
        }
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        if now >= proof.valid_until_ms || self.floor.is_card_gone() {
            return self.floor.take_back(payment, proof).await;
        }
        match self.floor.token(payment, proof).await {
            // Charged, or dead: reading back says which.
            Ok(Usable::Charged | Usable::Never) => self.floor.take_back(payment, proof).await,
            Ok(Usable::Now(_)) | Err(_) => Seen::Open,
        }
    }
}

fn terms(challenge: &Challenge) -> Terms {
    let Money { currency, .. } = challenge.charge.amount;
    Terms {
        scheme: "charge".to_owned(),
        network: "stripe".to_owned(),
        asset: currency.to_string(),
        pay_to: challenge.charge.profile.to_string(),
    }
}

fn make_proof(challenge: &Challenge) -> MakeProof {
    let text = challenge.to_stored();
    token::make_proof(challenge.expires_at, |_, token_key| Proof::Credential {
        challenge: text,
        token_key,
    })
}

fn unasked(error: &AskError) -> Failure {
    match error {
        AskError::Challenge(error) => Failure::refused("MPP_UNUSABLE", error.to_string()),
        AskError::Guest(_) => {
            Failure::unavailable("SELLER_UNREACHABLE", error.to_string()).retry(Retry::Safe)
        }
    }
    .hint("Nothing was paid")
}
