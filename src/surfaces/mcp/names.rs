//! What operations are called on the wire.
//!
//! Hosts drop a server over a dot in a tool's name, so `wallet.send` is `wallet_send` there, unless the owner wants
//! dots. It must never be both: a host's deny rule names one.

use std::fmt;
use std::str::FromStr;

/// How tools are named.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ToolNames {
    /// `wallet_send`: works with every host.
    #[default]
    Underscored,
    /// `wallet.send`: for hosts that take it.
    Dotted,
}

/// Neither `underscored` nor `dotted`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("tool names are `underscored` or `dotted`, not `{0}`")]
pub struct UnknownStyle(pub String);

impl ToolNames {
    /// The name on the wire of the operation with this canonical name.
    pub fn wire(self, canonical: &str) -> String {
        match self {
            Self::Underscored => canonical.replace('.', "_"),
            Self::Dotted => canonical.to_owned(),
        }
    }
}

impl FromStr for ToolNames {
    type Err = UnknownStyle;

    fn from_str(text: &str) -> Result<Self, UnknownStyle> {
        match text {
            "underscored" => Ok(Self::Underscored),
            "dotted" => Ok(Self::Dotted),
            _ => Err(UnknownStyle(text.to_owned())),
        }
    }
}

impl fmt::Display for ToolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Underscored => "underscored",
            Self::Dotted => "dotted",
        })
    }
}

/// The name among `offered` that whoever asked for `asked` most likely meant.
pub fn nearest<'a>(asked: &str, offered: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let asked = plain(asked);
    let (distance, name) = offered
        .into_iter()
        .map(|name| (distance(&asked, &plain(name)), name))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= asked.len() / 4).then_some(name)
}

/// Lower case without separators and without the prefix that some hosts put before a tool's name.
fn plain(name: &str) -> Vec<u8> {
    let name = name.rsplit("__").next().unwrap_or(name);
    name.bytes()
        .take(COMPARED_BYTES)
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect()
}

/// Levenshtein distance.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, left) in left.iter().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, right) in right.iter().enumerate() {
            let swap = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = swap.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// Further bytes of a name somebody asked for are not looked at.
const COMPARED_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::limits::MCP_TOOL_NAME_BYTES;
    use crate::operations::registry;

    #[test]
    fn no_two_operations_share_a_name() {
        for style in [ToolNames::Underscored, ToolNames::Dotted] {
            let names: Vec<_> = registry().iter().map(|one| style.wire(one.spec().name)).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{style}");
        }
    }

    #[test]
    fn names_suit_every_host() {
        for operation in registry() {
            let name = ToolNames::Underscored.wire(operation.spec().name);
            assert!(is_portable(&name), "{name}");
        }
        for (name, good) in [("wallet_send", true), ("1_a", false), ("a__b", false), ("a-b", false)]
        {
            assert_eq!(is_portable(name), good, "{name}");
        }
        assert!(is_portable(&"a".repeat(MCP_TOOL_NAME_BYTES)));
        assert!(!is_portable(&"a".repeat(MCP_TOOL_NAME_BYTES + 1)));
    }

    #[test]
    fn styles_are_read_and_printed() {
        for style in [ToolNames::Underscored, ToolNames::Dotted] {
            assert_eq!(style.to_string().parse(), Ok(style));
        }
        assert_eq!("Dotted".parse::<ToolNames>(), Err(UnknownStyle("Dotted".to_owned())));
        assert_eq!(ToolNames::Underscored.wire("payment.list"), "payment_list");
        assert_eq!(ToolNames::Dotted.wire("payment.list"), "payment.list");
    }

    #[test]
    fn the_right_name_is_found() {
        let offered = ["wallet_balance", "wallet_send", "payment_status"];
        for (asked, expected) in [
            ("wallet.send", Some("wallet_send")),
            ("walletSend", Some("wallet_send")),
            ("mcp__paywarden__wallet_send", Some("wallet_send")),
            ("wallet_sned", Some("wallet_send")),
            ("payment_state", Some("payment_status")),
            ("delete_everything", None),
            ("", None),
        ] {
            assert_eq!(nearest(asked, offered), expected, "{asked}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), offered), None);
        assert_eq!(nearest("wallet_send", []), None);
    }

    fn is_portable(name: &str) -> bool {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.len() <= MCP_TOOL_NAME_BYTES
            && !name.contains("__")
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    }
}
