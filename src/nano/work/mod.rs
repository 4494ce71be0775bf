//! Proof of work: what it is worth and what is asked for (protocol notes §6).
//!
//! This module must never hand out work it has not checked itself.

mod kernel;
mod search;

use std::fmt;
use std::str::FromStr;

use blake2::digest::consts::U8;
use blake2::{Blake2b, Digest};

use super::hex::{self, HexError};
use super::{Root, Subtype};
use crate::text::serde_text;

pub use kernel::{Kernel, UnknownKernel};
pub use search::{Search, generate};

/// A nonce. Text: 16 hexadecimal digits, most significant first, lower case out, any case in.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Work(pub u64);

/// A value work is worth, or must reach; higher is harder. Text as [`Work`].
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Difficulty(pub u64);

/// What a network asks of each kind of block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Thresholds {
    /// Any block of an account that is not yet of version 2.
    pub epoch_1: Difficulty,
    /// A send or change.
    pub epoch_2_send: Difficulty,
    /// A receive, open or epoch block.
    pub epoch_2_receive: Difficulty,
    /// The least a node looks at.
    pub entry: Difficulty,
}

/// What `work` is worth for `root`; the inputs are hashed in one BLAKE2b of 8 bytes, little endian.
pub fn value(work: Work, root: &Root) -> u64 {
    let digest =
        Blake2b::<U8>::new().chain_update(work.0.to_le_bytes()).chain_update(root.as_bytes());
    u64::from_le_bytes(digest.finalize().into())
}

impl Difficulty {
    /// Whether `work` for `root` is worth at least this.
    pub fn is_met_by(self, work: Work, root: &Root) -> bool {
        value(work, root) >= self.0
    }

    /// Hashes that a search for work worth this takes on average.
    pub const fn hashes_expected(self) -> u64 {
        match self.0 {
            0 => 1,
            // All hashes are as likely; of 2^64 those at least this large are what is left up to the end.
            above => u64::MAX / above.wrapping_neg(),
        }
    }
}

impl Thresholds {
    /// What a block of an account of version 2 must reach.
    pub const fn for_subtype(&self, subtype: Subtype) -> Difficulty {
        match subtype {
            Subtype::Send | Subtype::Change => self.epoch_2_send,
            Subtype::Open | Subtype::Receive | Subtype::Epoch => self.epoch_2_receive,
        }
    }
}

/// The text form of a 64-bit value.
macro_rules! hex_u64 {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $type {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hex::decode(text).map(|bytes| Self(u64::from_be_bytes(bytes)))
            }
        }

        serde_text!($type);
    };
}
hex_u64!(Work);
hex_u64!(Difficulty);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nano::Network;

    /// The published example of RsNano (protocol notes §10): the first block after live genesis.
    #[test]
    fn work_is_worth_what_the_node_says() {
        let root = Root::from(Network::Live.genesis_hash());
        let work: Work = "3C82CC724905EE95".parse().unwrap();
        assert_eq!(value(work, &root), 18_446_743_921_403_126_366);
        let exact = Difficulty(value(work, &root));
        assert!(exact.is_met_by(work, &root));
        assert!(!Difficulty(exact.0 + 1).is_met_by(work, &root));
        assert!(Network::Live.thresholds().epoch_1.is_met_by(work, &root));
        assert!(!Network::Live.thresholds().epoch_2_send.is_met_by(work, &root));
    }

    #[test]
    fn a_search_takes_as_many_hashes_as_published() {
        let live = Network::Live.thresholds();
        // 2^29 and 2^23, less what the division leaves.
        assert_eq!(live.epoch_2_send.hashes_expected(), (1 << 29) - 1);
        assert_eq!(live.epoch_2_receive.hashes_expected(), (1 << 23) - 1);
        assert_eq!(Difficulty(0).hashes_expected(), 1);
        assert_eq!(Difficulty(1).hashes_expected(), 1);
        assert_eq!(Difficulty(u64::MAX).hashes_expected(), u64::MAX);
    }

    #[test]
    fn text_is_sixteen_lower_case_digits() {
        assert_eq!(Work(0xABC).to_string(), "0000000000000abc");
        assert_eq!(serde_json::to_string(&Difficulty(u64::MAX)).unwrap(), "\"ffffffffffffffff\"");
        assert_eq!("0000000000000ABC".parse::<Work>(), Ok(Work(0xABC)));
        for bad in ["", "abc", "0x00000000000abc", "00000000000000abc"] {
            assert!(bad.parse::<Work>().is_err(), "{bad}");
        }
    }
}
