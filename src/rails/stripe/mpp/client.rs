//! Asking a seller that is paid by tokens, and paying it: two requests that differ in one header.
//!
//! This module must never follow a redirect on either of them, nor show the token in what it answers.

use super::{Challenge, ChallengeError, Receipt};
use crate::clock::Millis;
use crate::fetch::{GuestClient, GuestError, HeaderMap, HeaderName, HeaderValue};
use crate::limits;
use crate::rails::x402::{Presented, ResourceRequest, Response};
use crate::secret::Secret;

/// What a seller answers to a request without a payment.
#[derive(Debug)]
pub enum Answer {
    /// Something else than 402: there is nothing to pay.
    Free(Response),
    /// It wants a charge first.
    Asked(Challenge),
}

/// Why there is no answer, or none that is understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AskError {
    /// It cannot be asked, or was asked in vain.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// It wants money in a way that is not understood.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
}

/// Makes the request without a payment.
///
/// # Errors
/// [`AskError`]; a status is no error here.
pub async fn ask(
    guest: &GuestClient,
    request: &ResourceRequest,
    now: Millis,
) -> Result<Answer, AskError> {
    let (response, headers) = request.send(guest, None, limits::X402_SETTLE_TIMEOUT).await?;
    if response.status != PAYMENT_REQUIRED {
        return Ok(Answer::Free(response));
    }
    let headers: Vec<String> = headers.get_all("www-authenticate").iter().map(latin_1).collect();
    let challenge = Challenge::read(headers.iter().map(String::as_str), now)?;
    Ok(Answer::Asked(challenge))
}

/// Makes the same request with a credential in the header the challenge names.
///
/// # Errors
/// [`GuestError`]; a status is no error here.
pub async fn present(
    guest: &GuestClient,
    request: &ResourceRequest,
    challenge: &Challenge,
    credential: &Secret,
) -> Result<Presented<Receipt>, GuestError> {
    let name = HeaderName::from_static(challenge.answered_in.as_str());
    let value = HeaderValue::from_bytes(credential.expose()).ok();
    let payment = value.map(|value| (name, value));
    let (response, headers) = request.send(guest, payment, limits::X402_SETTLE_TIMEOUT).await?;
    Ok(Presented { receipt: receipt(&headers), response })
}

/// HTTP's header bytes as text: a description may hold a letter beyond ASCII, and must not hide the challenge it is in.
fn latin_1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// The one receipt; two of them are none.
fn receipt(headers: &HeaderMap) -> Option<Receipt> {
    let mut found = headers.get_all("payment-receipt").iter();
    let receipt = found.next().and_then(|value| Receipt::read(value.to_str().ok()?));
    receipt.filter(|_| found.next().is_none())
}

const PAYMENT_REQUIRED: u16 = 402;
