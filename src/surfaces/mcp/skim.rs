//! Finds the `id` of a message that is not going to be read.
//!
//! A line that is too long, nested too deep or ambiguous is refused, but whoever waits for its answer must still
//! get one. This module keeps a few bytes, whatever the length of the line, and must never act on its contents.

use super::id::Id;
use crate::limits::ID_BYTES;

/// Looks at a line piece by piece for the last `id` of its outermost object.
#[derive(Debug, Default)]
pub struct Skimmer {
    depth: usize,
    in_string: bool,
    escaped: bool,
    closed: bool,
    at_id: bool,
    token: Vec<u8>,
    id: Option<Id>,
}

impl Skimmer {
    /// The id of a whole line.
    pub fn id_of(line: &[u8]) -> Option<Id> {
        let mut skimmer = Self::default();
        skimmer.feed(line);
        skimmer.id()
    }

    /// Reads on.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.closed {
                return;
            }
            if self.in_string { self.within_string(byte) } else { self.outside_string(byte) }
        }
    }

    /// The id, where there was a usable one so far.
    pub fn id(&self) -> Option<Id> {
        self.id.clone()
    }

    fn within_string(&mut self, byte: u8) {
        self.keep(byte);
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
        }
    }

    fn outside_string(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                // A batch has no id of its own.
                self.closed = self.depth == 0 && byte == b'[';
                self.keep(byte);
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.depth <= 1 {
                    self.end_member();
                    self.closed = true;
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => {
                self.at_id = self.token == b"\"id\"";
                self.token.clear();
            }
            b',' if self.depth == 1 => self.end_member(),
            byte if byte.is_ascii_whitespace() => {}
            byte => self.keep(byte),
        }
    }

    fn end_member(&mut self) {
        if self.at_id {
            let fits = self.token.len() <= ID_BYTES + QUOTES;
            let token = if fits { self.token.as_slice() } else { &[] };
            self.id = serde_json::from_slice(token).ok().as_ref().and_then(Id::from_json);
        }
        self.at_id = false;
        self.token.clear();
    }

    /// Keeps a byte of the outermost object; one more than an id may have, to tell a longer one.
    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() <= ID_BYTES + QUOTES {
            self.token.push(byte);
        }
    }
}

const QUOTES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_the_outermost_id_wherever_it_stands() {
        let cases = [
            (r#"{"id":7,"method":"x""#, Some(json!(7))),
            (
                r#"{"method":"x","params":{"id":1,"a":"\"id\":2"},"id":"seven"}"#,
                Some(json!("seven")),
            ),
            (r#"{ "id" : -3 , "id" : 4 }"#, Some(json!(4))),
            (r#"{"id":4,"id":null}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":{"id":1}}"#, None),
            (r#"{"id":"a\"b\\"}"#, Some(json!("a\"b\\"))),
            (r#"[{"id":1}]"#, None),
            (r#"{"a":1}{"id":2}"#, None),
            (r#"}{"id":2}"#, None),
            ("{\"id\":\"\u{fffd}", None),
            ("", None),
        ];
        for (line, id) in cases {
            let found = Skimmer::id_of(line.as_bytes()).map(|id| serde_json::to_value(id).unwrap());
            assert_eq!(found, id, "{line}");
        }
    }

    #[test]
    fn pieces_and_whole_agree() {
        let line = br#"{"params":[{"x":"]}\\"}],"id":"a,b:c"}"#;
        let mut skimmer = Skimmer::default();
        line.chunks(1).for_each(|piece| skimmer.feed(piece));
        assert_eq!(skimmer.id(), Skimmer::id_of(line));
        assert_eq!(skimmer.id(), Some(Id::Text("a,b:c".into())));
    }

    #[test]
    fn an_id_is_found_up_to_the_bound() {
        for (length, found) in [(ID_BYTES, true), (ID_BYTES + 1, false)] {
            let line = format!(r#"{{"id":"{}"}}"#, "x".repeat(length));
            assert_eq!(Skimmer::id_of(line.as_bytes()).is_some(), found, "{length}");
        }
    }
}
