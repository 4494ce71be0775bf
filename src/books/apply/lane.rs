//! What happens on a Nano account: blocks that open and close its lane, money that comes in.

use super::{ApplyError, Fold, misfit};
use crate::books::rows::Table;
use crate::books::tables::{HistoryEntry, HistoryKind, Lane, OpenBlock, Receive};
use crate::books::view::{encode, seq_key};
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link};
use crate::payment::BlockIntent;

impl Fold<'_> {
    pub(super) fn account_added(&mut self, index: u32, account: Account) -> Result<(), ApplyError> {
        if self.view().lane(&account)?.is_some() {
            return Err(misfit("account.added", "the account is known"));
        }
        let lane = Lane {
            index,
            account,
            head: BlockHash::ZERO,
            balance: Raw::ZERO,
            reserved: Raw::ZERO,
            queued: 0,
            open: None,
            frozen: None,
        };
        self.put_lane(&lane);
        Ok(())
    }

    pub(super) fn receive_intent(
        &mut self,
        source: BlockHash,
        sender: Account,
        intent: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let block = &intent.block.block;
        let mut lane = self.lane(&block.account)?;
        let fits = lane.open.is_none()
            && block.previous == lane.head
            && block.link == Link::from(source)
            && lane.balance.checked_add(intent.amount_raw) == Some(block.balance);
        if !fits {
            return Err(misfit("receive.intent", "the block does not fit the lane"));
        }
        let receive = Receive { source, sender, intent: intent.clone() };
        lane.open = Some(OpenBlock::Receive(Box::new(receive)));
        self.put_lane(&lane);
        self.own_block(intent.hash());
        Ok(())
    }

    pub(super) fn funds_received(&mut self, account: &Account) -> Result<(), ApplyError> {
        let lane = self.lane(account)?;
        let Some(OpenBlock::Receive(receive)) = lane.open else {
            return Err(misfit("funds.received", "no open receive"));
        };
        self.close_receive(account, &receive.intent.hash())?;
        self.advance(account, &receive.intent)?;
        let entry = HistoryEntry {
            kind: HistoryKind::Receive,
            amount: receive.intent.amount_raw,
            counterparty: receive.sender,
            block_hash: receive.intent.hash(),
            at_ms: self.at,
            payment_id: None,
            memo: None,
        };
        self.put_history(account, &entry);
        Ok(())
    }

    pub(super) fn close_receive(
        &mut self,
        account: &Account,
        hash: &BlockHash,
    ) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        match &lane.open {
            Some(OpenBlock::Receive(receive)) if receive.intent.hash() == *hash => {}
            _ => return Err(misfit("the end of a receive", "another block is open")),
        }
        lane.open = None;
        self.put_lane(&lane);
        Ok(())
    }

    /// The confirmed block becomes the head our next block builds on.
    pub(super) fn advance(
        &mut self,
        account: &Account,
        intent: &BlockIntent,
    ) -> Result<(), ApplyError> {
        self.with_lane(account, |lane| {
            lane.head = intent.hash();
            lane.balance = intent.block.block.balance;
        })
    }

    pub(super) fn lane(&self, account: &Account) -> Result<Lane, ApplyError> {
        self.view().lane(account)?.ok_or_else(|| misfit("a block", "no such account"))
    }

    pub(super) fn with_lane(
        &mut self,
        account: &Account,
        change: impl FnOnce(&mut Lane),
    ) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        change(&mut lane);
        self.put_lane(&lane);
        Ok(())
    }

    pub(super) fn put_lane(&mut self, lane: &Lane) {
        self.rows.put(Table::Lanes, lane.account.as_bytes(), encode(lane));
    }

    pub(super) fn put_history(&mut self, account: &Account, entry: &HistoryEntry) {
        self.rows.put(Table::History, &seq_key(account.as_bytes(), self.seq), encode(entry));
    }

    pub(super) fn own_block(&mut self, hash: BlockHash) {
        self.rows.put(Table::Blocks, hash.as_bytes(), b"0".to_vec());
    }
}
