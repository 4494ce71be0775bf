//! Lengths of time as a person writes them: a whole number and a unit. Never a fraction, never two units.

/// `24h` in milliseconds.
pub(super) fn parse_ms(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, one) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*one)
}

/// The shortest text of a length of time, exact.
pub(super) fn format_ms(ms: u64) -> String {
    let whole = UNITS.iter().find(|(_, one)| ms.is_multiple_of(*one) && ms >= *one);
    let (unit, one) = whole.unwrap_or(&("ms", 1));
    format!("{}{unit}", ms / one)
}

/// Largest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_of_one_unit_are_lengths_of_time() {
        for (text, ms) in
            [("24h", 86_400_000), ("90s", 90_000), ("1500ms", 1_500), ("7d", 604_800_000)]
        {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        for bad in
            ["", "24", "h", "-1h", "1.5h", "1h30m", "1 h", "1H", "99999999999999999999d", "1e3s"]
        {
            assert_eq!(parse_ms(bad), None, "{bad}");
        }
        assert_eq!(format_ms(86_400_000), "1d");
        assert_eq!(format_ms(90_000), "90s");
        assert_eq!((format_ms(0), format_ms(1)), ("0ms".to_owned(), "1ms".to_owned()));
        for ms in [0, 1, 999, 1_000, 61_000, 3_600_000, u64::MAX] {
            assert_eq!(parse_ms(&format_ms(ms)), Some(ms), "{ms}");
        }
    }
}
