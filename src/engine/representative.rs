//! Who votes with an account's balance: a change block of the owner, in the account's lane like any other.
//!
//! Must never be signed beside another open block of the account, nor by anybody but the owner.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::failures::{look_failure, store_failure, unknown_account, unrefused};
use super::receive::is_free;
use super::{Engine, Pace, foreign};
use crate::books::{Body, Event, Lane, OpenBlock};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::nano::{Account, BlockHash};
use crate::payment::{BlockIntent, Effect, PublishVia, open_block};
use crate::rails::nano as rail;
use crate::store::StoreError;
use crate::wallet::{Frontier, NonSpendBlock};

/// What became of a wish to change the representative.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Changed {
    /// The account has it already; nothing was signed.
    Already,
    /// The block is confirmed.
    Done(BlockHash),
    /// The block is signed and not confirmed yet; the wallet goes on with it.
    Pending(BlockHash),
}

/// What one try to sign a change came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begun {
    /// The account has that representative; nothing was signed.
    Already,
    /// Something else is open in the account, or its head cannot be used now; nothing was signed.
    Busy,
    /// The block is signed and durable; the lane goes on with it.
    Signed(BlockHash),
}

impl Engine {
    /// The representative at an account's verified head; `None` before its first block.
    ///
    /// # Errors
    /// When the network cannot be asked or its answer is not believed.
    pub async fn representative(&self, account: Account) -> Result<Option<Account>, Failure> {
        let frontier = rail::frontier(self.node(), self.network(), account).await;
        Ok(frontier.map_err(|e| look_failure(&e))?.representative())
    }

    /// Names a new representative once the account is free, and waits for the confirmation.
    ///
    /// # Errors
    /// When the wallet is locked or frozen, the account has no block yet or stays busy, or the network or store is out
    /// of reach.
    pub async fn change_representative(
        &self,
        account: Account,
        representative: Account,
    ) -> Result<Changed, Failure> {
        self.require_unlocked()?;
        let deadline = self.clock().now().plus(limits::REPRESENTATIVE_WAIT);
        loop {
            match self.begin_change(account, representative).await? {
                Begun::Already => return Ok(Changed::Already),
                Begun::Signed(hash) => {
                    self.nudge_lane(account);
                    return self.wait_for_change(account, hash, deadline).await;
                }
                Begun::Busy if self.clock().now() >= deadline => {
                    let message = format!("{account} is busy with another block");
                    let hint = "Nothing was signed. Try again once its payments are settled";
                    return Err(Failure::unavailable("ACCOUNT_BUSY", message).hint(hint));
                }
                Begun::Busy => self.clock().sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Signs the change if the account is free now.
    ///
    /// # Errors
    /// As [`Engine::change_representative`].
    pub async fn begin_change(
        &self,
        account: Account,
        representative: Account,
    ) -> Result<Begun, Failure> {
        let lane = self.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
        let Some(lane) = lane else {
            return Err(unknown_account(account));
        };
        if lane.frozen.is_some() || self.is_frozen().map_err(|e| store_failure(&e))? {
            return Err(Failure::refused("WALLET_FROZEN", "the wallet or this account is frozen")
                .hint("`paywarden status` says why")
                .retry(Retry::AfterOperator));
        }
        if lane.open.is_some() || lane.queued > 0 {
            return Ok(Begun::Busy);
        }
        match self.usable_frontier(&lane).await.map_err(|e| store_failure(&e))? {
            Ok(frontier) if frontier.representative() == Some(representative) => Ok(Begun::Already),
            Ok(frontier) => self.sign_change(frontier, representative).await,
            Err(_) => Ok(Begun::Busy),
        }
    }

    async fn sign_change(
        &self,
        frontier: Frontier,
        representative: Account,
    ) -> Result<Begun, Failure> {
        let built = NonSpendBlock::change(&frontier, representative);
        let unsigned = built.map_err(|e| {
            Failure::refused("ACCOUNT_UNOPENED", e.to_string())
                .hint("It is opened by the first payment it receives; ask again after that")
        })?;
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<Begun, Infallible, _>(move |view| {
            if !is_free(view, &frontier)? {
                return Ok((Vec::new(), Begun::Busy));
            }
            let Ok(block) = keystore.sign_non_spend(&unsigned) else {
                return Ok((Vec::new(), Begun::Busy));
            };
            let intent = BlockIntent::empty(block, view.now());
            let (account, block_hash) = (frontier.account(), intent.hash());
            let body = Body::RepresentativeIntent { account, representative, block_hash, intent };
            Ok((vec![body.into()], Begun::Signed(block_hash)))
        });
        Ok(commit.await.map_err(|e| store_failure(&unrefused(e)))?.value)
    }

    async fn wait_for_change(
        &self,
        account: Account,
        hash: BlockHash,
        deadline: Millis,
    ) -> Result<Changed, Failure> {
        let mut changes = self.store().watch();
        loop {
            changes.mark_unchanged();
            let lane =
                self.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
            let open = lane.and_then(|lane| lane.open);
            if !matches!(open, Some(OpenBlock::Change(intent)) if intent.hash() == hash) {
                // Blocks of ours may already stand on top of it.
                return match self.node().block_info(hash).await {
                    Ok(Some(info)) if info.confirmed => Ok(Changed::Done(hash)),
                    Ok(_) => Err(Failure::refused("CHANGE_VOIDED", VOIDED).hint(VOIDED_HINT)),
                    Err(_) => Ok(Changed::Pending(hash)),
                };
            }
            if self.clock().now() >= deadline || self.stopping.is_cancelled() {
                return Ok(Changed::Pending(hash));
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock().sleep(LOOK_AGAIN) => {}
            }
        }
    }

    pub(super) async fn drive_change(
        &self,
        lane: &Lane,
        intent: &BlockIntent,
    ) -> Result<Pace, StoreError> {
        let (account, block_hash) = (lane.account, intent.hash());
        let sight = self.sight(intent).await;
        let published = self.published().get(&block_hash).copied();
        let events = match open_block(&sight, self.clock().now(), published) {
            Effect::Publish { with_subtype } => {
                self.publish(intent, with_subtype, &PublishVia::Node).await;
                return Ok(Pace::After(self.confirming()));
            }
            Effect::Settle => {
                self.prepare_work(block_hash, lane.head);
                let representative = intent.block.block.representative;
                vec![Body::RepresentativeChanged { account, representative, block_hash }.into()]
            }
            Effect::Retry(rival) | Effect::Abandon(rival) => {
                let voided = Body::RepresentativeVoided { account, block_hash, rival };
                let mut events: Vec<Event> = vec![voided.into()];
                events.extend(foreign::aftermath(lane, &sight, rival).map(Event::from));
                events
            }
            _ => return Ok(Pace::After(self.pause_after(&sight))),
        };
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let lane = view.lane(&account)?;
            let same = lane.is_some_and(|lane| match &lane.open {
                Some(OpenBlock::Change(open)) => open.hash() == block_hash,
                _ => false,
            });
            Ok((if same { events } else { Vec::new() }, ()))
        });
        commit.await.map_err(unrefused)?;
        Ok(Pace::Again)
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(100);
const VOIDED: &str = "another block took the place of the change";
const VOIDED_HINT: &str =
    "`paywarden status` shows whether the account is frozen; otherwise ask again";
