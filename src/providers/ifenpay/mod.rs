//! ifenpay: payment requests, credits, donations and registering (`reference/ifenpay.md` §5, endpoints 1 and 7 to 12).
//!
//! The endpoints that stand in for a node are `network::gateway`, over the same [`Upstream`]. A price or address that
//! comes from here must never be paid before [`TopupOrder::check`] has passed, and nothing here pays.

mod credits;
mod donate;
mod payment;
mod register;
mod tier;
mod topup;
mod transaction;
mod wallet_file;

pub use credits::Credits;
pub use payment::{PaymentRequest, PaymentStatus};
pub use register::Registration;
pub use tier::{Tier, UnknownTier};
pub use topup::{OrderError, ToppedUp, TopupOrder};
pub use transaction::{BadTransactionId, TransactionId};
pub use wallet_file::{WalletFile, WalletFileError};

pub use crate::network::gateway::{Upstream, UpstreamError};

/// ifenpay's services beside the network.
#[derive(Clone, Debug)]
pub struct Ifenpay {
    upstream: Upstream,
}

impl Ifenpay {
    /// The services behind `upstream`.
    pub fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.upstream.origin()
    }
}

/// An answer that cannot be true.
fn nonsense(detail: impl Into<String>) -> UpstreamError {
    UpstreamError::Nonsense { detail: detail.into() }
}
