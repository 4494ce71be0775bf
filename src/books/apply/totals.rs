//! What the events of a payment do to the running totals. Never looks at another payment: each change is one step.

use super::{ApplyError, Fold, misfit};
use crate::books::rows::Table;
use crate::books::tables::Payment;
use crate::books::tallies::{ALL, Tally, agent_tally_key, rail_key};
use crate::books::view::encode;
use crate::money::Money;
use crate::payment::Ending;
use crate::policy::{Budget, ReasonCode, Request};

impl Fold<'_> {
    /// One more payment was asked for.
    pub(super) fn tally_requested(&mut self, request: &Request) -> Result<(), ApplyError> {
        self.tally(request, |tally| {
            tally.requested += 1;
            Ok(())
        })
    }

    /// A payment holds budget from here on.
    pub(super) fn tally_held(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let amount = payment.request.amount;
        self.tally(&payment.request, |tally| {
            tally.held += 1;
            budget(tally, payment).reserve(amount.amount)?;
            Ok(())
        })
    }

    /// The owner is asked.
    pub(super) fn tally_asked(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        self.tally(&payment.request, |tally| {
            tally.awaiting += 1;
            Ok(())
        })
    }

    /// The owner has answered, or the time is over.
    pub(super) fn tally_answered(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        self.tally(&payment.request, |tally| less_one(&mut tally.awaiting))
    }

    /// What a payment held has moved.
    pub(super) fn tally_settled(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let amount = payment.request.amount;
        self.tally(&payment.request, |tally| {
            less_one(&mut tally.held)?;
            budget(tally, payment).settle(amount.amount)?;
            tally.settled += 1;
            Ok(())
        })
    }

    /// A settled payment took more than its amount.
    pub(super) fn tally_more(&mut self, payment: &Payment, more: Money) -> Result<(), ApplyError> {
        self.tally(&payment.request, |tally| {
            budget(tally, payment).reserve(more.amount)?;
            budget(tally, payment).settle(more.amount)?;
            Ok(())
        })
    }

    /// A payment ends without money moved; `payment` is as it was before.
    pub(super) fn tally_released(
        &mut self,
        payment: &Payment,
        ending: Ending,
        reason: ReasonCode,
    ) -> Result<(), ApplyError> {
        let held = payment.state.holds_reservation().then_some(payment.request.amount);
        self.tally(&payment.request, |tally| {
            if let Some(amount) = held {
                less_one(&mut tally.held)?;
                budget(tally, payment).release(amount.amount)?;
            }
            match ending {
                Ending::Failed => tally.failed += 1,
                Ending::Denied if beside_the_rules(reason) => tally.blocked += 1,
                Ending::Denied => tally.denied += 1,
            }
            Ok(())
        })
    }

    /// Requests that were refused for their number, and never became payments.
    pub(super) fn tally_refused(
        &mut self,
        agent: Option<&str>,
        refused: u32,
    ) -> Result<(), ApplyError> {
        for key in [ALL.to_vec(), agent_tally_key(agent)] {
            self.with_tally(&key, |tally| {
                tally.blocked += u64::from(refused);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn tally(
        &mut self,
        request: &Request,
        change: impl Fn(&mut Tally) -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let agent = agent_tally_key(request.agent_id.as_deref());
        for key in [ALL.to_vec(), agent, rail_key(request.rail)] {
            self.with_tally(&key, &change)?;
        }
        Ok(())
    }

    fn with_tally(
        &mut self,
        key: &[u8],
        change: impl Fn(&mut Tally) -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let mut tally: Tally = self.view().get(Table::Tallies, key)?.unwrap_or_default();
        change(&mut tally)?;
        self.rows.put(Table::Tallies, key, encode(&tally));
        Ok(())
    }
}

fn budget<'a>(tally: &'a mut Tally, payment: &Payment) -> &'a mut Budget {
    tally.by_currency.entry(payment.request.amount.currency).or_default()
}

fn less_one(number: &mut u64) -> Result<(), ApplyError> {
    let less = number.checked_sub(1);
    *number = less.ok_or_else(|| misfit("a running total", "it would fall below zero"))?;
    Ok(())
}

/// Stopped without a rule that the request broke.
pub fn beside_the_rules(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::ApprovalExpired | ReasonCode::ApprovalsFull | ReasonCode::WalletFrozen
    )
}
