//! The networks and what differs between them: genesis, epoch signers, proof-of-work thresholds.
//!
//! Nano blocks carry no network id: nothing here can tell which network a block was made for.

use std::fmt;
use std::str::FromStr;

use super::hex;
use super::{Account, BlockHash, Difficulty, Link, Thresholds};
use crate::text::serde_text;

/// A Nano network.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Network {
    /// The simulator in this program: play money, rules of [`Network::Dev`].
    Sandbox,
    /// A private test network with a published genesis key.
    Dev,
    /// The public test network.
    Beta,
    /// Real money.
    Live,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a network is sandbox, dev, beta or live")]
pub struct UnknownNetwork;

/// The published key of the dev genesis account, which owns all play money (protocol notes §9).
pub const DEV_GENESIS_PRIVATE_KEY: [u8; 32] =
    hex::constant("34F0A37AAD20F4A260F0A5B3CB3D7FB50673212263E58A380BC10474BB039CE4");

impl Network {
    /// The network's name in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Dev => "dev",
            Self::Beta => "beta",
            Self::Live => "live",
        }
    }

    /// What proof of work must reach (protocol notes §6).
    pub const fn thresholds(self) -> Thresholds {
        match self {
            Self::Sandbox | Self::Dev => DEV_THRESHOLDS,
            Self::Beta => BETA_THRESHOLDS,
            Self::Live => LIVE_THRESHOLDS,
        }
    }

    /// The account all money of the network came from.
    pub const fn genesis_account(self) -> Account {
        match self {
            Self::Sandbox | Self::Dev => DEV_GENESIS,
            Self::Beta => BETA_GENESIS,
            Self::Live => LIVE_GENESIS,
        }
    }

    /// The first block of the genesis account, a legacy open block.
    pub const fn genesis_hash(self) -> BlockHash {
        match self {
            Self::Sandbox | Self::Dev => DEV_GENESIS_HASH,
            Self::Beta => BETA_GENESIS_HASH,
            Self::Live => LIVE_GENESIS_HASH,
        }
    }

    /// Who signs epoch blocks with this link; `None` if the link is not an epoch's.
    pub fn epoch_signer(self, link: &Link) -> Option<Account> {
        if !link.is_epoch() {
            return None;
        }
        let live_epoch_2 = self == Self::Live && *link == Link::EPOCH_2;
        Some(if live_epoch_2 { LIVE_EPOCH_2_SIGNER } else { self.genesis_account() })
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Sandbox, Self::Dev, Self::Beta, Self::Live]
            .into_iter()
            .find(|network| network.as_str() == text)
            .ok_or(UnknownNetwork)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

serde_text!(Network);

const DEV_THRESHOLDS: Thresholds = Thresholds {
    epoch_1: Difficulty(0xfe00_0000_0000_0000),
    epoch_2_send: Difficulty(0xffc0_0000_0000_0000),
    epoch_2_receive: Difficulty(0xf000_0000_0000_0000),
    entry: Difficulty(0xf000_0000_0000_0000),
};
const BETA_THRESHOLDS: Thresholds = Thresholds {
    epoch_1: Difficulty(0xffff_f000_0000_0000),
    epoch_2_send: Difficulty(0xffff_f000_0000_0000),
    epoch_2_receive: Difficulty(0xffff_e000_0000_0000),
    entry: Difficulty(0xffff_e000_0000_0000),
};
const LIVE_THRESHOLDS: Thresholds = Thresholds {
    epoch_1: Difficulty(0xffff_ffc0_0000_0000),
    epoch_2_send: Difficulty(0xffff_fff8_0000_0000),
    epoch_2_receive: Difficulty(0xffff_fe00_0000_0000),
    entry: Difficulty(0xffff_fe00_0000_0000),
};

const DEV_GENESIS: Account = Account::from_bytes(hex::constant(
    "B0311EA55708D6A53C75CDBF88300259C6D018522FE3D4D0A242E431F9E8B6D0",
));
const BETA_GENESIS: Account = Account::from_bytes(hex::constant(
    "259A43ABDB779E97452E188BA3EB951B41C961D3318CA6B925380F4D99F0577A",
));
const LIVE_GENESIS: Account = Account::from_bytes(hex::constant(
    "E89208DD038FBB269987689621D52292AE9C35941A7484756ECCED92A65093BA",
));
const LIVE_EPOCH_2_SIGNER: Account = Account::from_bytes(hex::constant(
    "DD24A9200D4BF8247981E4AC63DBDE38FD2319386970A26D02ECC98C79975DB1",
));

const DEV_GENESIS_HASH: BlockHash = BlockHash::from_bytes(hex::constant(
    "04270D7F11C4B2B472F2854C5A59F2A7E84226CE9ED799DE75744BD7D85FC9D9",
));
const BETA_GENESIS_HASH: BlockHash = BlockHash::from_bytes(hex::constant(
    "01A92459E69440D5C1088D3B31F4CA678BE944BAB3776C2E6B7665E9BD99BD5A",
));
const LIVE_GENESIS_HASH: BlockHash = BlockHash::from_bytes(hex::constant(
    "991CF190094C00F0B68E2E5F75F6BEE95A2E0BD93CEAA4A6734DB9F19B728948",
));

#[cfg(test)]
mod tests {
    use blake2::digest::consts::U32;
    use blake2::{Blake2b, Digest};

    use super::*;
    use crate::nano::PrivateKey;

    const ALL: [Network; 4] = [Network::Sandbox, Network::Dev, Network::Beta, Network::Live];

    #[test]
    fn names_are_read_back() {
        for network in ALL {
            assert_eq!(network.to_string().parse(), Ok(network));
            let json = serde_json::to_string(&network).unwrap();
            assert_eq!(serde_json::from_str::<Network>(&json).unwrap(), network);
        }
        assert_eq!("LIVE".parse::<Network>(), Err(UnknownNetwork));
    }

    #[test]
    fn the_genesis_accounts_are_the_published_ones() {
        let addresses = [
            "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo",
            "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo",
            "nano_1betagoxpxwykx4kw86dnhosc8t3s7ix8eeentwkcg1hbpez1outjrcyg4n1",
            "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3",
        ];
        for (network, address) in ALL.into_iter().zip(addresses) {
            assert_eq!(network.genesis_account().to_string(), address);
        }
        let dev_key = PrivateKey::from_bytes(DEV_GENESIS_PRIVATE_KEY);
        assert_eq!(dev_key.account(), Network::Dev.genesis_account());
    }

    /// A legacy open block is hashed as source, representative, account, all three the genesis key.
    #[test]
    fn the_genesis_hashes_follow_from_the_accounts() {
        for network in ALL {
            let key = *network.genesis_account().as_bytes();
            let hash: [u8; 32] = Blake2b::<U32>::digest([key, key, key].concat()).into();
            assert_eq!(network.genesis_hash(), BlockHash::from_bytes(hash), "{network}");
        }
    }

    #[test]
    fn epoch_blocks_have_a_signer_and_others_have_none() {
        let signer = "nano_3qb6o6i1tkzr6jwr5s7eehfxwg9x6eemitdinbpi7u8bjjwsgqfj4wzser3x";
        let of = |network: Network, link| network.epoch_signer(&link);
        assert_eq!(of(Network::Live, Link::EPOCH_2), Some(signer.parse().unwrap()));
        assert_eq!(of(Network::Live, Link::EPOCH_1), Some(Network::Live.genesis_account()));
        assert_eq!(of(Network::Dev, Link::EPOCH_2), Some(Network::Dev.genesis_account()));
        assert_eq!(of(Network::Live, Link::ZERO), None);
    }

    #[test]
    fn a_send_is_never_easier_than_a_receive_or_the_entry() {
        for network in ALL {
            let Thresholds { epoch_1, epoch_2_send, epoch_2_receive, entry } = network.thresholds();
            assert!(epoch_2_send >= epoch_1 && epoch_1 >= epoch_2_receive, "{network}");
            assert_eq!(epoch_2_receive, entry, "{network}");
        }
    }
}
