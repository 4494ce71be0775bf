//! What is kept of questions to a host's user: what each was bound to, and what was approved that way in a day.

use super::{ApplyError, Fold, expect, misfit};
use crate::books::event::Body;
use crate::books::rows::Table;
use crate::books::tables::{Asked, HostApproved, Payment};
use crate::books::view::encode;
use crate::limits;
use crate::payment::State;

impl Fold<'_> {
    pub(super) fn host_asked(&mut self, payment: &Payment, body: &Body) -> Result<(), ApplyError> {
        let Body::ApprovalAsked { approval_id, operation, arguments_hash, call_id, .. } = body
        else {
            return Err(misfit("approval.asked", &format!("{body:?}")));
        };
        let waits =
            matches!(payment.state, State::Awaiting { approval_id: id, .. } if id == *approval_id);
        expect(payment, "approval.asked", waits)?;
        let before = self.view().asked(*approval_id)?.map_or(0, |asked| asked.times);
        let row = Asked {
            payment_id: payment.id(),
            operation: operation.clone(),
            arguments_hash: *arguments_hash,
            call_id: *call_id,
            times: before + 1,
        };
        self.rows.put(Table::Asked, approval_id.as_bytes(), encode(&row));
        Ok(())
    }

    /// Counts for a day, even if the payment then fails: agent authority is never counted too low.
    pub(super) fn host_approved(&mut self, payment: &Payment) -> Result<(), ApplyError> {
        let amount = payment.request.amount;
        let mut approved = self.view().host_approved(amount.currency)?;
        if approved.len() >= limits::HOST_APPROVALS_A_DAY {
            return Err(misfit("approval.resolved", "too many approvals through the host"));
        }
        let at_ms = self.view().budget_time()?;
        approved.push(HostApproved { at_ms, amount: amount.amount });
        let key = amount.currency.as_str().as_bytes();
        self.rows.put(Table::HostApproved, key, encode(&approved));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::payment;
    use super::*;
    use crate::books::rows::MemoryRows;
    use crate::books::view::View;
    use crate::clock::Millis;
    use crate::money::Currency;

    #[test]
    fn a_days_approvals_end_at_their_bound_and_a_day_has_24_hours() {
        let mut rows = MemoryRows::default();
        let day = u64::try_from(limits::HOST_APPROVAL_WINDOW.as_millis()).unwrap();
        let approve = |rows: &mut MemoryRows, at: u64| {
            Fold { rows, seq: 1, at: Millis(at) }.host_approved(&payment())
        };
        for number in 0..limits::HOST_APPROVALS_A_DAY {
            approve(&mut rows, 1_000).unwrap_or_else(|error| panic!("{number}: {error}"));
        }
        assert!(approve(&mut rows, 1_000 + day - 1).is_err());
        let count = |rows: &MemoryRows, at| {
            View::new(rows, Millis(at)).host_approved(Currency::XNO).unwrap().len()
        };
        assert_eq!(count(&rows, 1_000 + day - 1), limits::HOST_APPROVALS_A_DAY);
        assert_eq!(count(&rows, 1_000 + day), 0);
        approve(&mut rows, 1_000 + day).unwrap();
        assert_eq!(count(&rows, 1_000 + day), 1);
        // A clock that runs backwards does not empty the day.
        assert_eq!(count(&rows, 0), 1);
    }
}
