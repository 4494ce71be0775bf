//! Block hashes and the two other 32-byte values of a block: its link and its proof-of-work root.
//!
//! Each is a type of its own so that none can stand in for another.

use super::Account;
use super::hex::hex_text;

/// The BLAKE2b-256 hash that names a block. Text: 64 hexadecimal digits, upper case out, any case in.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BlockHash([u8; 32]);

/// What a block refers to besides its own chain: a destination, a source block, or nothing. Text as [`BlockHash`].
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Link([u8; 32]);

/// What proof of work is made for: the previous block, or the account for its first block. Text as [`BlockHash`].
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Root([u8; 32]);

/// The accessors every 32-byte value has.
macro_rules! bytes_32 {
    ($type:ident) => {
        impl $type {
            /// The value of these bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        hex_text!($type);
    };
}
bytes_32!(BlockHash);
bytes_32!(Link);
bytes_32!(Root);

impl BlockHash {
    /// The previous hash of a first block, which has none.
    pub const ZERO: Self = Self([0; 32]);

    /// Whether this is [`BlockHash::ZERO`].
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl Link {
    /// The link of a block that only changes the representative.
    pub const ZERO: Self = Self([0; 32]);
    /// "epoch v1 block" in ASCII, padded with zeros.
    pub const EPOCH_1: Self = Self(padded(b"epoch v1 block"));
    /// "epoch v2 block" in ASCII, padded with zeros.
    pub const EPOCH_2: Self = Self(padded(b"epoch v2 block"));

    /// Whether this is [`Link::ZERO`].
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The destination, if the block is a send.
    pub const fn as_account(&self) -> Account {
        Account::from_bytes(self.0)
    }

    /// The send block received, if the block is a receive.
    pub const fn as_hash(&self) -> BlockHash {
        BlockHash(self.0)
    }

    /// Whether the link marks an epoch block, which the network puts on a chain without its owner.
    pub fn is_epoch(&self) -> bool {
        [Self::EPOCH_1, Self::EPOCH_2].contains(self)
    }
}

impl From<Account> for Link {
    /// The link of a send to `destination`.
    fn from(destination: Account) -> Self {
        Self(*destination.as_bytes())
    }
}

impl From<BlockHash> for Link {
    /// The link of a receive of the send block `source`.
    fn from(source: BlockHash) -> Self {
        Self(source.0)
    }
}

impl From<BlockHash> for Root {
    /// The root of the block after `previous`.
    fn from(previous: BlockHash) -> Self {
        Self(previous.0)
    }
}

impl From<Account> for Root {
    /// The root of the first block of `account`.
    fn from(account: Account) -> Self {
        Self(*account.as_bytes())
    }
}

const fn padded(text: &[u8; 14]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (start, _) = bytes.split_at_mut(text.len());
    start.copy_from_slice(text);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn epoch_links_are_the_padded_texts() {
        let text = "65706F636820763220626C6F636B000000000000000000000000000000000000";
        assert_eq!(Link::EPOCH_2.to_string(), text);
        assert_eq!(Link::EPOCH_1.to_string(), text.replacen("32", "31", 1));
        assert!(Link::EPOCH_1.is_epoch() && Link::EPOCH_2.is_epoch());
        assert!(!Link::ZERO.is_epoch());
    }

    #[test]
    fn zero_is_told_from_everything_else() {
        let mut bytes = [0; 32];
        assert!(BlockHash::from_bytes(bytes).is_zero() && Link::from_bytes(bytes).is_zero());
        for at in [0, 15, 31] {
            bytes[at] = 1;
            assert!(!BlockHash::from_bytes(bytes).is_zero() && !Link::from_bytes(bytes).is_zero());
            bytes[at] = 0;
        }
        assert!(!Link::EPOCH_1.is_zero());
    }

    #[test]
    fn a_link_and_a_root_are_the_bytes_they_are_made_of() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let (account, hash) = (Account::from_bytes(bytes), BlockHash::from_bytes(bytes));
        assert_eq!((Link::from(account).as_account(), Link::from(hash).as_hash()), (account, hash));
        assert_eq!(Link::from(account).as_bytes(), &bytes);
        assert_eq!((Root::from(account), Root::from(hash).as_bytes()), (hash.into(), &bytes));
    }

    proptest! {
        #[test]
        fn a_hash_survives_text_and_json(bytes: [u8; 32]) {
            let hash = BlockHash::from_bytes(bytes);
            let text = hash.to_string();
            prop_assert_eq!(&text, &text.to_ascii_uppercase());
            prop_assert_eq!(text.parse::<BlockHash>(), Ok(hash));
            prop_assert_eq!(text.to_ascii_lowercase().parse::<BlockHash>(), Ok(hash));
            let json = serde_json::to_string(&hash).unwrap();
            prop_assert_eq!(serde_json::from_str::<BlockHash>(&json).unwrap(), hash);
            prop_assert_eq!(Link::from(hash).as_hash(), hash);
        }
    }
}
