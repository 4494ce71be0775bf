//! Money coming in: found, checked, signed for, confirmed. Yields to sends: each receive uses up ready work.
//!
//! A receive must never lower the balance, nor be signed on a head or an amount that was not proven as far as it can be.

mod asked;
mod drive;
mod proof;

pub(super) use asked::Asked;

use std::convert::Infallible;
use std::sync::Arc;

use super::failures::unrefused;
use super::round::Share;
use super::{Engine, Pace};
use crate::books::{Body, Lane, RowsError, View};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, Root};
use crate::network::{NodeError, Receivable};
use crate::payment::BlockIntent;
use crate::policy::ReceiveMode;
use crate::store::StoreError;
use crate::wallet::{Frontier, NonSpendBlock};

impl Engine {
    /// Lets a lane receive what waits for it, in manual mode too, for [`limits::RECEIVE_ASKED`].
    pub(crate) fn receive_now(&self, account: Account) {
        self.asked.ask(account, self.clock().now().plus(limits::RECEIVE_ASKED));
        self.look_at(account);
    }

    /// Signs for the next confirmed send to this account, or waits. Looks at the head where it may not be ours.
    pub(super) async fn receive_next(&self, lane: &Lane) -> Result<Pace, StoreError> {
        self.keep_work_ready(lane);
        let (minimum, wanted) = self.rule(lane.account)?;
        let share = match self.share(lane.account, minimum).await {
            Ok(share) => share,
            Err(error) => {
                tracing::debug!(%error, "what can be received is not known");
                return Ok(Pace::After(self.parts.rhythm.retrying));
            }
        };
        if share.balance != Some(lane.balance) {
            // Only the signed head says whether this is a foreign block, a node that is behind, or a block of our own.
            if let Err(pause) = self.usable_frontier(lane).await? {
                return Ok(pause);
            }
            self.rounds.head_seen(lane);
        }
        if lane.frozen.is_some() || self.is_frozen()? || !self.is_unlocked() {
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        if !wanted {
            return Ok(Pace::After(self.receiving()));
        }
        self.receive_first(lane, minimum, &share).await
    }

    async fn receive_first(
        &self,
        lane: &Lane,
        minimum: Raw,
        share: &Share,
    ) -> Result<Pace, StoreError> {
        let wanted =
            |send: &&Receivable| send.amount >= minimum && !self.asked.is_refused(&send.hash);
        for send in share.receivable.iter().filter(wanted) {
            match self.proven_amount(lane, send).await {
                Ok(Some(amount)) => {
                    if !share.asked_alone {
                        self.news.missed();
                    }
                    return self.sign_receive(lane, send, amount).await;
                }
                Ok(None) | Err(NodeError::Garbled { .. }) => {
                    tracing::warn!(hash = %send.hash, "a send does not prove what the node says");
                }
                Err(error) => {
                    tracing::debug!(%error, "a send cannot be checked");
                    return Ok(Pace::After(self.parts.rhythm.retrying));
                }
            }
        }
        Ok(Pace::After(self.receiving()))
    }

    /// The least that is received, and whether anything is now.
    fn rule(&self, account: Account) -> Result<(Raw, bool), StoreError> {
        let policy = self.store().read(|view| view.policy())?.map(|row| row.policy);
        let minimum = policy.as_ref().map_or(0, |policy| policy.receive_minimum_raw).max(1);
        let mode = policy.map_or(ReceiveMode::Auto, |policy| policy.receive_mode);
        let wanted = mode == ReceiveMode::Auto || self.asked.is_asked(&account, self.clock().now());
        Ok((Raw::new(minimum), wanted))
    }

    async fn sign_receive(
        &self,
        lane: &Lane,
        send: &Receivable,
        amount: Raw,
    ) -> Result<Pace, StoreError> {
        let frontier = match self.usable_frontier(lane).await? {
            Ok(frontier) => frontier,
            Err(pause) => return Ok(pause),
        };
        let representative = self.parts.representative;
        let built = NonSpendBlock::receive(&frontier, send.hash, amount, representative);
        let Ok(unsigned) = built else {
            return Ok(Pace::After(self.parts.rhythm.receiving));
        };
        let keystore = Arc::clone(&self.parts.keystore);
        let (source, sender) = (send.hash, send.source);
        let commit = self.store().commit::<bool, Infallible, _>(move |view| {
            if !is_free(view, &frontier)? {
                return Ok((Vec::new(), false));
            }
            let Ok(block) = keystore.sign_non_spend(&unsigned) else {
                return Ok((Vec::new(), false));
            };
            let intent = BlockIntent {
                attempt: 1,
                block,
                subtype: unsigned.subtype(),
                amount_raw: amount,
                signed_at_ms: view.now(),
            };
            let block_hash = intent.hash();
            Ok((vec![Body::ReceiveIntent { source, sender, block_hash, intent }.into()], true))
        });
        let signed = commit.await.map_err(unrefused)?.value;
        if signed {
            self.rounds.used(&lane.account, &send.hash);
        }
        Ok(if signed { Pace::Again } else { Pace::After(self.parts.rhythm.retrying) })
    }

    fn keep_work_ready(&self, lane: &Lane) {
        let root: Root = if lane.head.is_zero() { lane.account.into() } else { lane.head.into() };
        if !self.parts.work.is_ready(&root) {
            self.parts.work.prepare(root, None);
        }
    }
}

/// Whether a block that is no payment may be signed on this head now: nothing of the lane is open or waits.
pub(super) fn is_free(view: &View<'_>, frontier: &Frontier) -> Result<bool, RowsError> {
    let lane = view.lane(&frontier.account())?;
    let free = lane.is_some_and(|lane| {
        lane.open.is_none()
            && lane.queued == 0
            && lane.frozen.is_none()
            && lane.head == frontier.hash()
    });
    Ok(free && view.freeze()?.is_none())
}
