//! Blocks on our accounts that are not ours: epoch blocks, which are harmless, and those of a second holder of the seed.
//!
//! What a second holder sent away is booked as spent and the account signs nothing more until the owner has looked. A
//! block must never be booked before the chain of hashes from the verified head down to our own last block proves it.

use std::convert::Infallible;

use super::failures::unrefused;
use super::{Engine, Pace};
use crate::books::{Body, Event, Lane, Payment};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, StateBlock, Subtype};
use crate::network::NodeError;
use crate::payment::{RivalKind, Sight};
use crate::policy::ReasonCode;
use crate::store::StoreError;
use crate::wallet::Frontier;

/// A confirmed block of one of our accounts that the books do not know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForeignBlock {
    /// Its hash.
    pub hash: BlockHash,
    /// The block before it.
    pub previous: BlockHash,
    /// What it does.
    pub subtype: Subtype,
    /// How much it moves.
    pub amount: Raw,
    /// The balance after it.
    pub balance: Raw,
    /// Who got a send; for any other block the account itself.
    pub counterparty: Account,
}

/// What lies between our last block and the head of the account.
pub(super) enum Trace {
    /// These, oldest first.
    Blocks(Vec<ForeignBlock>),
    /// More than were to be looked at.
    TooLong,
    /// Our last block is not below the head.
    NotBelow,
    /// The node's answers do not prove it.
    Unproven,
}

impl Engine {
    /// The verified head is not the one on the books, and no block of ours is open.
    pub(super) async fn meet_other_head(
        &self,
        lane: &Lane,
        frontier: &Frontier,
    ) -> Result<Pace, StoreError> {
        let head = frontier.hash();
        let retry = Pace::After(self.parts.rhythm.retrying);
        let known = head.is_zero() || self.store().read(|view| view.is_known_block(&head))?;
        if known {
            // An older block: the node is behind.
            return Ok(retry);
        }
        if lane.head.is_zero() {
            self.book_foreign(lane, Vec::new(), Some(alarm(lane, PAST, head))).await?;
            return Ok(Pace::After(limits::LANE_IDLE));
        }
        let most = limits::FOREIGN_WALK as usize;
        let blocks = match self.trace(lane, head, most).await {
            Ok(Trace::Blocks(blocks)) => blocks,
            Ok(Trace::TooLong) => Vec::new(),
            Ok(Trace::NotBelow | Trace::Unproven) | Err(_) => return Ok(retry),
        };
        let harmless =
            !blocks.is_empty() && blocks.iter().all(|block| block.subtype == Subtype::Epoch);
        let account = lane.account;
        if harmless {
            let advanced = Body::LaneAdvanced { account, block_hash: head };
            self.book_foreign(lane, vec![advanced], None).await?;
            return Ok(Pace::Again);
        }
        let recorded = blocks.into_iter().map(|block| block.recorded(account)).collect();
        self.book_foreign(lane, recorded, Some(alarm(lane, ALARM, head))).await?;
        Ok(Pace::After(limits::LANE_IDLE))
    }

    /// Books what was found, if nothing has moved since; an account that is frozen keeps its first reason.
    async fn book_foreign(
        &self,
        lane: &Lane,
        mut bodies: Vec<Body>,
        alarm: Option<Body>,
    ) -> Result<(), StoreError> {
        let (account, known) = (lane.account, lane.head);
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let lane = view.lane(&account)?;
            let Some(lane) = lane.filter(|lane| lane.head == known && lane.open.is_none()) else {
                return Ok((Vec::new(), ()));
            };
            bodies.extend(alarm.filter(|_| lane.frozen.is_none()));
            Ok((bodies.into_iter().map(Event::from).collect(), ()))
        });
        commit.await.map(drop).map_err(unrefused)
    }

    /// Walks from the verified head down to our last block, at most `most` blocks.
    pub(super) async fn trace(
        &self,
        lane: &Lane,
        head: BlockHash,
        most: usize,
    ) -> Result<Trace, NodeError> {
        let mut found: Vec<(BlockHash, StateBlock, bool)> = Vec::new();
        let mut hash = head;
        while hash != lane.head {
            if hash.is_zero() {
                return Ok(Trace::NotBelow);
            }
            if found.len() >= most {
                return Ok(Trace::TooLong);
            }
            let Some(info) = self.node().block_info(hash).await? else {
                return Ok(Trace::Unproven);
            };
            let block = info.contents.block;
            if info.contents.hash() != hash || block.account != lane.account {
                return Ok(Trace::Unproven);
            }
            let signer = self.network().epoch_signer(&block.link);
            let epoch = signer.is_some_and(|signer| info.contents.verify_by(&signer));
            found.push((hash, block, epoch));
            hash = block.previous;
        }
        let mut before = lane.balance;
        let oldest_first = found.into_iter().rev().map(|(hash, block, epoch)| {
            let known = ForeignBlock::new(hash, &block, before, epoch);
            before = block.balance;
            known
        });
        Ok(Trace::Blocks(oldest_first.collect()))
    }
}

impl ForeignBlock {
    fn new(hash: BlockHash, block: &StateBlock, before: Raw, epoch: bool) -> Self {
        let (subtype, amount) =
            if let Some(sent) = before.checked_sub(block.balance).filter(|sent| !sent.is_zero()) {
                (Subtype::Send, sent)
            } else if block.balance == before {
                (if epoch { Subtype::Epoch } else { Subtype::Change }, Raw::ZERO)
            } else {
                let received = block.balance.checked_sub(before).unwrap_or(Raw::ZERO);
                let opens = block.previous.is_zero();
                (if opens { Subtype::Open } else { Subtype::Receive }, received)
            };
        let counterparty = match subtype {
            Subtype::Send => block.link.as_account(),
            _ => block.account,
        };
        let (previous, balance) = (block.previous, block.balance);
        Self { hash, previous, subtype, amount, balance, counterparty }
    }

    pub(super) fn recorded(&self, account: Account) -> Body {
        Body::ForeignRecorded {
            account,
            block_hash: self.hash,
            previous: self.previous,
            subtype: self.subtype,
            amount_raw: self.amount,
            balance_raw: self.balance,
            counterparty: self.counterparty,
        }
    }
}

/// Our block is dead and nobody took anything: the payment gets a new one.
pub(super) fn voided(payment: &Payment, sight: &Sight, rival: BlockHash) -> Vec<Event> {
    let epoch = matches!(sight, Sight::Rival(rival) if rival.kind == RivalKind::Epoch);
    let reason = match epoch {
        true => "an epoch block was confirmed in its place",
        false => "another block of this wallet was confirmed in its place",
    };
    let reason = reason.to_owned();
    let mut events = vec![Event::of(payment.id(), Body::PaymentVoided { rival, reason })];
    if let (true, Some(account)) = (epoch, payment.account) {
        events.push(Body::LaneAdvanced { account, block_hash: rival }.into());
    }
    events
}

/// Our block is dead because somebody else signs for this account: give back, freeze, raise the alarm.
pub(super) fn abandoned(payment: &Payment, rival: BlockHash) -> Vec<Event> {
    let released = Body::PaymentReleased {
        reason_code: ReasonCode::RivalConfirmed,
        reason: format!(
            "block {rival}, which this wallet did not sign, was confirmed in its place"
        ),
        rival: Some(rival),
    };
    let mut events = vec![Event::of(payment.id(), released)];
    let frozen = payment.account.map(|account| Body::LaneFrozen {
        account,
        reason: ALARM.to_owned(),
        block_hash: Some(rival),
    });
    events.extend(frozen.map(Event::from));
    events
}

/// What else a rival that killed a receive or change means for the account.
pub(super) fn aftermath(lane: &Lane, sight: &Sight, rival: BlockHash) -> Option<Body> {
    let Sight::Rival(seen) = sight else { return None };
    match seen.kind {
        RivalKind::Epoch => Some(Body::LaneAdvanced { account: lane.account, block_hash: rival }),
        RivalKind::Foreign => Some(alarm(lane, ALARM, rival)),
        RivalKind::Ours => None,
    }
}

fn alarm(lane: &Lane, reason: &str, block: BlockHash) -> Body {
    let account = lane.account;
    Body::LaneFrozen { account, reason: reason.to_owned(), block_hash: Some(block) }
}

const ALARM: &str =
    "a block this wallet did not sign is on the account: somebody else holds the seed";
const PAST: &str =
    "the account has a past this wallet does not know: `paywarden reconcile` shows it";
/// How the reason of a freeze ends that only `paywarden reconcile` lifts.
pub const RESTORED: &str = "the store is an old copy, or was changed";
