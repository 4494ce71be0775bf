//! Credits paid with a block that ifenpay publishes: handing the block in, and claiming what it paid for.
//!
//! What ifenpay answers proves nothing about the block: `drive` looks for it by its hash as for any other. Only durable
//! bytes are handed in, and never another block for the same order while the first may still be confirmed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Engine, Paid, Services};
use crate::failure::Failure;
use crate::nano::SignedBlock;
use crate::payment::{PublishVia, State};
use crate::providers::ifenpay::{Ifenpay, Tier, ToppedUp, TransactionId, UpstreamError};

/// The orders whose blocks are being handed in just now.
#[derive(Debug, Default)]
pub(super) struct Topups {
    /// One order at a time.
    pub(super) gate: tokio::sync::Mutex<()>,
    under_way: Arc<Mutex<Vec<String>>>,
    /// Orders whose block ifenpay did not want. It proves nothing: see `void`.
    refused: Arc<Mutex<HashSet<String>>>,
}

/// Why it cannot be said what a top-up brought.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClaimError {
    /// Not one, or not settled.
    #[error("the payment is no settled top-up")]
    NotSettled,
    /// ifenpay cannot be had.
    #[error(transparent)]
    NoIfenpay(#[from] Failure),
    /// The order on the books is none.
    #[error("the order of the payment is no order of ifenpay")]
    NoOrder,
    /// The node does not show the block that paid.
    #[error("the block that paid cannot be read back: {detail}")]
    Block {
        /// Why not.
        detail: String,
    },
    /// ifenpay did not say.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

/// An order as the books keep it.
struct Order {
    ifenpay: Ifenpay,
    tier: Tier,
    transaction_id: TransactionId,
}

impl Engine {
    /// What a settled top-up brought. The block is handed in once more, which publishes nothing new: whoever lost the
    /// first answer gets the credits that way.
    ///
    /// # Errors
    /// [`ClaimError`]; the payment stays settled.
    pub async fn claim_credits(&self, paid: &Paid) -> Result<ToppedUp, ClaimError> {
        let State::Settled { reference, .. } = &paid.payment.state else {
            return Err(ClaimError::NotSettled);
        };
        let block_hash = reference.block().ok_or(ClaimError::NotSettled)?;
        let PublishVia::IfenpayTopup { transaction_id, credits } = &paid.payment.publish_via else {
            return Err(ClaimError::NotSettled);
        };
        let order = Order::new(&*self.services, transaction_id, *credits).await?;
        let unread = |detail: String| ClaimError::Block { detail };
        let found = self.node().block_info(block_hash).await;
        let info = found.map_err(|error| unread(error.to_string()))?;
        let info = info.filter(|info| info.contents.hash() == block_hash);
        let block = info.ok_or_else(|| unread("it is not known".to_owned()))?.contents;
        Ok(order.hand_in(&block).await?)
    }

    /// Hands a block in, unless that is being done. Does not wait: the lane goes on looking for the block.
    pub(super) fn hand_in(&self, block: SignedBlock, transaction_id: &str, credits: u32) {
        let (services, id) = (Arc::clone(&self.services), transaction_id.to_owned());
        let (under_way, refused) =
            (Arc::clone(&self.topups.under_way), Arc::clone(&self.topups.refused));
        {
            let mut under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
            if under_way.contains(&id) {
                return;
            }
            under_way.push(id.clone());
        }
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            let handing_in = async {
                let order = Order::new(&*services, &id, credits).await?;
                Ok::<_, ClaimError>(order.hand_in(&block).await?)
            };
            if let Some(Err(error)) = stopping.run_until_cancelled(handing_in).await {
                tracing::info!(%error, "handing in the block of a top-up");
                if matches!(error, ClaimError::Upstream(UpstreamError::Refused { .. })) {
                    refused.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
                }
            }
            let mut under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.retain(|other| *other != id);
        });
    }
}

impl Engine {
    /// Whether ifenpay said no to the block of this order since this process runs.
    pub(super) fn was_refused(&self, transaction_id: &str) -> bool {
        let refused = self.topups.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.contains(transaction_id)
    }
}

impl Order {
    async fn new(
        services: &dyn Services,
        transaction_id: &str,
        credits: u32,
    ) -> Result<Self, ClaimError> {
        let tier = Tier::try_from(u64::from(credits)).map_err(|_| ClaimError::NoOrder)?;
        let transaction_id = transaction_id.parse().map_err(|_| ClaimError::NoOrder)?;
        Ok(Self { ifenpay: services.ifenpay().await?, tier, transaction_id })
    }

    async fn hand_in(&self, block: &SignedBlock) -> Result<ToppedUp, UpstreamError> {
        self.ifenpay.pay_topup(self.tier, &self.transaction_id, block).await
    }
}
