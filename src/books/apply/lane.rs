//! What happens on a Nano account: blocks that open and close its lane, money that comes in.

use super::{ApplyError, Fold, misfit};
use crate::books::rows::Table;
use crate::books::tables::{HistoryEntry, HistoryKind, Lane, OpenBlock, Receive};
use crate::books::view::{FOREIGN_BLOCK, OWN_BLOCK, encode, seq_key};
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
        let receive = Receive { source, sender, intent: intent.clone(), cancel: None };
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
            foreign: false,
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

    /// The empty block keeps the balance and takes the receive's place; either of the two may win.
    pub(super) fn receive_cancelling(
        &mut self,
        hash: &BlockHash,
        cancel: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let block = &cancel.block.block;
        let mut lane = self.lane(&block.account)?;
        let empty = keeps_everything(&lane, cancel);
        match &mut lane.open {
            Some(OpenBlock::Receive(receive))
                if empty && receive.intent.hash() == *hash && receive.cancel.is_none() =>
            {
                receive.cancel = Some(cancel.clone());
            }
            _ => return Err(misfit("receive.cancelling", "the block does not fit the lane")),
        }
        self.put_lane(&lane);
        self.own_block(cancel.hash());
        Ok(())
    }

    pub(super) fn change_intent(
        &mut self,
        account: &Account,
        intent: &BlockIntent,
    ) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        if lane.open.is_some() || !keeps_everything(&lane, intent) {
            return Err(misfit("representative.intent", "the block does not fit the lane"));
        }
        lane.open = Some(OpenBlock::Change(Box::new(intent.clone())));
        self.put_lane(&lane);
        self.own_block(intent.hash());
        Ok(())
    }

    pub(super) fn close_change(
        &mut self,
        account: &Account,
        hash: &BlockHash,
    ) -> Result<BlockIntent, ApplyError> {
        let mut lane = self.lane(account)?;
        match lane.open.take() {
            Some(OpenBlock::Change(intent)) if intent.hash() == *hash => {
                self.put_lane(&lane);
                Ok(*intent)
            }
            _ => Err(misfit("the end of a change", "another block is open")),
        }
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
        self.rows.put(Table::Blocks, hash.as_bytes(), OWN_BLOCK.to_vec());
    }

    /// Known, and not signed by this wallet.
    pub(super) fn foreign_block(&mut self, hash: BlockHash) {
        self.rows.put(Table::Blocks, hash.as_bytes(), FOREIGN_BLOCK.to_vec());
    }
}

/// On top of the lane's head, with its balance and no link: a block that moves nothing.
pub(super) fn keeps_everything(lane: &Lane, intent: &BlockIntent) -> bool {
    let block = &intent.block.block;
    block.account == lane.account
        && block.previous == lane.head
        && !lane.head.is_zero()
        && block.balance == lane.balance
        && block.link.is_zero()
        && intent.amount_raw.is_zero()
}
