//! Recognising canonical JSON where it stands, so that verifying need not rebuild it.
//!
//! Knows a part of RFC 8785 only, the part ledgers are made of. It must never say yes to text that RFC 8785 would write
//! in another way; where it says no, the caller parses and writes the text anew.

use std::ops::Range;

use crate::limits;

/// Walks over the members of an object that stands for the whole of `text`: name, where the member begins, and where
/// its value stands. `None` when the text is not surely canonical.
pub(super) fn each_member<'a>(
    text: &'a str,
    mut seen: impl FnMut(&'a str, usize, Range<usize>),
) -> Option<()> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0 };
    scan.object(0, &mut seen)?;
    (scan.at == text.len()).then_some(())
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn object(
        &mut self,
        depth: usize,
        seen: &mut dyn FnMut(&'a str, usize, Range<usize>),
    ) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        let mut last: Option<&str> = None;
        loop {
            let start = self.at;
            let name = self.name()?;
            if last.is_some_and(|last| last >= name) {
                return None;
            }
            last = Some(name);
            self.take(b':')?;
            let value = self.at;
            self.value(depth + 1)?;
            seen(name, start, value..self.at);
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > limits::MCP_JSON_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth, &mut |_, _, _| {}),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.integer(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => None,
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            return self.take(b']');
        }
        loop {
            self.value(depth + 1)?;
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
    }

    /// A name of plain ASCII: among these the order of bytes is the order of UTF-16 code units.
    fn name(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.string()?;
        let name = &self.text[start..self.at - 1];
        name.bytes().all(|byte| byte.is_ascii() && byte != b'\\').then_some(name)
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            let rest = &self.bytes[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'))?;
            self.at += plain + 1;
            match rest[plain] {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// The one escape each character has that needs one.
    fn escape(&mut self) -> Option<()> {
        let escaped = self.peek()?;
        self.at += 1;
        match escaped {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4)?;
                self.at += 4;
                let needed = match digits {
                    [b'0', b'0', b'0', low] => {
                        matches!(low, b'0'..=b'7' | b'b' | b'e' | b'f')
                    }
                    [b'0', b'0', b'1', low] => matches!(low, b'0'..=b'9' | b'a'..=b'f'),
                    _ => false,
                };
                needed.then_some(())
            }
            _ => None,
        }
    }

    /// An integer every number type of JavaScript holds exactly, written in the only way.
    fn integer(&mut self) -> Option<()> {
        let negative = self.peek()? == b'-';
        self.at += usize::from(negative);
        let rest = &self.bytes[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let first = *rest.first()?;
        self.at += digits;
        let plain = match digits {
            1 => first != b'0' || !negative,
            2..=15 => first != b'0',
            _ => false,
        };
        let ends = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (plain && ends).then_some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let found = self.peek()?;
        self.at += 1;
        match found {
            b',' => Some(true),
            found if found == end => Some(false),
            _ => None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        self.at += 1;
        found.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn is_canonical(text: &str) -> bool {
        each_member(text, |_, _, _| {}).is_some()
    }

    #[test]
    fn knows_the_one_way_to_write_it() {
        for text in [
            "{}",
            r#"{"a":[1,-2,true,false,null,"é\n\u0000\u001f\u000b"],"b":{"a":{},"b":[]}}"#,
            r#"{"a":0,"b":999999999999999}"#,
            r#"{"":"","a":"\"\\\b\f\n\r\t\u0007\u000e\u000f\u0010\u0019\u001a","z":-999999999999999}"#,
            r#"{"a":[[],[1,[2]],{}],"b":[null,true,false]}"#,
        ] {
            assert!(is_canonical(text), "{text}");
        }
        for text in [
            "",
            "[]",
            "{} ",
            r#"{"a": 1}"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":01}"#,
            r#"{"a":-0}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e2}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u000a"}"#,
            r#"{"a":"\u001F"}"#,
            r#"{"\u0061":1}"#,
            r#"{"a":1,}"#,
            r#"{"a":1000000000000000}"#,
            r#"{"a":-01}"#,
            r#"{"a":-}"#,
            r#"{"a":1E2}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}"#,
            r#"{"a":[}"#,
            r#"{"a":{"b":1]}"#,
            r#"{"a":"\u0008"}"#,
            r#"{"a":"\u000"}"#,
            r#"{"a":"\u0020"}"#,
            r#"{"a":"\u00"#,
            r#"{"é":1}"#,
            r#"{"a":1}}"#,
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a";1}"#,
            "{",
            r#"{"a":tru}"#,
            r#"{"a":"x}"#,
            "{\"a\":\"\n\"}",
        ] {
            assert!(!is_canonical(text), "{text}");
        }
    }

    #[test]
    fn deeper_than_the_limit_is_left_to_the_parser() {
        for (open, close) in [(r#"{"a":"#, "}"), ("[", "]"), (r#"[{"a":"#, "}]")] {
            let each = close.len();
            // The outermost object counts for one.
            let nested = |depth: usize| {
                let inner = (depth - 1) / each;
                let rest = "[".repeat((depth - 1) % each);
                let (open, close) = (open.repeat(inner), close.repeat(inner));
                let end = rest.replace('[', "]");
                format!(r#"{{"a":{open}{rest}1{end}{close}}}"#)
            };
            assert!(is_canonical(&nested(limits::MCP_JSON_DEPTH)), "{open}");
            assert!(!is_canonical(&nested(limits::MCP_JSON_DEPTH + 1)), "{open}");
        }
    }

    #[test]
    fn members_are_told_with_their_names_and_places() {
        let text = r#"{"a":1,"b":{"c":[2]},"d":"e"}"#;
        let mut found = Vec::new();
        let done = each_member(text, |name, start, value| {
            found.push((name, start, &text[value]));
        });
        assert_eq!(done, Some(()));
        assert_eq!(found, [("a", 1, "1"), ("b", 7, r#"{"c":[2]}"#), ("d", 21, r#""e""#)]);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z\"\\\\é]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What is called canonical is what the canonicaliser writes, whatever byte is changed.
        #[test]
        fn never_says_yes_to_what_would_be_written_otherwise(
            value in prop::collection::btree_map("[a-z]{1,3}", json(), 0..4),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let written = serde_json_canonicalizer::to_string(&value).unwrap();
            let mut changed = written.clone().into_bytes();
            let index = at.index(changed.len());
            changed[index] = byte;
            for bytes in [written.into_bytes(), changed] {
                let Ok(text) = String::from_utf8(bytes) else { continue };
                if is_canonical(&text) {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    prop_assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), text);
                }
            }
        }
    }
}
