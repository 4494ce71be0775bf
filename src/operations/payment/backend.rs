//! Who makes and watches payment requests.
//!
//! Operations ask a backend in these words and know no other: a backend must never answer in its own.

use std::time::Duration;

use super::shown::may_see;
use crate::engine::{RequestOrder, Requested, unknown_request};
use crate::failure::Failure;
use crate::ids::RequestId;
use crate::operations::Context;

/// The backend in force.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PaymentBackend {
    /// This wallet itself, at any account of the network.
    #[default]
    Direct,
}

impl PaymentBackend {
    /// Makes a request.
    ///
    /// # Errors
    /// The backend's.
    pub(super) async fn request(
        self,
        order: RequestOrder,
        context: &Context,
    ) -> Result<Requested, Failure> {
        match self {
            Self::Direct => context.engine.request_to_be_paid(order).await,
        }
    }

    /// Where a request stands, after up to `wait` for a change.
    ///
    /// # Errors
    /// `INVALID_TRANSACTION_ID`, or the backend's.
    pub(super) async fn status(
        self,
        id: RequestId,
        wait: Duration,
        context: &Context,
    ) -> Result<Requested, Failure> {
        match self {
            Self::Direct => {
                let found = context.engine.payment_request(id)?;
                if !may_see(&context.caller, &found.request) {
                    return Err(unknown_request(&id.to_string()));
                }
                context.engine.wait_for_request(id, wait, &context.cancelled).await
            }
        }
    }
}
