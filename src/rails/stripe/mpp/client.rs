//! Asking a seller that is paid by tokens, and paying it: two requests that differ in one header.
//!
//! This module must never follow a redirect on either of them, nor show the token in what it answers.

use super::{Challenge, ChallengeError, Receipt};
use crate::clock::Millis;
use crate::fetch::{
    Bounds, GuestClient, GuestError, GuestRequest, HeaderMap, HeaderValue, Reply, quote,
};
use crate::limits;
use crate::rails::x402::{ResourceRequest, Response};
use crate::secret::Secret;

/// What a seller answers to a request without a payment.
#[derive(Debug)]
pub enum Answer {
    /// Something else than 402: there is nothing to pay.
    Free(Response),
    /// It wants a charge first.
    Asked(Challenge),
}

/// What a seller answers to a payment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presented {
    /// What the money was for, or why not.
    pub response: Response,
    /// What it says it did with the token: a claim.
    pub receipt: Option<Receipt>,
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
    let (reply, is_cut) = send(guest, request, None).await?;
    if reply.status != PAYMENT_REQUIRED {
        return Ok(Answer::Free(response(&reply, is_cut)));
    }
    let headers = reply.headers.get_all("www-authenticate").iter();
    let challenge = Challenge::read(headers.filter_map(|value| value.to_str().ok()), now)?;
    Ok(Answer::Asked(challenge))
}

/// Makes the same request with a credential.
///
/// # Errors
/// [`GuestError`]; a status is no error here.
pub async fn present(
    guest: &GuestClient,
    request: &ResourceRequest,
    credential: &Secret,
) -> Result<Presented, GuestError> {
    let (reply, is_cut) = send(guest, request, Some(credential)).await?;
    Ok(Presented { receipt: receipt(&reply.headers), response: response(&reply, is_cut) })
}

async fn send(
    guest: &GuestClient,
    request: &ResourceRequest,
    credential: Option<&Secret>,
) -> Result<(Reply, bool), GuestError> {
    let (method, url, mut headers, body) = request.sent(guest).map_err(GuestError::Guard)?;
    let value = credential.and_then(|found| HeaderValue::from_bytes(found.expose()).ok());
    if let Some(mut value) = value {
        value.set_sensitive(true);
        headers.insert("authorization", value);
    }
    let timeout = limits::X402_SETTLE_TIMEOUT;
    let bounds = Bounds { timeout, body_bytes: limits::X402_ANSWER_BYTES };
    guest.send_once(GuestRequest { method, url, headers, body, redirects: 0 }, bounds).await
}

fn response(reply: &Reply, is_cut: bool) -> Response {
    let content_type = reply.headers.get("content-type");
    let content_type = content_type.map(|value| quote(&String::from_utf8_lossy(value.as_bytes())));
    Response { status: reply.status, content_type, body: reply.body.clone(), is_cut }
}

/// The one receipt; two of them are none.
fn receipt(headers: &HeaderMap) -> Option<Receipt> {
    let mut found = headers.get_all("payment-receipt").iter();
    let receipt = found.next().and_then(|value| Receipt::read(value.to_str().ok()?));
    receipt.filter(|_| found.next().is_none())
}

const PAYMENT_REQUIRED: u16 = 402;
