//! When each open task is due. Kept in memory alone: after a restart every open task is due at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::books::OutboxTask;
use crate::clock::Millis;
use crate::limits;

/// The tasks that have not ended, by id.
#[derive(Debug, Default)]
pub(in crate::engine) struct Outbox {
    bell: Notify,
    slots: Mutex<HashMap<u64, Slot>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    failures: u32,
    due: Millis,
    is_at_work: bool,
}

impl Outbox {
    /// There may be something to do.
    pub(in crate::engine) fn ring(&self) {
        self.bell.notify_one();
    }

    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Of the open tasks those that are due, no more than may be at work; and how long until the next one is.
    pub(super) fn take_due(
        &self,
        open: Vec<OutboxTask>,
        now: Millis,
    ) -> (Vec<OutboxTask>, Duration) {
        let mut slots = self.slots();
        slots.retain(|id, slot| slot.is_at_work || open.iter().any(|task| task.id == *id));
        let at_work = slots.values().filter(|slot| slot.is_at_work).count();
        let mut free = limits::OUTBOX_AT_WORK.saturating_sub(at_work);
        let mut due = Vec::new();
        let mut pause = limits::TIMER_IDLE;
        for task in open {
            let slot = slots.entry(task.id).or_default();
            if slot.is_at_work {
                continue;
            }
            if slot.due > now {
                pause = pause.min(slot.due.since(now));
            } else if free > 0 {
                free -= 1;
                slot.is_at_work = true;
                due.push(task);
            }
            // One that found no place is taken when another comes back, which rings.
        }
        (due, pause.max(limits::TIMER_LEAST))
    }

    /// A task was tried; it is due again then, or has ended.
    pub(super) fn put_back(&self, id: u64, next: Option<Millis>) {
        {
            let mut slots = self.slots();
            match (next, slots.get_mut(&id)) {
                (Some(due), Some(slot)) => (slot.due, slot.is_at_work) = (due, false),
                _ => drop(slots.remove(&id)),
            }
        }
        self.ring();
    }

    pub(super) fn succeeded(&self, id: u64) {
        if let Some(slot) = self.slots().get_mut(&id) {
            slot.failures = 0;
        }
    }

    /// Counts a failure; how long to wait now.
    pub(super) fn failed(&self, id: u64) -> Duration {
        let mut slots = self.slots();
        let slot = slots.entry(id).or_default();
        let pause = limits::OUTBOX_RETRY.saturating_mul(1 << slot.failures.min(16));
        slot.failures = slot.failures.saturating_add(1);
        pause.min(limits::OUTBOX_RETRY_MAX)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<u64, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::Task;

    fn tasks(count: u64) -> Vec<OutboxTask> {
        let task = |id| OutboxTask {
            id,
            payment_id: None,
            task: Task::NanswapOrder { invoice_id: "i".to_owned(), expires_at_ms: Millis(0) },
            added_at_ms: Millis(0),
            news: None,
            end: None,
        };
        (1..=count).map(task).collect()
    }

    fn ids(due: &[OutboxTask]) -> Vec<u64> {
        due.iter().map(|task| task.id).collect()
    }

    #[test]
    fn each_task_is_at_work_once_and_comes_back_when_it_is_due() {
        let outbox = Outbox::default();
        let (due, _) = outbox.take_due(tasks(2), Millis(0));
        assert_eq!(ids(&due), [1, 2]);
        assert!(outbox.take_due(tasks(2), Millis(0)).0.is_empty());
        outbox.put_back(1, Some(Millis(1_000)));
        let (due, pause) = outbox.take_due(tasks(2), Millis(400));
        assert!(due.is_empty());
        assert_eq!(pause, Duration::from_millis(600));
        assert_eq!(ids(&outbox.take_due(tasks(2), Millis(1_000)).0), [1]);
    }

    #[test]
    fn no_more_are_at_work_than_may_be() {
        let outbox = Outbox::default();
        let count = limits::OUTBOX_AT_WORK as u64 + 1;
        let (due, _) = outbox.take_due(tasks(count), Millis(0));
        assert_eq!(due.len(), limits::OUTBOX_AT_WORK);
        outbox.put_back(1, None);
        // Task 1 has ended: it is no longer among the open ones.
        let open = tasks(count).split_off(1);
        assert_eq!(ids(&outbox.take_due(open, Millis(0)).0), [count]);
    }

    #[test]
    fn failures_back_off_up_to_a_bound() {
        let outbox = Outbox::default();
        let _ = outbox.take_due(tasks(1), Millis(0));
        let pauses: Vec<u64> = (0..8).map(|_| outbox.failed(1).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 600, 600]);
        outbox.succeeded(1);
        assert_eq!(outbox.failed(1), limits::OUTBOX_RETRY);
        for _ in 0..100 {
            assert!(outbox.failed(1) <= limits::OUTBOX_RETRY_MAX);
        }
    }
}
