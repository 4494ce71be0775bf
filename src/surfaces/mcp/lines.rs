//! Cuts a byte stream into lines of bounded length.
//!
//! This module must never hold more than one line: what is over-long is dropped up to its newline, and only its id
//! is kept, so that it can be answered.

use super::id::Id;
use super::skim::Skimmer;
use crate::limits::MCP_LINE_BYTES;

/// One line without its newline.
#[derive(Debug, Eq, PartialEq)]
pub enum Line {
    /// More than [`MCP_LINE_BYTES`]; with its id where that could be seen.
    TooLong(Option<Id>),
    /// The bytes as they came.
    Whole(Vec<u8>),
}

/// A line in the making.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    skimmer: Option<Skimmer>,
}

impl Lines {
    /// Takes `bytes` up to and including the first newline: how many were taken, and the line they completed.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Option<Line>) {
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        self.extend(&bytes[..newline.unwrap_or(bytes.len())]);
        match newline {
            Some(at) => (at + 1, Some(self.take())),
            None => (bytes.len(), None),
        }
    }

    /// What stands after the last newline at the end of the stream.
    pub fn finish(&mut self) -> Option<Line> {
        (!self.buffer.is_empty() || self.skimmer.is_some()).then(|| self.take())
    }

    fn extend(&mut self, bytes: &[u8]) {
        if let Some(skimmer) = &mut self.skimmer {
            skimmer.feed(bytes);
        } else if self.buffer.len() + bytes.len() <= MCP_LINE_BYTES {
            self.buffer.extend_from_slice(bytes);
        } else {
            let mut skimmer = Skimmer::default();
            skimmer.feed(&std::mem::take(&mut self.buffer));
            skimmer.feed(bytes);
            self.skimmer = Some(skimmer);
        }
    }

    fn take(&mut self) -> Line {
        match self.skimmer.take() {
            Some(skimmer) => Line::TooLong(skimmer.id()),
            None => Line::Whole(std::mem::take(&mut self.buffer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_kept_up_to_the_bound() {
        let at = "x".repeat(MCP_LINE_BYTES);
        assert_eq!(lines_of(format!("{at}\n").as_bytes(), 65_536), [whole(&at)]);
        let past = "x".repeat(MCP_LINE_BYTES + 1);
        let lines = lines_of(format!("{past}\nnext\n").as_bytes(), 65_536);
        assert_eq!(lines, [Line::TooLong(None), whole("next")]);
    }

    #[test]
    fn an_overlong_line_keeps_its_id_and_nothing_else() {
        let text = format!(r#"{{"params":"{}","id":9}}"#, "x".repeat(3 * MCP_LINE_BYTES));
        let mut lines = Lines::default();
        for piece in text.as_bytes().chunks(8_192) {
            assert_eq!(lines.push(piece), (piece.len(), None));
            assert!(lines.buffer.len() <= MCP_LINE_BYTES);
        }
        assert_eq!(lines.buffer.capacity(), 0);
        assert_eq!(lines.push(b"\n"), (1, Some(Line::TooLong(Some(Id::Signed(9))))));
    }

    #[test]
    fn the_end_may_come_without_a_newline() {
        assert_eq!(lines_of(b"a\n\nb", 1), [whole("a"), whole(""), whole("b")]);
        assert_eq!(lines_of(b"a\n", 1), [whole("a")]);
        assert_eq!(lines_of(b"", 1), []);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[a-c\n]{0,64}", size in 1usize..9) {
            let expected: Vec<_> = text.split_terminator('\n').map(whole).collect();
            prop_assert_eq!(lines_of(text.as_bytes(), size), expected);
        }
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    fn lines_of(bytes: &[u8], size: usize) -> Vec<Line> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for mut piece in bytes.chunks(size) {
            while !piece.is_empty() {
                let (taken, line) = lines.push(piece);
                piece = &piece[taken..];
                found.extend(line);
            }
        }
        found.extend(lines.finish());
        found
    }
}
