//! Time, as a port: wall-clock milliseconds, the time since the machine was started, and sleeping.
//!
//! The only module that may read a clock or sleep. Pure modules get a [`Millis`] handed in.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// This time and `d` later, saturating.
    #[must_use]
    pub fn plus(self, d: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// RFC 3339 in UTC with milliseconds, as ledger events carry it.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(millis) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "@{}ms", self.0),
        }
    }
}

/// RFC 3339 with any offset; not before 1970, and cut to milliseconds.
impl FromStr for Millis {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| NotATime)?;
        u64::try_from(time.as_millisecond()).map(Self).map_err(|_| NotATime)
    }
}

/// Not a time of RFC 3339 since 1970.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a time of RFC 3339 since 1970")]
pub struct NotATime;

/// How long the machine runs, suspends included. Nobody can set it; it starts anew with each boot.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Uptime {
    /// Which boot.
    pub boot_id: Uuid,
    /// Milliseconds since then.
    pub uptime_ms: u64,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Wall-clock time.
    pub now: Millis,
    /// Time since the machine was started, where the system tells.
    pub uptime: Option<Uptime>,
}

/// A boxed future, for ports that are used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The wallet's only source of time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Wall-clock time.
    fn now(&self) -> Millis;
    /// Time since the machine was started; none where the system does not tell.
    fn uptime(&self) -> Option<Uptime> {
        None
    }
    /// Both.
    fn read(&self) -> Reading {
        Reading { now: self.now(), uptime: self.uptime() }
    }
    /// Resolves after `d`.
    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Millis {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// `CLOCK_BOOTTIME` with the kernel's boot id.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn uptime(&self) -> Option<Uptime> {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let millis = time.tv_sec.checked_mul(1_000)?.checked_add(time.tv_nsec / 1_000_000)?;
        let uptime_ms = u64::try_from(millis).ok()?;
        boot_id().map(|boot_id| Uptime { boot_id, uptime_ms })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(d))
    }
}

/// Read once: a process does not outlive a boot.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_id() -> Option<Uuid> {
    static BOOT_ID: std::sync::LazyLock<Option<Uuid>> = std::sync::LazyLock::new(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        text.trim().parse().ok()
    });
    *BOOT_ID
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_machine_runs_since_its_boot() {
        let first = SystemClock.uptime().unwrap();
        let second = SystemClock.uptime().unwrap();
        assert_eq!(first.boot_id, second.boot_id);
        assert!(first.uptime_ms > 0 && second.uptime_ms >= first.uptime_ms);
    }

    #[test]
    fn prints_rfc3339_with_milliseconds() {
        assert_eq!(Millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Millis(1_795_233_600_123).to_string(), "2026-11-21T04:00:00.123Z");
        assert_eq!(Millis(u64::MAX).to_string(), format!("@{}ms", u64::MAX));
    }

    #[test]
    fn reads_what_it_prints_and_nothing_before_1970() {
        for millis in [0, 1, 999, 1_795_233_600_123] {
            assert_eq!(Millis(millis).to_string().parse(), Ok(Millis(millis)));
        }
        assert_eq!("2026-11-21T05:00:00.1239+01:00".parse(), Ok(Millis(1_795_233_600_123)));
        for wrong in ["", "1969-12-31T23:59:59.999Z", "2026-11-21T04:00:00", "2026-11-21", "@1ms"] {
            assert_eq!(wrong.parse::<Millis>(), Err(NotATime), "{wrong}");
        }
    }
}
