//! What payments come to, kept along the way: for everybody, for each agent, for each rail.
//!
//! A report must never count the history: each of these rows changes with the event that changes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::view::{View, scan, unreadable};
use super::{RowsError, Table};
use crate::limits;
use crate::money::Currency;
use crate::policy::{Budget, Rail};

/// Payments by where they stand, and their money by currency.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tally {
    /// Asked for.
    pub requested: u64,
    /// The money has moved.
    pub settled: u64,
    /// Budget is held: undecided by the owner, or in flight.
    pub held: u64,
    /// Of these, waiting for the owner.
    pub awaiting: u64,
    /// Refused by a rule of the policy or by the owner.
    pub denied: u64,
    /// Allowed, and failed.
    pub failed: u64,
    /// Stopped before or beside the rules: frozen, too many requests, nobody answered in time.
    pub blocked: u64,
    /// Held and settled, in smallest units.
    pub by_currency: BTreeMap<Currency, Budget>,
}

impl Tally {
    /// These numbers with what `now` holds and waits for.
    #[must_use]
    pub fn with_held_of(&self, now: Self) -> Self {
        let settled =
            |currency: Currency| self.by_currency.get(&currency).map_or(0, |budget| budget.settled);
        let by_currency = now.by_currency.into_iter();
        let by_currency = by_currency
            .map(|(currency, held)| (currency, Budget { settled: settled(currency), ..held }));
        Self {
            held: now.held,
            awaiting: now.awaiting,
            by_currency: by_currency.collect(),
            ..self.clone()
        }
    }
}

impl View<'_> {
    /// What all payments come to.
    pub fn tally(&self) -> Result<Tally, RowsError> {
        Ok(self.get(Table::Tallies, ALL)?.unwrap_or_default())
    }

    /// What each agent's payments come to, by name; those nobody proved to be theirs come first.
    pub fn tallies_by_agent(&self) -> Result<Vec<(Option<String>, Tally)>, RowsError> {
        let rows = self.scan(Table::Tallies, &scan(AGENT, limits::AGENTS + 1))?;
        let named = rows.into_iter().map(|(key, tally)| {
            let name = std::str::from_utf8(&key[AGENT.len()..]);
            let name = name.map_err(|e| unreadable(Table::Tallies, &e))?;
            Ok(((!name.is_empty()).then(|| name.to_owned()), tally))
        });
        named.collect()
    }

    /// What the payments of each rail come to, where there were any.
    pub fn tallies_by_rail(&self) -> Result<Vec<(Rail, Tally)>, RowsError> {
        let mut found = Vec::new();
        for rail in Rail::ALL {
            if let Some(tally) = self.get(Table::Tallies, &rail_key(rail))? {
                found.push((rail, tally));
            }
        }
        Ok(found)
    }
}

/// An agent's name is never empty, so that those without one have a row of their own.
pub(super) fn agent_tally_key(agent: Option<&str>) -> Vec<u8> {
    [AGENT, agent.unwrap_or_default().as_bytes()].concat()
}

pub(super) fn rail_key(rail: Rail) -> Vec<u8> {
    [RAIL, rail.as_str().as_bytes()].concat()
}

pub(super) const ALL: &[u8] = b"all";
const AGENT: &[u8] = b"agent/";
const RAIL: &[u8] = b"rail/";
