//! What is to be done for third parties: added, heard of, ended.

use super::{ApplyError, Fold, misfit};
use crate::books::event::Body;
use crate::books::outbox::{OutboxTask, outbox_key};
use crate::books::rows::Table;
use crate::books::view::encode;
use crate::ids::PaymentId;
use crate::payment::{Purpose, Task};

impl Fold<'_> {
    /// Whether the event was one of the outbox, which is then booked.
    pub(super) fn outbox_event(
        &mut self,
        payment_id: Option<PaymentId>,
        body: &Body,
    ) -> Result<bool, ApplyError> {
        match body {
            Body::OutboxAdded(new) => self.task_added(payment_id, &new.task)?,
            Body::OutboxNoted(noted) => {
                let mut task = self.open_task(payment_id, noted.task_id)?;
                task.news = Some(noted.news.clone());
                self.put_task(&task);
            }
            Body::OutboxEnded(ended) => {
                let mut task = self.open_task(payment_id, ended.task_id)?;
                task.news = ended.news.clone().or(task.news);
                task.end = Some(ended.end);
                self.put_task(&task);
                self.rows.delete(Table::OutboxOpen, &task.id.to_be_bytes());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A payment takes the place of one that moved nothing; of any other it must not.
    pub(super) fn take_subject(
        &mut self,
        id: PaymentId,
        purpose: Option<&Purpose>,
    ) -> Result<(), ApplyError> {
        let Some(purpose) = purpose else { return Ok(()) };
        if self.view().live_payment_of(&purpose.subject)?.is_some() {
            return Err(misfit("payment.requested", "there is a payment for this already"));
        }
        let others = purpose.after.iter().filter_map(Task::subject);
        for subject in others.chain([purpose.subject.clone()]) {
            self.rows.put(Table::Subjects, subject.as_bytes(), encode(&id));
        }
        Ok(())
    }

    fn task_added(&mut self, payment_id: Option<PaymentId>, task: &Task) -> Result<(), ApplyError> {
        if let Some(id) = payment_id
            && self.view().payment(id)?.is_none()
        {
            return Err(misfit("outbox.added", "no such payment"));
        }
        let task = OutboxTask {
            id: self.seq,
            payment_id,
            task: task.clone(),
            added_at_ms: self.at,
            news: None,
            end: None,
        };
        self.rows.put(Table::OutboxOpen, &task.id.to_be_bytes(), encode(&payment_id));
        self.put_task(&task);
        Ok(())
    }

    fn open_task(&self, payment_id: Option<PaymentId>, id: u64) -> Result<OutboxTask, ApplyError> {
        let task = self.view().outbox_task(payment_id, id)?;
        let task = task.filter(|task| task.end.is_none());
        task.ok_or_else(|| misfit("outbox", &format!("no open task {id} of this payment")))
    }

    fn put_task(&mut self, task: &OutboxTask) {
        self.rows.put(Table::Outbox, &outbox_key(task.payment_id, task.id), encode(task));
    }
}
