//! Times as providers write them.
//!
//! This module must never read a clock, nor take a time without a zone for anything but UTC.

use crate::clock::Millis;

/// An ISO 8601 time with up to nine fractional digits, and an offset, `Z`, or neither, which is UTC. `None` if it is no
/// time after 1970.
pub fn read_time(text: &str) -> Option<Millis> {
    let timestamp = match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => {
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            // A date alone is read as its midnight, which nobody meant.
            if !text.contains(':') {
                return None;
            }
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        }
    };
    u64::try_from(timestamp.as_millisecond()).ok().map(Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_time_is_read() {
        let expected = Some(Millis(1_780_926_900_000));
        for text in [
            "2026-06-08T13:55:00Z",
            "2026-06-08T13:55:00",
            "2026-06-08T13:55:00.000Z",
            "2026-06-08T13:55:00.0000000",
            "2026-06-08T15:55:00+02:00",
            "2026-06-08 13:55:00Z",
        ] {
            assert_eq!(read_time(text), expected, "{text}");
        }
        assert_eq!(read_time("2026-06-08T13:55:00.1234567Z"), Some(Millis(1_780_926_900_123)));
        for text in ["", "soon", "2026-06-08", "13:55", "1780927000", "1969-12-31T23:59:59Z"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }
}
