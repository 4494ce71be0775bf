//! Who makes and watches payment requests: this wallet, or ifenpay.
//!
//! Operations ask a backend in these words and know no other: a backend must never answer in its own.

use std::time::Duration;

use crate::engine::{PaymentBackend, RequestOrder, Requested, unknown_request, upstream_failure};
use crate::failure::Failure;
use crate::ids::RequestId;
use crate::limits;
use crate::operations::Context;
use crate::providers::ifenpay::{PaymentRequest, PaymentStatus};

/// A request that was made.
#[derive(Debug)]
pub(super) enum Made {
    /// By this wallet.
    Direct(Box<Requested>),
    /// By ifenpay.
    Ifenpay(PaymentRequest),
}

/// Where a request stands.
#[derive(Debug)]
pub(super) enum Found {
    /// As this wallet saw it.
    Direct(Box<Requested>),
    /// As ifenpay says.
    Ifenpay(PaymentStatus),
}

/// Makes a request.
///
/// # Errors
/// The backend's.
pub(super) async fn request(order: RequestOrder, context: &Context) -> Result<Made, Failure> {
    let services = context.engine.services();
    match services.payment_backend() {
        PaymentBackend::Direct => {
            let made = context.engine.request_to_be_paid(order).await?;
            Ok(Made::Direct(Box::new(made)))
        }
        PaymentBackend::Ifenpay => {
            let ifenpay = services.ifenpay().await?;
            let redirect = order.redirect_url.as_deref();
            let made = ifenpay.request_payment(order.account, order.asked, redirect).await;
            Ok(Made::Ifenpay(made.map_err(|error| upstream_failure(&error))?))
        }
    }
}

/// Where a request stands, after up to `wait` for a change. What this wallet made itself it watches, whatever the
/// backend is by now.
///
/// # Errors
/// `INVALID_TRANSACTION_ID`, or the backend's.
pub(super) async fn status(id: &str, wait: Duration, context: &Context) -> Result<Found, Failure> {
    let backend = context.engine.services().payment_backend();
    match (own(id, context), backend) {
        (Ok(own), _) => {
            let found = context.engine.wait_for_request(own, wait, &context.cancelled).await?;
            Ok(Found::Direct(Box::new(found)))
        }
        (Err(failure), PaymentBackend::Direct) => Err(failure),
        (Err(_), PaymentBackend::Ifenpay) => {
            at_ifenpay(id, wait, context).await.map(Found::Ifenpay)
        }
    }
}

/// One of this wallet's own requests, of this caller.
fn own(id: &str, context: &Context) -> Result<RequestId, Failure> {
    let own: RequestId = id.parse().map_err(|_| unknown_request(id))?;
    let found = context.engine.payment_request(own)?;
    let is_seen = context.caller.may_see(found.request.agent_id.as_deref());
    if is_seen { Ok(own) } else { Err(unknown_request(id)) }
}

async fn at_ifenpay(id: &str, wait: Duration, context: &Context) -> Result<PaymentStatus, Failure> {
    let transaction_id = id.parse().map_err(|_| unknown_request(id))?;
    let ifenpay = context.engine.services().ifenpay().await?;
    let clock = context.engine.clock();
    let deadline = clock.now().plus(wait);
    loop {
        let asked = ifenpay.payment_status(&transaction_id).await;
        let status = asked.map_err(|error| upstream_failure(&error))?;
        let left = deadline.since(clock.now());
        if status.is_paid || left.is_zero() {
            return Ok(status);
        }
        tokio::select! {
            () = clock.sleep(limits::IFENPAY_POLL.min(left)) => {}
            () = context.cancelled.cancelled() => return Ok(status),
        }
    }
}
