//! One send under the eye: proven, timed, and booked to the request it belongs to.
//!
//! A send must never be booked before the network has confirmed it, nor twice: the transaction looks again.

use std::convert::Infallible;

use super::super::Engine;
use super::super::failures::unrefused;
use crate::books::{Body, Event, RequestReceipt};
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
    /// Books a send to the request it belongs to, if to any. One that is not confirmed is left for the next look.
    pub(super) async fn observe_send(&self, to: Account, hash: BlockHash) -> Result<(), LookError> {
        if !self.is_unjudged(&hash)? {
            return Ok(());
        }
        let Some(proven) = self.proven_send(to, hash).await? else { return Ok(()) };
        let interesting =
            self.store().read(|view| view.is_amount_of_interest(&to, proven.amount))?;
        if !interesting {
            return Ok(());
        }
        let now = self.clock().now();
        let at = match self.node().account_history(proven.sender, Some(hash), 1).await?.blocks.pop()
        {
            Some(block) if block.hash == hash => {
                block.local_timestamp.map_or(now, |at| at.min(now))
            }
            _ => now,
        };
        let arrival = Arrival { block_hash: hash, amount: proven.amount, at };
        let payer = proven.sender;
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let found = view.match_request(&to, &arrival)?;
            let event = found.map(|found| received(&found, &arrival, payer));
            Ok((event.clone().into_iter().collect(), event.is_some()))
        });
        if !commit.await.map_err(unrefused)?.value {
            self.requests.dismiss(hash);
        }
        Ok(())
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
