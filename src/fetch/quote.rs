//! Words of a third party inside a sentence of ours.
//!
//! This module must never let a character through that a terminal obeys, or text without an end.

use crate::limits;

/// At most [`limits::QUOTE_CHARS`] characters of `text`, with everything that cannot be seen written out.
pub fn quote(text: &str) -> String {
    let mut quoted = String::new();
    let text = text.trim();
    for c in text.chars().take(limits::QUOTE_CHARS) {
        match c {
            '"' | '\'' | '\\' => quoted.push(c),
            _ => quoted.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(limits::QUOTE_CHARS).is_some() {
        quoted.push_str("...");
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_cursor_or_hides_is_written_out() {
        assert_eq!(quote("a\u{1b}[2J\nb\u{202e}c"), "a\\u{1b}[2J\\nb\\u{202e}c");
        assert_eq!(quote("  it's \"fine\" é "), "it's \"fine\" é");
    }

    #[test]
    fn a_quote_has_an_end() {
        let longest = "x".repeat(limits::QUOTE_CHARS);
        assert_eq!(quote(&longest), longest);
        assert_eq!(quote(&format!("{longest}y")), format!("{longest}..."));
    }
}
