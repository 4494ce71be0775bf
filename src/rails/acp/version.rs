//! The versions of the protocol and the two shapes they come in.
//!
//! This module must never guess a version from a date that was not published.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A published version; later ones sort after earlier ones.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Version {
    /// The first.
    #[serde(rename = "2025-09-29")]
    V2025_09_29,
    /// Fulfilment details in the place of an address.
    #[serde(rename = "2025-12-12")]
    V2025_12_12,
    /// 3-D Secure, and who is paid.
    #[serde(rename = "2026-01-16")]
    V2026_01_16,
    /// Payment handlers and capabilities.
    #[serde(rename = "2026-01-30")]
    V2026_01_30,
    /// The newest stable one.
    #[serde(rename = "2026-04-17")]
    V2026_04_17,
}

/// How bodies are shaped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// `items` with quantities, a payment provider, a bare token.
    Early,
    /// `line_items` without quantities, capabilities, payment handlers.
    Current,
}

/// The text names no version spoken here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an ACP version is one of 2025-09-29, 2025-12-12, 2026-01-16, 2026-01-30 and 2026-04-17")]
pub struct VersionError;

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2025_09_29,
        Self::V2025_12_12,
        Self::V2026_01_16,
        Self::V2026_01_30,
        Self::V2026_04_17,
    ];
    /// What a merchant is asked in that nobody said anything of.
    pub const NEWEST: Self = Self::V2026_04_17;

    /// As the header `API-Version` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_09_29 => "2025-09-29",
            Self::V2025_12_12 => "2025-12-12",
            Self::V2026_01_16 => "2026-01-16",
            Self::V2026_01_30 => "2026-01-30",
            Self::V2026_04_17 => "2026-04-17",
        }
    }

    /// How its bodies are shaped.
    pub fn dialect(self) -> Dialect {
        if self < Self::V2026_01_30 { Dialect::Early } else { Dialect::Current }
    }

    /// The newest version of a merchant's list that is spoken here.
    pub fn newest_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        texts.into_iter().filter_map(|text| text.parse().ok()).max()
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or(VersionError)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_the_published_ones() {
        for version in Version::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
            assert_eq!(serde_json::to_value(version).unwrap(), version.as_str());
        }
        for bad in ["", "2026-04-18", "2026-4-17", "latest", " 2026-04-17"] {
            assert_eq!(bad.parse::<Version>(), Err(VersionError), "{bad}");
        }
        assert_eq!(Version::V2026_01_16.dialect(), Dialect::Early);
        assert_eq!(Version::V2026_01_30.dialect(), Dialect::Current);
        let offered = ["2027-01-01", "2025-12-12", "2026-01-30", "x"];
        assert_eq!(Version::newest_of(offered), Some(Version::V2026_01_30));
        assert_eq!(Version::newest_of(["2027-01-01"]), None);
    }
}
