//! What was signed, in the form x402 carries it.
//!
//! This module must never put anything on the wire that does not pay exactly its offer: each payload is checked against
//! the offer before it is written.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Means, Offer, WorkBy};
use crate::evm::{Authorization, EvmAddress, EvmSignature, Nonce};
use crate::limits;
use crate::nano::{Network, SignedBlock};

/// The part of a payment that moves money.
#[derive(Clone, Debug)]
pub struct Payload(pub(super) Box<RawValue>);

/// What was signed does not pay the offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PayloadError {
    /// A block for an offer in tokens, or the other way round.
    #[error("what was signed is of another kind than the offer")]
    Kind,
    /// Another payee or amount.
    #[error("what was signed pays somebody else or another amount")]
    OtherPayment,
    /// It does not verify.
    #[error("the signature is not the payer's")]
    Signature,
    /// Too long, or over already.
    #[error("the authorisation is good for too long")]
    Validity,
    /// Proof of work is missing or too weak.
    #[error("the block's proof of work is missing or too weak")]
    Work,
}

/// What is to be signed for an offer in tokens: good from now on, for as long as the seller asks but at most
/// [`limits::X402_VALIDITY`]. `None` if the offer is not in tokens.
pub fn authorization(
    offer: &Offer,
    from: EvmAddress,
    now_s: u64,
    nonce: Nonce,
) -> Option<Authorization> {
    let Means::Evm { pay_to, .. } = &offer.means else { return None };
    let valid_for_s = offer.max_timeout_s.min(limits::X402_VALIDITY.as_secs());
    Some(Authorization {
        from,
        to: *pay_to,
        value: offer.terms.amount,
        // The seller's clock may be behind ours.
        valid_after: 0,
        valid_before: now_s.saturating_add(valid_for_s),
        nonce,
    })
}

/// A signed authorisation as a payload.
///
/// # Errors
/// [`PayloadError`] if it does not pay the offer.
pub fn evm_payload(
    offer: &Offer,
    authorization: &Authorization,
    signature: &EvmSignature,
    now_s: u64,
) -> Result<Payload, PayloadError> {
    #[derive(Serialize)]
    struct Json<'a> {
        signature: &'a EvmSignature,
        authorization: &'a Authorization,
    }
    let Means::Evm { token, pay_to } = &offer.means else { return Err(PayloadError::Kind) };
    if authorization.to != *pay_to || authorization.value != offer.terms.amount {
        return Err(PayloadError::OtherPayment);
    }
    let latest = now_s.saturating_add(limits::X402_VALIDITY.as_secs());
    if authorization.valid_before > latest || authorization.valid_before <= now_s {
        return Err(PayloadError::Validity);
    }
    if !authorization.is_signed_by_payer(&token.domain, signature) {
        return Err(PayloadError::Signature);
    }
    Ok(Payload(raw(&Json { signature, authorization })))
}

/// A signed block as a payload. That it sends the offer's amount is proven where it was built, against the block
/// before it: a block states a balance, not an amount.
///
/// # Errors
/// [`PayloadError`] if it does not pay the offer's payee, or the network would not take it.
pub fn nano_payload(
    offer: &Offer,
    signed: &SignedBlock,
    network: Network,
) -> Result<Payload, PayloadError> {
    let Means::Nano { pay_to, work } = &offer.means else { return Err(PayloadError::Kind) };
    if signed.block.link.as_account() != *pay_to {
        return Err(PayloadError::OtherPayment);
    }
    check_block(signed, *work, network)?;
    let mut block = serde_json::to_value(signed).expect("a block is plain JSON");
    if signed.work.is_none() {
        // A seller who does the work wants this in its place.
        block["work"] = "0".into();
    }
    Ok(Payload(raw(&serde_json::json!({ "block": block }))))
}

fn check_block(signed: &SignedBlock, work: WorkBy, network: Network) -> Result<(), PayloadError> {
    if !signed.verify() {
        return Err(PayloadError::Signature);
    }
    let root = signed.block.root();
    let is_met = |work| network.thresholds().epoch_2_send.is_met_by(work, &root);
    match (signed.work, work) {
        (Some(work), _) if is_met(work) => Ok(()),
        (None, WorkBy::Seller) => Ok(()),
        _ => Err(PayloadError::Work),
    }
}

fn raw<T: Serialize>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("a payload is plain JSON")
}

#[cfg(test)]
mod tests;
