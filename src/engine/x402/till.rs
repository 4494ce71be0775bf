//! The seller as the engine deals with it: asked again, handed what is durable, looked after.
//!
//! A seller's no is never proof, and its yes only where no chain can be asked.

use std::sync::Arc;

use async_trait::async_trait;

use super::quote::request_of;
use super::{Priced, Quote, X402};
use crate::books::Payment;
use crate::clock::Millis;
use crate::engine::pay::NO_FUNDS;
use crate::engine::{Handover, MakeHeader, MakeProof, Offered, Signing, Unprepared};
use crate::evm::{EvmAddress, Nonce};
use crate::failure::Failure;
use crate::limits;
use crate::nano::SignedBlock;
use crate::payment::{
    HttpCall, Intent, PaymentHeader, Presented, Proof, Purchase, Reference, Seen,
};
use crate::policy::{Grant, ReasonCode, Request};
use crate::rails::x402::{
    self as rail, Means, authorization, evm_payload, nano_payload, payment_header,
};
use crate::wallet::EvmSpend;

impl X402 {
    /// How a demand is signed for. Nothing is drawn or asked any more once the transaction runs.
    ///
    /// # Errors
    /// When the wallet has no key for it, or the machine no random bytes.
    pub fn signing(&self, priced: Priced, identifier: &str) -> Result<Signing, Failure> {
        if priced.is_nano() {
            let timeout_ms = priced.timeout_ms();
            return Ok(Signing::Cheque { header: self.header(priced, identifier), timeout_ms });
        }
        self.proof(priced, identifier).map(Signing::Proof)
    }

    fn header(&self, priced: Priced, identifier: &str) -> MakeHeader {
        let (network, identifier) = (self.keystore.network(), identifier.to_owned());
        Box::new(move |block: &SignedBlock| {
            let Priced { asked, offer } = priced;
            let payload = nano_payload(&offer, block, network).map_err(|e| e.to_string())?;
            let header = payment_header(&asked, &offer, &payload, &identifier);
            header.map(stored).map_err(|e| e.to_string())
        })
    }

    fn proof(&self, priced: Priced, identifier: &str) -> Result<MakeProof, Failure> {
        let locked = || Failure::unavailable("WALLET_LOCKED", "the wallet is locked");
        let from = self.keystore.evm_address().ok_or_else(locked)?;
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Failure::internal("NO_RANDOMNESS", error.to_string()))?;
        let nonce = Nonce(bytes);
        let (keystore, identifier) = (Arc::clone(&self.keystore), identifier.to_owned());
        let clock = Arc::clone(&self.clock);
        Ok(Box::new(move |grant: Grant, request: &Request, attempt: u32, now: Millis| {
            let Priced { asked, offer } = priced;
            // The ledger's time stays ahead of a clock that was put back; the chain's goes by the real one.
            let now_s = now.min(clock.now()).0 / 1_000;
            let Means::Evm { token, pay_to } = &offer.means else {
                return Err("the demand is not for a token".to_owned());
            };
            // A grant names whom the terms name; the authorisation must go there too.
            if request.recipient() != pay_to.to_string() {
                return Err("the demand pays somebody else than was decided on".to_owned());
            }
            let signed = authorization(&offer, from, now_s, nonce)
                .ok_or_else(|| "the demand is not for a token".to_owned())?;
            let valid_until_ms = Millis(signed.valid_before.saturating_mul(1_000));
            let (domain, currency, is_test) = (token.domain.clone(), token.currency, token.is_test);
            let payee = request.recipient().to_owned();
            let spend = EvmSpend::new(signed, domain, currency, is_test, payee);
            let signature =
                keystore.sign_authorization(grant, &spend).map_err(|e| e.to_string())?;
            let payload =
                evm_payload(&offer, &signed, &signature, now_s).map_err(|e| e.to_string())?;
            let header =
                payment_header(&asked, &offer, &payload, &identifier).map_err(|e| e.to_string())?;
            let proof = Proof::Authorization {
                network: offer.terms.network.clone(),
                asset: offer.terms.asset.clone(),
                from: from.to_string(),
                nonce: nonce.to_string(),
                header: stored(header),
            };
            Ok(Presented { attempt, proof, made_at_ms: now, valid_until_ms })
        }))
    }

    /// Whether the chain has taken the authorisation; nobody to ask, or no answer, is [`Seen::Open`].
    async fn ask_chain(&self, call: &HttpCall, proof: &Presented, now: Millis) -> Seen {
        let Proof::Authorization { network, asset, from, nonce, .. } = &proof.proof else {
            return Seen::Open;
        };
        let Ok(reach) = self.reach.reach().await else { return Seen::Open };
        let Some(chain) = reach.chain_of(network, &call.url) else { return Seen::Open };
        let (asset, from) = (asset.parse::<EvmAddress>(), from.parse::<EvmAddress>());
        let (Ok(asset), Ok(from), Ok(nonce)) = (asset, from, nonce.parse::<Nonce>()) else {
            return Seen::Open;
        };
        let end = proof.valid_until_ms.plus(limits::X402_SKEW);
        let answer = match now >= end {
            true => chain.is_used_by(&asset, &from, &nonce).await,
            false => chain.is_used(&asset, &from, &nonce).await.map(|is_used| (is_used, Millis(0))),
        };
        match answer {
            Ok((true, _)) => used(&nonce),
            // By the chain's clock, not by ours alone: a node may be behind.
            Ok((false, at)) if at >= end => Seen::Void,
            Ok((false, _)) => Seen::Open,
            Err(error) => {
                tracing::info!(%error, "asking a chain about an authorisation");
                Seen::Open
            }
        }
    }
}

#[async_trait]
impl Handover for X402 {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        let Some(Purchase::X402(call)) = &payment.purchase else {
            let reason = "the payment buys nothing from a seller".to_owned();
            return Err(Unprepared::Never(ReasonCode::OfferChanged, reason));
        };
        let priced = match self.quote(call, payment.request.amount).await {
            Ok(Quote::Priced(priced)) => *priced,
            Ok(Quote::Free(_)) => {
                let reason = "the seller wants no money any more".to_owned();
                return Err(Unprepared::Never(ReasonCode::OfferChanged, reason));
            }
            Err(failure) if failure.code == "SELLER_UNREACHABLE" => {
                return Err(Unprepared::Later(failure.message));
            }
            Err(failure) => {
                return Err(Unprepared::Never(ReasonCode::OfferChanged, failure.message));
            }
        };
        match self.check_funds(&priced, &call.url).await {
            Err(failure) if failure.code == NO_FUNDS => {
                return Err(Unprepared::Never(ReasonCode::InsufficientFunds, failure.message));
            }
            checked => checked.map_err(|failure| Unprepared::Later(failure.message))?,
        }
        let (amount, terms) = (priced.amount(), Some(priced.terms()));
        let signing = self
            .signing(priced, &payment.id().to_string())
            .map_err(|failure| Unprepared::Later(failure.message))?;
        Ok(Offered { amount, terms, cart: None, signing })
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        let header = match intent {
            Intent::Cheque(cheque) => &cheque.header,
            Intent::Presented(Presented { proof: Proof::Authorization { header, .. }, .. }) => {
                header
            }
            _ => return Seen::Open,
        };
        let Some(Purchase::X402(call)) = &payment.purchase else { return Seen::Open };
        let reach = match self.reach.reach().await {
            Ok(reach) => reach,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "sellers cannot be reached");
                return Seen::Open;
            }
        };
        let request = match request_of(&reach.sellers, call) {
            Ok(request) => request,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "a stored request is not made any more");
                return Seen::Open;
            }
        };
        let answered = match reach.sellers.present(&request, &sent(header)).await {
            Ok(answered) => answered,
            Err(error) => {
                tracing::info!(%error, "handing a payment to a seller");
                return Seen::Open;
            }
        };
        let status = answered.response.status;
        let receipt = answered.receipt.clone();
        self.answers.keep(payment.id(), answered);
        let Intent::Presented(proof) = intent else {
            return if is_refusal(status) { Seen::Refused } else { Seen::Open };
        };
        let Proof::Authorization { network, from, .. } = &proof.proof else { return Seen::Open };
        if reach.chain_of(network, &call.url).is_some() {
            let seen = self.ask_chain(call, proof, self.clock.now()).await;
            return match seen {
                Seen::Open if is_refusal(status) => Seen::Refused,
                seen => seen,
            };
        }
        let claim = receipt.filter(|receipt| receipt.claims_of(from, network));
        match (200..300).contains(&status) || claim.is_some() {
            // Nobody else can be asked, and to take it as spent is the careful way.
            true => claimed(claim.map(|receipt| receipt.transaction), proof),
            false if is_refusal(status) => Seen::Refused,
            false => Seen::Open,
        }
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        match &payment.purchase {
            Some(Purchase::X402(call)) => self.ask_chain(call, proof, now).await,
            _ => Seen::Open,
        }
    }
}

/// A plain no, as opposed to a trouble that may pass.
fn is_refusal(status: u16) -> bool {
    (300..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

/// What the seller calls it, or the authorisation's own name.
fn claimed(transaction: Option<String>, proof: &Presented) -> Seen {
    let named = transaction.and_then(|text| Reference::try_from(text).ok());
    let Proof::Authorization { nonce, .. } = &proof.proof else { return Seen::Open };
    let reference = named.or_else(|| Reference::try_from(nonce.clone()).ok());
    reference.map_or(Seen::Open, Seen::Paid)
}

fn used(nonce: &Nonce) -> Seen {
    Reference::try_from(nonce.to_string()).map_or(Seen::Open, Seen::Paid)
}

/// The header as it is sent.
pub(super) fn sent(header: &PaymentHeader) -> rail::PaymentHeader {
    rail::PaymentHeader { name: header.name.clone(), value: header.value.clone() }
}

fn stored(header: rail::PaymentHeader) -> PaymentHeader {
    PaymentHeader { name: header.name, value: header.value }
}
