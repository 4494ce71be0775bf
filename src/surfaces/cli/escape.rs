//! Text of others on the owner's terminal.
//!
//! A memo or label may hold what moves the cursor, turns the reading direction or cannot be seen. This module must
//! never let such a character through.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that a terminal obeys instead of showing written out, as in `\u{202e}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_with(text, |out, c| {
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    })
}

/// JSON text with the same characters as JSON escapes, so that its meaning stays the same. They stand nowhere but in
/// strings there, since the control characters between tokens are only spaces and newlines.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    escape_with(json, |out, c| match c {
        '\n' => out.push(c),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    })
}

fn escape_with(text: &str, mut replace: impl FnMut(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_deceptive(c) { replace(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Control characters, what turns the reading direction, and what has no shape of its own.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(escape("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(escape("pay\nApproved: yes\r"), "pay\\u{a}Approved: yes\\u{d}");
        assert_eq!(escape("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(escape("txt\u{202e}cod.exe"), "txt\\u{202e}cod.exe");
    }

    #[test]
    fn every_deceptive_range_is_covered_to_its_ends() {
        for range in [
            0x00..=0x1f_u32,
            0x7f..=0x9f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2066..=0x2069,
            0xfeff..=0xfeff,
            0xe0000..=0xe007f,
        ] {
            for code in range {
                let c = char::from_u32(code).unwrap();
                assert_eq!(escape(&c.to_string()), format!("\\u{{{code:x}}}"));
            }
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["", "Lunch, 5 XNO", "Kaffee für Zoë", "日本語", "مرحبا", "🦀 e\u{301}"]
        {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"memo": "a\u{202e}b\u{e0041}\u{7f}\u{1b}\n"});
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let safe = escape_json(&pretty);
        assert!(safe.chars().all(|c| c == '\n' || !is_deceptive(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
