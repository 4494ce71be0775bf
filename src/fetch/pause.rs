//! How long a server wants to be left alone: `Retry-After` (RFC 9110 §10.2.3) and the `RateLimit` headers.
//!
//! This module must never take a header for more than [`limits::PROVIDER_PAUSE_MAX`].

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::clock::Millis;
use crate::limits;

/// The pause a reply asks for, if it asks for one. `now` stands in for a missing `Date`.
pub(super) fn asked_for(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let now = date(headers).unwrap_or(now);
    let asked = retry_after(headers, now).or_else(|| used_up(headers, now))?;
    Some(asked.min(limits::PROVIDER_PAUSE_MAX))
}

/// What the server's clock says.
pub(super) fn date(headers: &HeaderMap) -> Option<Millis> {
    http_date(text(headers, DATE.as_str())?)
}

fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    match seconds(value) {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => http_date(value).map(|until| until.since(now)),
    }
}

/// No request is left before the window is over.
fn used_up(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    ["ratelimit", "x-ratelimit"].into_iter().find_map(|family| {
        let remaining = seconds(text(headers, &format!("{family}-remaining"))?)?;
        let reset = seconds(text(headers, &format!("{family}-reset"))?)?;
        let until_reset = match reset {
            // So large a number is a time, not a span.
            EPOCH_SECONDS.. => Millis(reset.saturating_mul(1_000)).since(now),
            _ => Duration::from_secs(reset),
        };
        (remaining == 0).then_some(until_reset)
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Digits only; more than fit are a very long time.
fn seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn http_date(text: &str) -> Option<Millis> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    u64::try_from(time.as_millisecond()).ok().map(Millis)
}

const EPOCH_SECONDS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: Millis = Millis(1_795_233_600_000);

    fn asked(headers: &[(&str, &str)]) -> Option<u64> {
        let pairs = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        asked_for(&pairs.collect(), NOW).map(|pause| pause.as_secs())
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        assert_eq!(asked(&[("retry-after", "7")]), Some(7));
        assert_eq!(asked(&[("retry-after", " 0 ")]), Some(0));
        assert_eq!(asked(&[("retry-after", "Sat, 21 Nov 2026 04:00:09 GMT")]), Some(9));
        assert_eq!(asked(&[("retry-after", "Sat, 21 Nov 2020 04:00:09 GMT")]), Some(0));
        let date = ("date", "Sat, 21 Nov 2026 05:00:00 GMT");
        assert_eq!(asked(&[("retry-after", "Sat, 21 Nov 2026 05:00:09 GMT"), date]), Some(9));
        for nonsense in ["", "-1", "1.5", "soon", "1e3", "+1"] {
            assert_eq!(asked(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn a_window_counts_when_nothing_is_left_in_it() {
        let window = |remaining, reset| {
            asked(&[("ratelimit-remaining", remaining), ("ratelimit-reset", reset)])
        };
        assert_eq!(window("0", "30"), Some(30));
        assert_eq!(window("1", "30"), None);
        assert_eq!(window("x", "30"), None);
        let epoch = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795233605")];
        assert_eq!(asked(&epoch), Some(5));
    }

    #[test]
    fn no_pause_is_longer_than_the_limit() {
        let max = limits::PROVIDER_PAUSE_MAX.as_secs();
        for (value, expected) in [(max, max), (max + 1, max), (u64::MAX, max)] {
            assert_eq!(asked(&[("retry-after", &value.to_string())]), Some(expected));
        }
        assert_eq!(asked(&[("retry-after", "99999999999999999999999")]), Some(max));
    }
}
