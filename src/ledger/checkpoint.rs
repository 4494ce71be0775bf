//! Heads that left the store: what catches a cut tail and a chain computed anew.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The last event of a chain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Head {
    /// Its seq; 0 before the first event.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Head {
    /// Before the first event.
    pub const GENESIS: Self = Self { seq: 0, hash: Digest::GENESIS };
}

/// `seq:hash`, as `--expect-head` takes it.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || AnchorError { line: text.chars().take(120).collect() };
        let (seq, hash) = text.split_once(':').ok_or_else(bad)?;
        let seq = seq.parse().map_err(|_| bad())?;
        Ok(Self { seq, hash: hash.parse().map_err(|_| bad())? })
    }
}

/// One line of the anchor file: `seq:hash at`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anchor {
    /// The head.
    pub head: Head,
    /// When it was written, RFC 3339.
    pub at: String,
}

/// The line is no anchor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a ledger head: {line}")]
pub struct AnchorError {
    /// What stood there, cut short.
    pub line: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.head, self.at)
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let (head, at) = line
            .split_once(' ')
            .ok_or_else(|| AnchorError { line: line.chars().take(120).collect() })?;
        Ok(Self { head: head.parse()?, at: at.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head { seq: 18, hash: Digest::of(b"head") }
    }

    #[test]
    fn a_head_is_read_as_it_is_shown() {
        let text = head().to_string();
        assert_eq!(text, format!("18:{}", Digest::of(b"head")));
        assert_eq!(text.parse(), Ok(head()));
        let hash = "0".repeat(64);
        assert_eq!(format!("{}:{hash}", u64::MAX).parse::<Head>().unwrap().seq, u64::MAX);
        for bad in [
            String::new(),
            "18".to_owned(),
            format!("-1:{hash}"),
            format!("18446744073709551616:{hash}"),
            format!(" 18:{hash}"),
            format!("18:{hash}0"),
            format!("18:{}", "A".repeat(64)),
            format!("18:{hash} "),
        ] {
            assert_eq!(bad.parse::<Head>(), Err(AnchorError { line: bad.clone() }));
        }
    }

    #[test]
    fn an_anchor_is_read_as_it_is_written() {
        let anchor = Anchor { head: head(), at: "2026-11-21T04:00:00.123Z".to_owned() };
        let line = anchor.to_string();
        assert_eq!(line, format!("{} 2026-11-21T04:00:00.123Z", head()));
        assert_eq!(line.parse(), Ok(anchor));
        assert!(head().to_string().parse::<Anchor>().is_err(), "no time");
        let long = "x".repeat(121);
        assert_eq!(long.parse::<Anchor>().unwrap_err().line.len(), 120);
    }
}
