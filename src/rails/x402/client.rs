//! Asking a seller, and paying it: two requests that differ in one header.
//!
//! This module must never follow a redirect on either of them, change what is sent between them, or send a payment that
//! it was not handed as stored bytes. What came back is not judged here.

use std::time::Duration;

use bytes::Bytes;

use super::request::Parts;
use super::{
    Asked, DemandError, PAYMENT_REQUIRED, PAYMENT_RESPONSE, PaymentHeader, Receipt,
    ResourceRequest, X_PAYMENT_RESPONSE, read_demand, read_receipt,
};
use crate::fetch::{
    Bounds, FetchError, GuestClient, GuestError, GuestRequest, HeaderMap, HeaderName, HeaderValue,
    Reply, quote,
};
use crate::limits;

/// Asks and pays sellers.
#[derive(Clone, Debug)]
pub struct SellerClient {
    guest: GuestClient,
}

/// What a seller answers to a request without a payment.
#[derive(Debug)]
pub enum Answer {
    /// Something else than 402: there is nothing to pay.
    Free(Response),
    /// It wants money first.
    Asked(Asked),
}

/// A seller's answer. All of it is the seller's: untrusted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// The HTTP status; a redirect was not followed.
    pub status: u16,
    /// The content type, quoted.
    pub content_type: Option<String>,
    /// The body, as far as it was read.
    pub body: Bytes,
    /// Whether there was more of it than is read.
    pub is_cut: bool,
}

/// What a seller answers to a payment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presented {
    /// What the money was for, or why not.
    pub response: Response,
    /// What it says it did with the money: a claim.
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
    Demand(#[from] DemandError),
    /// The stored payment is no header.
    #[error("the stored payment cannot be sent: it is no header")]
    Header,
}

impl Presented {
    /// Whether something was served for the payment, as opposed to a refusal or a trouble.
    pub fn is_goods(&self) -> bool {
        (200..300).contains(&self.response.status)
    }
}

impl AskError {
    /// Whether the seller has certainly not seen the request.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::Guest(GuestError::Guard(_)) | Self::Header => true,
            Self::Guest(GuestError::Fetch(error)) => FetchError::nothing_was_sent(error),
            Self::Demand(_) => false,
        }
    }
}

impl SellerClient {
    /// A client behind the guard for strangers' URLs.
    pub fn new(guest: GuestClient) -> Self {
        Self { guest }
    }

    /// The guard, for checking a request.
    pub fn guest(&self) -> &GuestClient {
        &self.guest
    }

    /// Makes the request without a payment.
    ///
    /// # Errors
    /// [`AskError`]; a status is no error here.
    pub async fn ask(&self, request: &ResourceRequest) -> Result<Answer, AskError> {
        let parts = request.parts(&self.guest).map_err(GuestError::Guard)?;
        let (reply, is_cut) = self.send(parts, limits::GUEST_TIMEOUT).await?;
        if reply.status != 402 {
            return Ok(Answer::Free(response(&reply, is_cut)));
        }
        let demands = reply.headers.get_all(PAYMENT_REQUIRED).iter().map(HeaderValue::as_bytes);
        Ok(Answer::Asked(read_demand(demands, &reply.body)?))
    }

    /// Makes the same request with a payment, which must be stored already: whatever comes of this, it may be paid.
    ///
    /// # Errors
    /// [`AskError`]; a status is no error here.
    pub async fn present(
        &self,
        request: &ResourceRequest,
        payment: &PaymentHeader,
    ) -> Result<Presented, AskError> {
        self.hand_over(request, payment, limits::X402_SETTLE_TIMEOUT).await
    }

    /// The same for a payment that was made before, to get what it was for: nobody need settle anything now.
    ///
    /// # Errors
    /// [`AskError`]; a status is no error here.
    pub async fn present_again(
        &self,
        request: &ResourceRequest,
        payment: &PaymentHeader,
    ) -> Result<Presented, AskError> {
        self.hand_over(request, payment, limits::GUEST_TIMEOUT).await
    }

    async fn hand_over(
        &self,
        request: &ResourceRequest,
        payment: &PaymentHeader,
        timeout: Duration,
    ) -> Result<Presented, AskError> {
        let mut parts = request.parts(&self.guest).map_err(GuestError::Guard)?;
        let name = HeaderName::try_from(&payment.name).map_err(|_| AskError::Header)?;
        let mut value = HeaderValue::try_from(&payment.value).map_err(|_| AskError::Header)?;
        value.set_sensitive(true);
        parts.headers.insert(name, value);
        let (reply, is_cut) = self.send(parts, timeout).await?;
        let receipt = receipt(&reply.headers);
        Ok(Presented { response: response(&reply, is_cut), receipt })
    }

    async fn send(&self, parts: Parts, timeout: Duration) -> Result<(Reply, bool), GuestError> {
        let Parts { method, url, headers, body } = parts;
        let request = GuestRequest { method, url, headers, body, redirects: 0 };
        let bounds = Bounds { timeout, body_bytes: limits::X402_ANSWER_BYTES };
        self.guest.send_once(request, bounds).await
    }
}

fn response(reply: &Reply, is_cut: bool) -> Response {
    let content_type = reply.headers.get("content-type");
    let content_type = content_type.map(|value| quote(&String::from_utf8_lossy(value.as_bytes())));
    Response { status: reply.status, content_type, body: reply.body.clone(), is_cut }
}

/// The one receipt; two of them are none.
fn receipt(headers: &HeaderMap) -> Option<Receipt> {
    let mut found = [PAYMENT_RESPONSE, X_PAYMENT_RESPONSE]
        .into_iter()
        .flat_map(|name| headers.get_all(name))
        .map(|value| read_receipt(value.as_bytes()));
    let receipt = found.next().flatten();
    receipt.filter(|_| found.next().is_none())
}
