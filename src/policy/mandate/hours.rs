//! Hours of the day in which a mandate may be used.
//!
//! The offset from UTC is fixed: rules of summer time change from release to release, and a decision must come out
//! the same whenever the ledger is read again. It must never take the machine's own time zone.

use std::fmt;

use super::body::HoursBody;
use crate::clock::Millis;

/// From a minute of the day to another, on some days, at a fixed offset from UTC.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllowedHours {
    from: u16,
    to: u16,
    offset_minutes: i16,
    days: [bool; 7],
    body: HoursBody,
}

/// Why a text gives no hours.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HoursError {
    /// A time of the day.
    #[error("{0:?} is no time of the day; write HH:MM, such as 08:00")]
    Time(String),
    /// The two times are one.
    #[error("from and to are both {0}; leave allowedHours out for the whole day")]
    Empty(String),
    /// The offset.
    #[error("{0:?} is no offset; write UTC, or an offset of at most 14 hours such as +01:00")]
    Zone(String),
    /// A day, or none, or one named twice.
    #[error("days are some of mon, tue, wed, thu, fri, sat, sun, each once")]
    Days,
}

impl AllowedHours {
    /// Whether a time lies in the hours.
    pub fn contain(&self, now: Millis) -> bool {
        let minutes = i128::from(now.0 / MINUTE_MS) + i128::from(self.offset_minutes);
        let minute = minutes.rem_euclid(DAY_MINUTES);
        // 1970-01-01 was a Thursday.
        let day = (minutes.div_euclid(DAY_MINUTES) + 3).rem_euclid(7);
        let (from, to) = (i128::from(self.from), i128::from(self.to));
        let on = |day: i128| usize::try_from(day.rem_euclid(7)).is_ok_and(|day| self.days[day]);
        if from < to {
            return on(day) && (from..to).contains(&minute);
        }
        (on(day) && minute >= from) || (on(day - 1) && minute < to)
    }

    /// As it was written.
    pub fn body(&self) -> &HoursBody {
        &self.body
    }
}

impl TryFrom<HoursBody> for AllowedHours {
    type Error = HoursError;

    fn try_from(body: HoursBody) -> Result<Self, HoursError> {
        let from = time(&body.from, false)?;
        let to = time(&body.to, true)?;
        if from == to || (from == 0 && i128::from(to) == DAY_MINUTES) && body.days.is_none() {
            return Err(HoursError::Empty(body.from));
        }
        let mut days = [body.days.is_none(); 7];
        for name in body.days.iter().flatten() {
            let day = DAYS.iter().position(|day| day == name).ok_or(HoursError::Days)?;
            if std::mem::replace(&mut days[day], true) {
                return Err(HoursError::Days);
            }
        }
        if days == [false; 7] {
            return Err(HoursError::Days);
        }
        Ok(Self { from, to, offset_minutes: offset(&body.time_zone)?, days, body })
    }
}

/// `08:00-18:00 UTC mon,tue`.
impl fmt::Display for AllowedHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HoursBody { from, to, time_zone, days } = &self.body;
        write!(f, "{from}-{to} {time_zone}")?;
        match days {
            Some(days) => write!(f, " {}", days.join(",")),
            None => Ok(()),
        }
    }
}

fn time(text: &str, end: bool) -> Result<u16, HoursError> {
    let wrong = || HoursError::Time(text.chars().take(SHOWN_CHARS).collect());
    let (hours, minutes) = two_pairs(text).ok_or_else(wrong)?;
    let last = end && (hours, minutes) == (24, 0);
    if (hours < 24 && minutes < 60) || last { Ok(hours * 60 + minutes) } else { Err(wrong()) }
}

fn offset(text: &str) -> Result<i16, HoursError> {
    let wrong = || HoursError::Zone(text.chars().take(SHOWN_CHARS).collect());
    if text == "UTC" {
        return Ok(0);
    }
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-']).ok_or_else(wrong)?;
    let (hours, minutes) = two_pairs(digits).ok_or_else(wrong)?;
    let all = hours * 60 + minutes;
    if minutes >= 60 || all > OFFSET_MAX {
        return Err(wrong());
    }
    let all = i16::try_from(all).map_err(|_| wrong())?;
    Ok(if negative { -all } else { all })
}

/// `HH:MM`, digits only.
fn two_pairs(text: &str) -> Option<(u16, u16)> {
    let (left, right) = text.split_once(':')?;
    let pair = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    Some((pair(left)?, pair(right)?))
}

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: i128 = 24 * 60;
const OFFSET_MAX: u16 = 14 * 60;
const SHOWN_CHARS: usize = 16;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, to: &str, zone: &str, days: &[&str]) -> Result<AllowedHours, HoursError> {
        let days = days.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>();
        let days = (!days.is_empty()).then_some(days);
        let (from, to, time_zone) = (from.to_owned(), to.to_owned(), zone.to_owned());
        HoursBody { from, to, time_zone, days }.try_into()
    }

    fn at(text: &str) -> Millis {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_minute_is_in_and_the_last_is_not() {
        let office = hours("08:00", "18:00", "+01:00", &["mon", "fri"]).unwrap();
        for (time, inside) in [
            ("2026-11-20T06:59:59.999Z", false),
            ("2026-11-20T07:00:00Z", true),
            ("2026-11-20T16:59:59.999Z", true),
            ("2026-11-20T17:00:00Z", false),
            ("2026-11-21T12:00:00Z", false),
            ("2026-11-23T12:00:00Z", true),
        ] {
            assert_eq!(office.contain(at(time)), inside, "{time}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        let night = hours("22:00", "06:00", "UTC", &["fri"]).unwrap();
        for (time, inside) in [
            ("2026-11-20T21:59:59Z", false),
            ("2026-11-20T22:00:00Z", true),
            ("2026-11-21T05:59:59Z", true),
            ("2026-11-21T06:00:00Z", false),
            ("2026-11-20T03:00:00Z", false),
            ("2026-11-21T23:00:00Z", false),
        ] {
            assert_eq!(night.contain(at(time)), inside, "{time}");
        }
        assert!(!night.contain(Millis(0)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (from, to, zone) in [
            ("8:00", "18:00", "UTC"),
            ("08:60", "18:00", "UTC"),
            ("24:00", "18:00", "UTC"),
            ("08:00", "24:01", "UTC"),
            ("08:00", "08:00", "UTC"),
            ("00:00", "24:00", "UTC"),
            ("+8:00", "18:00", "UTC"),
            ("08:00", "18:00", "Europe/Berlin"),
            ("08:00", "18:00", ""),
            ("08:00", "18:00", "+14:01"),
            ("08:00", "18:00", "+01:60"),
        ] {
            assert!(hours(from, to, zone, &[]).is_err(), "{from} {to} {zone}");
        }
        assert!(hours("00:00", "24:00", "-14:00", &["sun"]).is_ok());
        assert!(hours("08:00", "18:00", "UTC", &["mon", "mon"]).is_err());
        assert!(hours("08:00", "18:00", "UTC", &["Mon"]).is_err());
    }

    #[test]
    fn hours_are_exact_to_the_minute_and_run_from_and_to_midnight() {
        for (from, to, first, last) in [
            ("08:29", "18:31", 8 * 60 + 29, 18 * 60 + 30),
            ("00:00", "18:00", 0, 18 * 60 - 1),
            ("23:58", "24:00", 23 * 60 + 58, 23 * 60 + 59),
            ("00:00", "23:59", 0, 23 * 60 + 58),
        ] {
            let hours = hours(from, to, "UTC", &[]).unwrap();
            let inside: Vec<u64> =
                (0..24 * 60).filter(|minute| hours.contain(Millis(minute * MINUTE_MS))).collect();
            let all: Vec<u64> = (first..=last).collect();
            assert_eq!(inside, all, "{from} {to}");
        }
    }

    #[test]
    fn an_offset_moves_the_hours_and_the_day() {
        // Saturday 2026-11-21, 23:30 to 24:00 there.
        for (zone, time) in [
            ("UTC", "2026-11-21T23:30:00Z"),
            ("+01:30", "2026-11-21T22:00:00Z"),
            ("-01:30", "2026-11-22T01:00:00Z"),
            ("+14:00", "2026-11-21T09:30:00Z"),
            ("-14:00", "2026-11-22T13:30:00Z"),
        ] {
            let hours = hours("23:30", "24:00", zone, &["sat"]).unwrap();
            let (first, half) = (at(time), Millis(at(time).0 + 30 * MINUTE_MS));
            assert!(hours.contain(first) && hours.contain(Millis(half.0 - 1)), "{zone}");
            assert!(!hours.contain(Millis(first.0 - 1)) && !hours.contain(half), "{zone}");
        }
    }

    #[test]
    fn hours_are_shown_as_they_were_written() {
        let some = hours("08:00", "18:00", "+01:00", &["mon", "fri"]).unwrap();
        assert_eq!(some.to_string(), "08:00-18:00 +01:00 mon,fri");
        assert_eq!(some.body().days, Some(vec!["mon".to_owned(), "fri".to_owned()]));
        assert_eq!(hours("08:00", "18:00", "UTC", &[]).unwrap().to_string(), "08:00-18:00 UTC");
        let none = HoursBody { days: Some(Vec::new()), ..some.body().clone() };
        assert_eq!(AllowedHours::try_from(none), Err(HoursError::Days));
    }
}
