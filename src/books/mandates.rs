//! Mandates on the books: versions, drafts, and how much of each budget is used.
//!
//! A look at a budget must cost the same however much was spent before. Every settled payment leaves a row with all
//! that was settled up to it, so what a window holds is the difference of two rows, for any length of window.

use serde::{Deserialize, Serialize};

use super::view::{View, scan, seq_key, unreadable};
use super::{RowsError, Scan, Table};
use crate::clock::Millis;
use crate::ids::ProposalId;
use crate::limits;
use crate::money::{Currency, units_text};
use crate::policy::{Budget, Cap, Mandate, Usage};

/// A mandate and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MandateRow {
    /// The mandate in its last version.
    pub mandate: Box<Mandate>,
    /// How often it was written.
    pub version: u32,
    /// When the first version was.
    pub created_at_ms: Millis,
    /// When the last version was.
    pub changed_at_ms: Millis,
    /// When the owner took it back, for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at_ms: Option<Millis>,
}

/// A mandate an agent has drafted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Proposal {
    /// The draft.
    pub mandate: Box<Mandate>,
    /// Whose, where its host proved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What the agent says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When.
    pub proposed_at_ms: Millis,
}

/// A mandate's budget of one currency, over all its versions.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct MandateBudget {
    /// Held and settled.
    pub total: Budget,
    /// Payments that hold some of it.
    pub held_count: u32,
    /// Payments settled.
    pub settled_count: u64,
}

/// All that was settled of a mandate's budget up to one payment.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Spent {
    /// Units, this payment's included.
    #[serde(with = "units_text")]
    pub(super) units: u128,
    /// Payments, this one included.
    pub(super) count: u64,
}

impl View<'_> {
    /// A mandate, revoked or not.
    pub fn mandate(&self, id: &str) -> Result<Option<MandateRow>, RowsError> {
        match self.get(Table::Mandates, &live_key(id))? {
            None => self.get(Table::Mandates, &revoked_key(id)),
            found => Ok(found),
        }
    }

    /// Mandates that are not revoked, by id.
    pub fn mandates(&self) -> Result<Vec<MandateRow>, RowsError> {
        let rows = self.scan(Table::Mandates, &scan(LIVE, limits::MANDATES as usize))?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// A page of revoked mandates, by id, from beyond `after`.
    pub fn revoked_mandates(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MandateRow>, RowsError> {
        let after = after.map(revoked_key);
        let scan = Scan { after: after.as_deref(), ..scan(REVOKED, limit) };
        Ok(self.scan(Table::Mandates, &scan)?.into_iter().map(|(_, row)| row).collect())
    }

    /// A drafted mandate that waits.
    pub fn proposal(&self, id: ProposalId) -> Result<Option<Proposal>, RowsError> {
        self.get(Table::Proposals, id.as_bytes())
    }

    /// All drafted mandates that wait, oldest first.
    pub fn proposals(&self) -> Result<Vec<(ProposalId, Proposal)>, RowsError> {
        let rows = self.scan(Table::Proposals, &scan(&[], limits::PROPOSALS_WAITING as usize))?;
        let mut found: Vec<(ProposalId, Proposal)> = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            let id = uuid::Uuid::from_slice(&key).map_err(|e| unreadable(Table::Proposals, &e))?;
            found.push((ProposalId(id), row));
        }
        found.sort_by_key(|(id, row)| (row.proposed_at_ms, *id));
        Ok(found)
    }

    /// What is held and settled of a mandate's budget.
    pub fn mandate_budget(&self, id: &str, currency: Currency) -> Result<MandateBudget, RowsError> {
        Ok(self.get(Table::MandateBudgets, &budget_key(id, currency))?.unwrap_or_default())
    }

    /// How much of a cap is used at this look: what was settled exactly one window of budget time ago has left it.
    pub fn mandate_usage(&self, id: &str, cap: &Cap) -> Result<Usage, RowsError> {
        let currency = cap.cap.currency;
        let budget = self.mandate_budget(id, currency)?;
        let before = match &cap.window {
            Some(window) => self.spent_until(id, currency, window.duration)?,
            None => Spent { units: budget.total.settled, count: budget.settled_count },
        };
        let less = |all: u128, part: u128| all.saturating_sub(part);
        Ok(Usage {
            total: budget.total,
            held_count: budget.held_count,
            window_units: less(budget.total.settled, before.units),
            window_count: budget.settled_count.saturating_sub(before.count),
        })
    }

    /// All that was settled up to one window before this look.
    fn spent_until(
        &self,
        id: &str,
        currency: Currency,
        window: std::time::Duration,
    ) -> Result<Spent, RowsError> {
        let now = self.budget_time()?;
        let length = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let Some(until) = now.0.checked_sub(length) else { return Ok(Spent::default()) };
        let prefix = budget_key(id, currency);
        let beyond = spend_key(id, currency, Millis(until.saturating_add(1)), 0);
        let scan = Scan { prefix: &prefix, after: Some(&beyond), reverse: true, limit: 1 };
        let row = self.scan(Table::MandateSpends, &scan)?.pop();
        Ok(row.map(|(_, spent)| spent).unwrap_or_default())
    }
}

pub(super) fn live_key(id: &str) -> Vec<u8> {
    [LIVE, id.as_bytes()].concat()
}

pub(super) fn revoked_key(id: &str) -> Vec<u8> {
    [REVOKED, id.as_bytes()].concat()
}

/// Ends with a byte no id or currency contains, so that no budget's rows begin with another's key.
pub(super) fn budget_key(id: &str, currency: Currency) -> Vec<u8> {
    [id.as_bytes(), &[0], currency.as_str().as_bytes(), &[0]].concat()
}

pub(super) fn spend_key(id: &str, currency: Currency, at: Millis, seq: u64) -> Vec<u8> {
    let prefix = [budget_key(id, currency), at.0.to_be_bytes().to_vec()].concat();
    seq_key(&prefix, seq)
}

const LIVE: &[u8] = b"live/";
const REVOKED: &[u8] = b"revoked/";
