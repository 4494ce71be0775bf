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

use uuid::Uuid;

use crate::clock::{BoxFuture, Clock, Millis, Uptime};

/// A clock in virtual time; clones share their hands.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    hands: Arc<Hands>,
}

#[derive(Debug, Default)]
struct Hands {
    now_ms: AtomicU64,
    uptime_ms: AtomicU64,
    /// Zero while the machine does not tell its uptime.
    boot: AtomicU64,
}

impl VirtualClock {
    /// A clock that stands at `now`, of a machine that does not tell how long it runs.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        let hands = Hands { now_ms: AtomicU64::new(now.0), ..Hands::default() };
        Self { hands: Arc::new(hands) }
    }

    /// Moves time forward, saturating: both clocks, suspended or not.
    pub fn advance(&self, d: Duration) {
        for hand in [&self.hands.now_ms, &self.hands.uptime_ms] {
            // The closure never answers `None`, so the update cannot fail.
            let _ = hand
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |ms| Some(Millis(ms).plus(d).0));
        }
    }

    /// Sets the wall clock, backwards too: what a jump of it looks like.
    pub fn set(&self, now: Millis) {
        self.hands.now_ms.store(now.0, Ordering::SeqCst);
    }

    /// Starts the machine anew; from the first time on it tells how long it runs.
    pub fn reboot(&self) {
        self.hands.uptime_ms.store(0, Ordering::SeqCst);
        self.hands.boot.fetch_add(1, Ordering::SeqCst);
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
        Millis(self.hands.now_ms.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Option<Uptime> {
        let boot = self.hands.boot.load(Ordering::SeqCst);
        let uptime_ms = self.hands.uptime_ms.load(Ordering::SeqCst);
        (boot > 0).then(|| Uptime { boot_id: Uuid::from_u128(boot.into()), uptime_ms })
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

    #[test]
    fn only_time_itself_moves_the_uptime_and_a_boot_begins_it_anew() {
        let clock = VirtualClock::default();
        assert_eq!(clock.uptime(), None);
        clock.reboot();
        let boot_id = clock.uptime().unwrap().boot_id;
        clock.advance(Duration::from_secs(3));
        clock.set(Millis(1));
        assert_eq!(clock.uptime(), Some(Uptime { boot_id, uptime_ms: 3_000 }));
        clock.reboot();
        let anew = clock.uptime().unwrap();
        assert!(anew.boot_id != boot_id && anew.uptime_ms == 0);
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
