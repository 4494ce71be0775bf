//! What is still to be done for a third party once money has moved: its events, its rows.
//!
//! Nothing here may be thrown away before it has ended.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::view::{View, scan, seq_key};
use super::{Payment, RowsError, Table};
use crate::clock::Millis;
use crate::ids::PaymentId;
use crate::payment::{State, Task, TaskNews};

/// What `outbox.added` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTask {
    /// What is to be done.
    pub task: Task,
}

/// What `outbox.noted` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskNoted {
    /// Seq of the event that added the task.
    pub task_id: u64,
    /// What the third party said.
    pub news: TaskNews,
}

/// What `outbox.ended` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskEnded {
    /// Seq of the event that added the task.
    pub task_id: u64,
    /// How.
    pub end: TaskEnd,
    /// What the third party said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news: Option<TaskNews>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskEnd {
    /// The third party has what it needs.
    Done,
    /// It never will by itself; a person has to ask it.
    GaveUp,
}

/// One task, ended or not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OutboxTask {
    /// Seq of the event that added it.
    pub id: u64,
    /// The payment it follows.
    pub payment_id: Option<PaymentId>,
    /// What is to be done.
    pub task: Task,
    /// Since when.
    pub added_at_ms: Millis,
    /// What the third party said last.
    pub news: Option<TaskNews>,
    /// How it ended.
    pub end: Option<TaskEnd>,
}

impl View<'_> {
    /// Tasks that have not ended, oldest first.
    pub fn outbox_open(&self, limit: usize) -> Result<Vec<OutboxTask>, RowsError> {
        let open: Vec<(Vec<u8>, Option<PaymentId>)> =
            self.scan(Table::OutboxOpen, &scan(&[], limit))?;
        let id = |key: &[u8]| key.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let row = |(key, payment): (Vec<u8>, Option<PaymentId>)| {
            self.outbox_task(payment, id(&key)).transpose()
        };
        open.into_iter().filter_map(row).collect()
    }

    /// One task of a payment.
    pub fn outbox_task(
        &self,
        payment: Option<PaymentId>,
        id: u64,
    ) -> Result<Option<OutboxTask>, RowsError> {
        self.get(Table::Outbox, &outbox_key(payment, id))
    }

    /// What was and is done for a payment, oldest first.
    pub fn outbox_of(
        &self,
        payment: PaymentId,
        limit: usize,
    ) -> Result<Vec<OutboxTask>, RowsError> {
        let rows = self.scan(Table::Outbox, &scan(payment.as_bytes(), limit))?;
        Ok(rows.into_iter().map(|(_, task)| task).collect())
    }

    /// The payment for something at a third party, unless it moved nothing and never will.
    pub fn live_payment_of(&self, subject: &str) -> Result<Option<Payment>, RowsError> {
        let id: Option<PaymentId> = self.get(Table::Subjects, subject.as_bytes())?;
        let payment = id.map(|id| self.payment(id)).transpose()?.flatten();
        Ok(payment.filter(|payment| !matches!(payment.state, State::Released { .. })))
    }
}

/// Payment and task; tasks without a payment stand together.
pub(super) fn outbox_key(payment: Option<PaymentId>, id: u64) -> Vec<u8> {
    seq_key(payment.map_or(Uuid::nil(), |payment| payment.0).as_bytes(), id)
}
