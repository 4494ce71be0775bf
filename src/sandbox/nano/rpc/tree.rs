//! Answers as a node builds them: a tree of texts, printed in the node's own spelling.
//!
//! A C++ node has nothing but texts, so an empty list is an empty text to it. Nothing here may know what an answer
//! means.

use std::fmt::{self, Write as _};

use super::Spelling;

/// An answer or a part of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::sandbox::nano) enum Tree {
    Text(String),
    Fields(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// A boolean; both nodes write it as a text over RPC.
    Flag(bool),
}

/// The fields of an object, in the order in which they were put.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox::nano) struct Fields(Vec<(String, Tree)>);

impl Fields {
    pub(in crate::sandbox::nano) fn put(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.add(name, Tree::Text(value.to_string()));
        self
    }

    pub(in crate::sandbox::nano) fn tree(mut self, name: &str, value: Tree) -> Self {
        self.add(name, value);
        self
    }

    pub(in crate::sandbox::nano) fn add(&mut self, name: &str, value: Tree) {
        self.0.push((name.to_owned(), value));
    }

    pub(in crate::sandbox::nano) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Fields> for Tree {
    fn from(fields: Fields) -> Self {
        Self::Fields(fields.0)
    }
}

impl Tree {
    pub(in crate::sandbox::nano) fn text(value: impl fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    /// `"1"` or `"0"`.
    pub(in crate::sandbox::nano) fn digit(value: bool) -> Self {
        Self::Text(if value { "1" } else { "0" }.to_owned())
    }

    /// The text that goes out.
    pub(in crate::sandbox::nano) fn print(&self, spelling: Spelling) -> String {
        let mut out = String::new();
        match spelling {
            Spelling::Cpp => {
                self.pretty(&mut out, 0);
                out.push('\n');
            }
            Spelling::RsNano => self.compact(&mut out),
        }
        out
    }

    fn pretty(&self, out: &mut String, depth: usize) {
        match self {
            Self::Text(text) => quote(text, true, out),
            Self::Flag(flag) => quote(&flag.to_string(), true, out),
            Self::Fields(fields) if fields.is_empty() => out.push_str("\"\""),
            Self::List(items) if items.is_empty() => out.push_str("\"\""),
            Self::Fields(fields) => {
                let parts = fields.iter().map(|(name, value)| (Some(name.as_str()), value));
                block(out, depth, ['{', '}'], parts);
            }
            Self::List(items) => {
                block(out, depth, ['[', ']'], items.iter().map(|value| (None, value)));
            }
        }
    }

    fn compact(&self, out: &mut String) {
        match self {
            Self::Text(text) => quote(text, false, out),
            Self::Flag(flag) => quote(&flag.to_string(), false, out),
            Self::Fields(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    quote(name, false, out);
                    out.push(':');
                    value.compact(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (index, value) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    value.compact(out);
                }
                out.push(']');
            }
        }
    }
}

/// Several lines, four spaces deeper.
fn block<'a>(
    out: &mut String,
    depth: usize,
    brackets: [char; 2],
    parts: impl Iterator<Item = (Option<&'a str>, &'a Tree)>,
) {
    out.push(brackets[0]);
    for (index, (name, value)) in parts.enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        indent(out, depth + 1);
        if let Some(name) = name {
            quote(name, true, out);
            out.push_str(": ");
        }
        value.pretty(out, depth + 1);
    }
    out.push('\n');
    indent(out, depth);
    out.push(brackets[1]);
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("    ", depth));
}

/// A JSON string; the C++ node's library escapes slashes too.
fn quote(text: &str, slashes: bool, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if slashes => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            other if other.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_own_spelling() {
        let empty = Fields::default().tree("blocks", Tree::List(Vec::new()));
        let empty = Tree::from(empty.tree("map", Tree::Fields(Vec::new())));
        assert_eq!(empty.print(Spelling::Cpp), "{\n    \"blocks\": \"\",\n    \"map\": \"\"\n}\n");
        assert_eq!(empty.print(Spelling::RsNano), r#"{"blocks":[],"map":{}}"#);
        let list = Fields::default().tree("l", Tree::List(vec![Tree::text("a"), Tree::Flag(true)]));
        let list = Tree::from(list);
        assert_eq!(
            list.print(Spelling::Cpp),
            "{\n    \"l\": [\n        \"a\",\n        \"true\"\n    ]\n}\n"
        );
        assert_eq!(list.print(Spelling::RsNano), r#"{"l":["a","true"]}"#);
    }

    #[test]
    fn whatever_is_in_a_text_it_stays_one() {
        let text = "a\"b\\c/d\n\t\r\u{1}é";
        for spelling in [Spelling::Cpp, Spelling::RsNano] {
            let printed = Tree::text(text).print(spelling);
            assert_eq!(serde_json::from_str::<String>(&printed).unwrap(), text);
        }
        assert!(Tree::text("/").print(Spelling::Cpp).contains("\\/"));
    }
}
