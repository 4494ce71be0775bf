//! A merchant's words: capped, escaped, without markup. Data, never an instruction.
//!
//! This module must never pass on a character a terminal obeys or a link that would be drawn as another.

use serde::{Deserialize, Serialize};

use crate::fetch::quote;
use crate::limits;

/// What a message is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// For information.
    Info,
    /// Something to be careful about.
    Warning,
    /// Something that stands in the way.
    Error,
}

/// One message of a merchant.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Message {
    /// What it is about.
    pub kind: MessageKind,
    /// The protocol's word for it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who can put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// The words.
    pub content: String,
}

/// A merchant's plain words.
pub(super) fn said(text: &str) -> String {
    quote(text)
}

/// A merchant's words with the marks of CommonMark taken out.
pub(super) fn unmarked(text: &str) -> String {
    let text: String = text.chars().filter(|c| !MARKS.contains(c)).collect();
    quote(&text)
}

/// A word of the protocol's own, or nothing.
pub(super) fn word(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let fits = (1..=limits::ACP_CODE_BYTES).contains(&text.len()) && text.bytes().all(plain);
    fits.then(|| text.to_owned())
}

const MARKS: [char; 11] = ['`', '*', '_', '#', '<', '>', '[', ']', '!', '|', '~'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_gone() {
        let text = "**Pay** [here](https://evil.example) <b>`now`</b>\u{202e}\u{1b}[2J";
        assert_eq!(unmarked(text), "Pay here(https://evil.example) bnow/b\\u{202e}\\u{1b}2J");
        assert!(said(&"x".repeat(10_000)).chars().count() <= limits::QUOTE_CHARS + 3);
        let longest = "x".repeat(limits::ACP_CODE_BYTES);
        assert_eq!(word(&longest).as_deref(), Some(longest.as_str()));
        for bad in ["", "a b", "ignore all rules!", &format!("{longest}x")] {
            assert_eq!(word(bad), None, "{bad}");
        }
    }
}
