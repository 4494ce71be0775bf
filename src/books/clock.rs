//! Two clocks beside each other: the wall clock, which gives ledger time, and the time since the machine was started,
//! which nobody can set. Budgets count by the slower one, so that a wall clock put forward frees nothing.
//!
//! Ledger time never runs backwards, and goes on with the uptime while the wall clock is behind it. What it is ahead of
//! the uptime by jumps is the skew: budget time is ledger time less the skew, until the owner accepts the clock. From
//! one boot to the next the wall clock alone can say what passed. Nothing here may make budget time run faster than
//! the uptime within a boot, but for [`limits::CLOCK_STEP`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Body;
use super::rows::RowsError;
use super::view::View;
use crate::clock::{Millis, Reading, Uptime};
use crate::limits;

/// How the two clocks stand to each other.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClockRow {
    /// Where they were last put beside each other; none where the machine told no uptime then.
    pub uptime: Option<Uptime>,
    /// Ledger time at that moment.
    pub at_ms: Millis,
    /// How far ledger time is ahead of budget time.
    pub skew_ms: u64,
    /// Budget time before the last jump: it never runs backwards.
    #[serde(default)]
    pub floor_ms: Millis,
    /// Since when it is ahead at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<Millis>,
}

/// A wall clock that went ahead of the uptime.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClockJump {
    /// Which boot.
    pub boot_id: Uuid,
    /// Milliseconds since then.
    pub uptime_ms: u64,
    /// Ledger time before.
    pub from_ms: Millis,
    /// By how much it went ahead since the clocks were last put beside each other, in milliseconds.
    pub ahead_ms: u64,
}

/// The owner's word that the wall clock is right.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClockAccepted {
    /// How far it was ahead, in milliseconds.
    pub ahead_ms: u64,
    /// Time since the machine was started at that moment, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<Uptime>,
}

/// Ledger time, and what must be booked about the clocks before anything else is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timed {
    /// Ledger time.
    pub at: Millis,
    /// A new boot, or a jump.
    pub event: Option<Body>,
}

impl ClockRow {
    /// Ledger time at a reading of the clocks; `last` is the time of the last event.
    pub fn time(row: Option<&Self>, last: Millis, reading: Reading) -> Timed {
        let wall = reading.now.max(last);
        let Some(uptime) = reading.uptime else { return Timed { at: wall, event: None } };
        let Some(line) = row.and_then(|row| row.line(&uptime)) else {
            return Timed { at: wall, event: Some(Body::ClockAnchored(uptime)) };
        };
        let at = wall.max(line);
        let ahead = at.since(line);
        let Uptime { boot_id, uptime_ms } = uptime;
        let jump = ClockJump { boot_id, uptime_ms, from_ms: last, ahead_ms: millis(ahead) };
        let event = (ahead > limits::CLOCK_STEP).then_some(Body::ClockJumped(jump));
        Timed { at, event }
    }

    /// Whether the wall clock is so far ahead that the owner must look at it.
    pub fn is_jump(&self) -> bool {
        Duration::from_millis(self.skew_ms) > limits::CLOCK_JUMP
    }

    /// The row after an event about the clocks at `at`; none where there is nothing to keep.
    pub(super) fn after(row: Option<Self>, at: Millis, body: &Body) -> Option<Self> {
        let before = row.unwrap_or_default();
        match *body {
            Body::ClockAnchored(uptime) => Some(Self { uptime: Some(uptime), at_ms: at, ..before }),
            Body::ClockJumped(ClockJump { boot_id, uptime_ms, from_ms, ahead_ms }) => Some(Self {
                uptime: Some(Uptime { boot_id, uptime_ms }),
                at_ms: at,
                skew_ms: before.skew_ms.saturating_add(ahead_ms),
                floor_ms: before.budget_time(from_ms),
                since_ms: before.since_ms.or(Some(at)),
            }),
            Body::ClockAccepted(ClockAccepted { uptime, .. }) => {
                Some(Self { uptime, at_ms: at, ..Self::default() })
            }
            _ => row,
        }
    }

    fn budget_time(&self, at: Millis) -> Millis {
        Millis(at.0.saturating_sub(self.skew_ms)).max(self.floor_ms)
    }

    /// Ledger time as the uptime alone would have it, within one boot.
    fn line(&self, uptime: &Uptime) -> Option<Millis> {
        let anchor = self.uptime.filter(|anchor| anchor.boot_id == uptime.boot_id)?;
        let passed = uptime.uptime_ms.saturating_sub(anchor.uptime_ms);
        Some(self.at_ms.plus(Duration::from_millis(passed)))
    }
}

impl<'a> View<'a> {
    /// These books at a later reading of the clocks, a jump that is not booked yet included.
    pub fn at(&self, reading: Reading) -> Result<View<'a>, RowsError> {
        let row = self.clock()?;
        let timed = ClockRow::time(row.as_ref(), self.now(), reading);
        let unbooked = match timed.event {
            // Budget time does not run backwards here either.
            Some(Body::ClockJumped(jump)) => jump.ahead_ms.min(millis(timed.at.since(self.now()))),
            _ => 0,
        };
        Ok(self.moved(timed.at, unbooked))
    }

    /// Whether the wall clock has gone ahead since the last commit.
    pub fn has_jumped(&self, reading: Reading) -> Result<bool, RowsError> {
        let timed = ClockRow::time(self.clock()?.as_ref(), self.now(), reading);
        Ok(matches!(timed.event, Some(Body::ClockJumped(_))))
    }

    /// How the clocks stand at a later reading of them.
    pub fn clocks(&self, reading: Reading) -> Result<ClockRow, RowsError> {
        let row = self.clock()?;
        let timed = ClockRow::time(row.as_ref(), self.now(), reading);
        let after = timed.event.and_then(|body| ClockRow::after(row, timed.at, &body));
        Ok(after.or(row).unwrap_or_default())
    }

    /// By which time windows of budgets and rates count: ledger time, less what the wall clock jumped ahead.
    pub fn budget_time(&self) -> Result<Millis, RowsError> {
        let at = Millis(self.now().0.saturating_sub(self.unbooked_skew()));
        Ok(self.clock()?.map_or(at, |row| row.budget_time(at)))
    }
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
