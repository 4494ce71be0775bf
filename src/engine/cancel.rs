//! The empty block that takes the place of one of ours no node has, so that its account is free again.
//!
//! Must never be signed while the wallet is frozen, or for a block that is not open any more.

use std::convert::Infallible;
use std::sync::Arc;

use super::failures::unrefused;
use super::{Engine, Pace};
use crate::books::{Body, Event, Lane, Payment, RowsError, View};
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::BlockHash;
use crate::payment::BlockIntent;
use crate::store::StoreError;
use crate::wallet::NonSpendBlock;

impl Engine {
    /// Signs an empty block upon the lane's head, if `is_open` still finds in the deciding transaction what it is to
    /// replace, and books it as `written` says.
    pub(super) async fn sign_empty(
        &self,
        lane: &Lane,
        is_open: impl FnOnce(&View<'_>) -> Result<bool, RowsError> + Send + 'static,
        written: impl FnOnce(BlockIntent) -> Event + Send + 'static,
    ) -> Result<Pace, StoreError> {
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = frontier.representative().unwrap_or(self.parts.representative);
        let Ok(unsigned) = NonSpendBlock::change(&frontier, representative) else {
            return Ok(Pace::After(limits::LANE_IDLE));
        };
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            let (true, None) = (is_open(view)?, view.freeze()?) else {
                return Ok((Vec::new(), false));
            };
            let Ok(block) = keystore.sign_non_spend(&unsigned) else {
                return Ok((Vec::new(), false));
            };
            Ok((vec![written(BlockIntent::empty(block, view.now()))], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    /// As [`Engine::sign_empty`], for the block of a payment that somebody else was to publish.
    pub(super) async fn cancel_payment(
        &self,
        lane: &Lane,
        id: PaymentId,
        open: BlockHash,
        is_open: impl FnOnce(&Payment) -> bool + Send + 'static,
    ) -> Result<Pace, StoreError> {
        let is_open = move |view: &View<'_>| Ok(view.payment(id)?.as_ref().is_some_and(is_open));
        let written =
            move |intent| Event::of(id, Body::PaymentCancelling { block_hash: open, intent });
        tracing::warn!(%id, "no node has a payment's block; an empty one is to take its place");
        self.sign_empty(lane, is_open, written).await
    }
}
