//! One send under the eye: proven, timed, and booked to the request it belongs to.
//!
//! A send must never be booked before the network has confirmed it, nor twice: the transaction looks again.

use std::convert::Infallible;

use super::super::Engine;
use super::super::failures::unrefused;
use crate::books::{Body, Event, RequestReceipt};
use crate::clock::Millis;
use crate::nano::{Account, BlockHash};
use crate::network::NodeError;
use crate::payment::{Arrival, Fit, Match};
use crate::store::StoreError;

/// Why a send could not be judged.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Books a send to the request it belongs to, if to any. `false` when it is not judged yet, for instance because too
    /// few nodes call it confirmed: whoever looked must look at it again.
    pub(super) async fn observe_send(
        &self,
        to: Account,
        hash: BlockHash,
    ) -> Result<bool, LookError> {
        if !self.is_unjudged(&hash)? {
            return Ok(true);
        }
        let proven = match self.proven_send(to, hash).await {
            Ok(Some(proven)) => proven,
            Err(error @ NodeError::Unreachable { .. }) => return Err(error.into()),
            Ok(None) => return Ok(false),
            Err(error) => {
                // One block that a node cannot show must not hide the others.
                tracing::debug!(%hash, %error, "a send cannot be checked");
                return Ok(false);
            }
        };
        let at = self.time_of(proven.sender, hash).await?;
        let arrival = Arrival { block_hash: hash, amount: proven.amount, at };
        let payer = proven.sender;
        if self.store().read(|view| view.match_request(&to, &arrival))?.is_none() {
            self.requests.dismiss(hash);
            return Ok(true);
        }
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let found = view.match_request(&to, &arrival)?;
            let event = found.map(|found| received(&found, &arrival, payer));
            Ok((event.into_iter().collect(), ()))
        });
        commit.await.map_err(unrefused)?;
        Ok(true)
    }

    /// When the node first saw a block; now, where it does not say.
    async fn time_of(&self, sender: Account, hash: BlockHash) -> Result<Millis, LookError> {
        let now = self.clock().now();
        let page = match self.node().account_history(sender, Some(hash), 1).await {
            Err(error @ NodeError::Unreachable { .. }) => return Err(error.into()),
            page => page.unwrap_or_default(),
        };
        let block = page.blocks.first().filter(|block| block.hash == hash);
        Ok(block.and_then(|block| block.local_timestamp).map_or(now, |at| at.min(now)))
    }

    /// Whether a listed send is worth its proof.
    pub(super) fn is_unjudged(&self, hash: &BlockHash) -> Result<bool, StoreError> {
        Ok(!self.requests.is_dismissed(hash)
            && self.store().read(|view| view.request_of_block(hash))?.is_none())
    }
}

fn received(found: &Match, arrival: &Arrival, payer: Account) -> Event {
    let receipt = RequestReceipt {
        request_id: found.request_id,
        block_hash: arrival.block_hash,
        payer,
        amount_raw: arrival.amount,
        paid_at_ms: arrival.at,
        fit: found.fit,
        late: found.late,
    };
    match found.fit {
        Fit::Exact | Fit::Asked => Body::RequestPaid(receipt),
        Fit::Under => Body::RequestUnderpaid(receipt),
        Fit::Over => Body::RequestOverpaid(receipt),
    }
    .into()
}
