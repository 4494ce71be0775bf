//! Blocks on our accounts that this wallet did not make. They are believed only as far as they fit the books.

use super::{ApplyError, Fold, misfit};
use crate::books::event::Body;
use crate::books::rows::Table;
use crate::books::tables::{HistoryEntry, HistoryKind};
use crate::books::view::encode;
use crate::money::{Currency, Raw};
use crate::nano::{Account, BlockHash, Subtype};

impl Fold<'_> {
    /// The past of an account that was never used by this wallet.
    pub(super) fn lane_adopted(
        &mut self,
        account: &Account,
        head: BlockHash,
        balance: Raw,
    ) -> Result<(), ApplyError> {
        let mut lane = self.lane(account)?;
        if !lane.head.is_zero() || lane.open.is_some() || head.is_zero() {
            return Err(misfit("lane.adopted", "the account has been used by this wallet"));
        }
        (lane.head, lane.balance) = (head, balance);
        self.put_lane(&lane);
        Ok(())
    }

    /// One block on top of the last known one. What it sent away is spent, whoever signed it.
    pub(super) fn foreign_recorded(&mut self, body: &Body) -> Result<(), ApplyError> {
        let Body::ForeignRecorded {
            account,
            block_hash,
            previous,
            subtype,
            amount_raw,
            balance_raw,
            counterparty,
        } = body
        else {
            return Err(misfit("foreign.recorded", "another event"));
        };
        let mut lane = self.lane(account)?;
        let kind = kind(*subtype);
        let after = match kind {
            Some(HistoryKind::Send) => lane.balance.checked_sub(*amount_raw),
            Some(HistoryKind::Receive) => lane.balance.checked_add(*amount_raw),
            None => Some(lane.balance).filter(|_| amount_raw.is_zero()),
        };
        if lane.open.is_some() || lane.head != *previous || after != Some(*balance_raw) {
            return Err(misfit("foreign.recorded", "the block does not fit the lane"));
        }
        (lane.head, lane.balance) = (*block_hash, *balance_raw);
        self.put_lane(&lane);
        self.foreign_block(*block_hash);
        let Some(kind) = kind else { return Ok(()) };
        if kind == HistoryKind::Send {
            self.count_as_spent(*amount_raw)?;
        }
        let entry = HistoryEntry {
            kind,
            amount: *amount_raw,
            counterparty: *counterparty,
            block_hash: *block_hash,
            at_ms: self.at,
            payment_id: None,
            memo: None,
            foreign: true,
        };
        self.put_history(account, &entry);
        Ok(())
    }

    fn count_as_spent(&mut self, amount: Raw) -> Result<(), ApplyError> {
        let mut budget = self.view().budget(Currency::XNO)?;
        budget.reserve(amount.get())?;
        budget.settle(amount.get())?;
        let key = Currency::XNO.as_str().as_bytes();
        self.rows.put(Table::Budgets, key, encode(&budget));
        Ok(())
    }
}

/// What a block does to the balance; `None` when it leaves it alone.
fn kind(subtype: Subtype) -> Option<HistoryKind> {
    match subtype {
        Subtype::Send => Some(HistoryKind::Send),
        Subtype::Open | Subtype::Receive => Some(HistoryKind::Receive),
        _ => None,
    }
}
