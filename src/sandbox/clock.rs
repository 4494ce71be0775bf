//! A clock that tests drive: sleeping costs no time, it only moves the hands.
//!
//! Limits, all of them wanted for being deterministic:
//! - Two sleepers add up. Ten tasks that sleep one second each move the clock by ten seconds, not by one.
//! - A sleep is over at its second poll, so it must not be raced against real work (`select!` on a time-out always
//!   finds the time-out over first unless the work is ready at once).
//! - Nothing wakes a sleeper: [`VirtualClock::advance`] moves time for the next reader only.
//!
//! This module must never read the machine's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{BoxFuture, Clock, Millis};

/// A clock in virtual time; clones share their hands.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now_ms: Arc<AtomicU64>,
}

impl VirtualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self { now_ms: Arc::new(AtomicU64::new(now.0)) }
    }

    /// Moves the clock forward, saturating.
    pub fn advance(&self, d: Duration) {
        // The closure never answers `None`, so the update cannot fail.
        let _ = self.now_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now_ms| {
            Some(Millis(now_ms).plus(d).0)
        });
    }

    /// Sets the clock, backwards too: what a jump of the wall clock looks like.
    pub fn set(&self, now: Millis) {
        self.now_ms.store(now.0, Ordering::SeqCst);
    }
}

impl Default for VirtualClock {
    /// Starts at 2026-01-01T00:00:00Z, a time that is plainly neither zero nor the machine's.
    fn default() -> Self {
        Self::new(START)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Millis {
        Millis(self.now_ms.load(Ordering::SeqCst))
    }

    /// Moves the clock by `d` when first polled, and yields once so that other tasks see the new time.
    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        Box::pin(async move {
            clock.advance(d);
            tokio::task::yield_now().await;
        })
    }
}

const START: Millis = Millis(1_767_225_600_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_new_year_2026() {
        assert_eq!(VirtualClock::default().now().to_string(), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn advances_sets_and_shares_its_hands() {
        let clock = VirtualClock::new(Millis(5));
        let other = clock.clone();
        clock.advance(Duration::from_millis(7));
        assert_eq!(other.now(), Millis(12));
        other.set(Millis(1));
        assert_eq!(clock.now(), Millis(1));
        clock.set(Millis(u64::MAX - 1));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Millis(u64::MAX));
    }

    #[tokio::test]
    async fn a_sleep_moves_time_once_and_only_when_polled() {
        let clock = VirtualClock::new(Millis(0));
        let sleep = clock.sleep(Duration::from_secs(3_600));
        assert_eq!(clock.now(), Millis(0));
        sleep.await;
        assert_eq!(clock.now(), Millis(3_600_000));
    }

    #[tokio::test]
    async fn other_tasks_run_during_a_sleep() {
        let clock = VirtualClock::new(Millis(0));
        let seen = clock.clone();
        let task = tokio::spawn(async move { seen.now() });
        clock.sleep(Duration::from_millis(9)).await;
        assert!(task.is_finished());
        assert_eq!(task.await.unwrap(), Millis(9));
    }
}
