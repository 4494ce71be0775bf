//! What the events of mandates, payees and merchants do to the rows, and how payments use a mandate's budget.

use super::{ApplyError, Fold, misfit};
use crate::books::directory::DirectoryEntry;
use crate::books::event::Body;
use crate::books::mandates::{
    MandateBudget, MandateRow, Proposal, Spent, budget_key, live_key, revoked_key, spend_key,
};
use crate::books::rows::Table;
use crate::books::tables::{Counters, Payment};
use crate::books::view::encode;
use crate::ids::ProposalId;
use crate::money::Money;
use crate::policy::{BudgetError, Charge, Mandate};

impl Fold<'_> {
    /// Events of mandates and of the owner's tables.
    pub(super) fn mandate_event(&mut self, body: &Body) -> Result<(), ApplyError> {
        match body {
            Body::MandateCreated { mandate, version, proposal_id } => {
                if let Some(id) = proposal_id {
                    self.close_proposal(*id)?;
                }
                self.created(mandate, *version)
            }
            Body::MandateAmended { mandate, version } => self.amended(mandate, *version),
            Body::MandateRevoked { mandate_id, .. } => self.revoked(mandate_id),
            Body::MandateProposed { proposal_id, mandate, agent_id, note } => {
                let row = Proposal {
                    mandate: mandate.clone(),
                    agent_id: agent_id.clone(),
                    note: note.clone(),
                    proposed_at_ms: self.at,
                };
                if self.view().proposal(*proposal_id)?.is_some() {
                    return Err(misfit("mandate.proposed", "the draft is known"));
                }
                self.rows.put(Table::Proposals, proposal_id.as_bytes(), encode(&row));
                self.count(|counters| counters.proposals += 1)
            }
            Body::MandateRejected { proposal_id, .. } => self.close_proposal(*proposal_id),
            Body::PayeeSet { address, entry } => {
                self.set(Table::Payees, address, entry, |counters| &mut counters.payees)
            }
            Body::PayeeRemoved { address } => {
                self.remove(Table::Payees, address, |counters| &mut counters.payees)
            }
            Body::MerchantSet { id, entry } => {
                self.set(Table::Merchants, id, entry, |counters| &mut counters.merchants)
            }
            Body::MerchantRemoved { id } => {
                self.remove(Table::Merchants, id, |counters| &mut counters.merchants)
            }
            other => Err(misfit("an event without a payment", &format!("{other:?}"))),
        }
    }

    /// Takes a payment's part of its mandate's budget.
    pub(super) fn hold_charge(
        &mut self,
        payment: &mut Payment,
        charge: Option<Charge>,
    ) -> Result<(), ApplyError> {
        let Some(charge) = charge else { return Ok(()) };
        self.with_budget(payment, charge, |budget| {
            budget.total.reserve(charge.units)?;
            budget.held_count = budget.held_count.checked_add(1).ok_or(BudgetError::Overflow)?;
            Ok(())
        })?;
        payment.charge = Some(charge);
        Ok(())
    }

    /// Gives a payment's part back; only for one that holds it.
    pub(super) fn release_charge(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let Some(charge) = payment.charge else { return Ok(()) };
        self.with_budget(payment, charge, |budget| {
            budget.total.release(charge.units)?;
            leave(budget)
        })?;
        Ok(())
    }

    /// Books a payment's part as spent, now.
    pub(super) fn settle_charge(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let Some(charge) = payment.charge else { return Ok(()) };
        let budget = self.with_budget(payment, charge, |budget| {
            budget.total.settle(charge.units)?;
            budget.settled_count += 1;
            leave(budget)
        })?;
        self.put_spent(payment, charge, &budget)
    }

    /// Books what a settled payment took beyond its amount, even where that is beyond the cap.
    pub(super) fn charge_more(&mut self, payment: &Payment, more: Money) -> Result<(), ApplyError> {
        let Some(charge) = payment.charge else { return Ok(()) };
        let units = more.budget_units().ok_or(BudgetError::Overflow)?;
        let budget = self.with_budget(payment, charge, |budget| {
            budget.total.reserve(units)?;
            budget.total.settle(units)
        })?;
        self.put_spent(payment, charge, &budget)
    }

    fn put_spent(
        &mut self,
        payment: &Payment,
        charge: Charge,
        budget: &MandateBudget,
    ) -> Result<(), ApplyError> {
        let id = payment.request.mandate_id.as_deref().unwrap_or_default();
        let spent = Spent { units: budget.total.settled, count: budget.settled_count };
        let key = spend_key(id, charge.currency, self.view().budget_time()?, self.seq);
        self.rows.put(Table::MandateSpends, &key, encode(&spent));
        Ok(())
    }

    fn created(&mut self, mandate: &Mandate, version: u32) -> Result<(), ApplyError> {
        if version != 1 || self.view().mandate(&mandate.id)?.is_some() {
            return Err(misfit(
                "mandate.created",
                "the mandate is known, or this is not version 1",
            ));
        }
        let row = MandateRow {
            mandate: Box::new(mandate.clone()),
            version,
            created_at_ms: self.at,
            changed_at_ms: self.at,
            revoked_at_ms: None,
        };
        self.rows.put(Table::Mandates, &live_key(&mandate.id), encode(&row));
        self.count(|counters| counters.mandates += 1)
    }

    fn amended(&mut self, mandate: &Mandate, version: u32) -> Result<(), ApplyError> {
        let mut row = self.live("mandate.amended", &mandate.id)?;
        if row.version.checked_add(1) != Some(version) {
            return Err(misfit("mandate.amended", "another version than the next"));
        }
        *row.mandate = mandate.clone();
        row.version = version;
        row.changed_at_ms = self.at;
        self.rows.put(Table::Mandates, &live_key(&mandate.id), encode(&row));
        Ok(())
    }

    fn revoked(&mut self, id: &str) -> Result<(), ApplyError> {
        let mut row = self.live("mandate.revoked", id)?;
        row.revoked_at_ms = Some(self.at);
        self.rows.delete(Table::Mandates, &live_key(id));
        self.rows.put(Table::Mandates, &revoked_key(id), encode(&row));
        self.count(|counters| counters.mandates -= 1)
    }

    fn live(&self, what: &'static str, id: &str) -> Result<MandateRow, ApplyError> {
        let row = self.view().mandate(id)?.filter(|row| row.revoked_at_ms.is_none());
        row.ok_or_else(|| misfit(what, "no mandate of this id is in force"))
    }

    fn close_proposal(&mut self, id: ProposalId) -> Result<(), ApplyError> {
        if self.view().proposal(id)?.is_none() {
            return Err(misfit("the end of a draft", "no such draft waits"));
        }
        self.rows.delete(Table::Proposals, id.as_bytes());
        self.count(|counters| counters.proposals -= 1)
    }

    fn set(
        &mut self,
        table: Table,
        key: &str,
        entry: &DirectoryEntry,
        number: impl FnOnce(&mut Counters) -> &mut u32,
    ) -> Result<(), ApplyError> {
        let known = self.rows.get(table, key.as_bytes())?.is_some();
        self.rows.put(table, key.as_bytes(), encode(entry));
        if known { Ok(()) } else { self.count(|counters| *number(counters) += 1) }
    }

    fn remove(
        &mut self,
        table: Table,
        key: &str,
        number: impl FnOnce(&mut Counters) -> &mut u32,
    ) -> Result<(), ApplyError> {
        if self.rows.get(table, key.as_bytes())?.is_none() {
            return Err(misfit("the end of an entry", "there is none"));
        }
        self.rows.delete(table, key.as_bytes());
        self.count(|counters| *number(counters) -= 1)
    }

    fn with_budget(
        &mut self,
        payment: &Payment,
        charge: Charge,
        change: impl FnOnce(&mut MandateBudget) -> Result<(), BudgetError>,
    ) -> Result<MandateBudget, ApplyError> {
        let Some(id) = payment.request.mandate_id.as_deref() else {
            return Err(misfit("a charge", "the payment claims no mandate"));
        };
        let mut budget = self.view().mandate_budget(id, charge.currency)?;
        change(&mut budget)?;
        let key = budget_key(id, charge.currency);
        self.rows.put(Table::MandateBudgets, &key, encode(&budget));
        Ok(budget)
    }
}

/// One payment less holds budget.
fn leave(budget: &mut MandateBudget) -> Result<(), BudgetError> {
    let none = BudgetError::NotReserved { reserved: 0, asked: 1 };
    budget.held_count = budget.held_count.checked_sub(1).ok_or(none)?;
    Ok(())
}
