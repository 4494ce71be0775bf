//! What the ledger keeps of a block. Plain data: nothing here may decide whether a block is valid.

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, Signature, SignedBlock, StateBlock, Subtype};

/// One block in the ledger.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) accepted: Accepted,
    /// Height in the account chain, from 1.
    pub(super) height: u64,
    pub(super) seen_at: Millis,
    /// Not to be cemented by age.
    pub(super) held: bool,
}

/// A block that passed every check.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub(super) signed: SignedBlock,
    pub(super) hash: BlockHash,
    pub(super) subtype: Subtype,
    pub(super) amount: Raw,
    pub(super) epoch: Epoch,
}

/// A send that nobody has received.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) source: Account,
    pub(super) amount: Raw,
    pub(super) epoch: Epoch,
}

/// The version of an account; it decides how much work its blocks need.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Epoch {
    Zero,
    One,
    Two,
}

impl Entry {
    pub(super) fn signed(&self) -> &SignedBlock {
        &self.accepted.signed
    }

    pub(super) fn block(&self) -> &StateBlock {
        &self.accepted.signed.block
    }

    pub(super) fn hash(&self) -> BlockHash {
        self.accepted.hash
    }

    pub(super) fn subtype(&self) -> Subtype {
        self.accepted.subtype
    }

    pub(super) fn amount(&self) -> Raw {
        self.accepted.amount
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.accepted.epoch
    }
}

impl Epoch {
    /// The epoch whose link this is.
    pub(super) fn of_link(link: &Link) -> Option<Self> {
        match *link {
            Link::EPOCH_1 => Some(Self::One),
            Link::EPOCH_2 => Some(Self::Two),
            _ => None,
        }
    }

    /// The only epoch an account may be upgraded to.
    pub(super) fn next(self) -> Option<Self> {
        match self {
            Self::Zero => Some(Self::One),
            Self::One => Some(Self::Two),
            Self::Two => None,
        }
    }
}

/// The real genesis is a legacy open block. Its hash is kept, so blocks on top of it are those of the dev network; its
/// content is not, for want of a type, and is never handed out.
pub(super) fn genesis_stand_in(account: Account, hash: BlockHash) -> Accepted {
    let block = StateBlock {
        account,
        previous: BlockHash::ZERO,
        representative: account,
        balance: Raw::MAX,
        link: Link::from(account),
    };
    let signed = SignedBlock { block, signature: Signature::from_bytes([0; 64]), work: None };
    Accepted { signed, hash, subtype: Subtype::Receive, amount: Raw::MAX, epoch: Epoch::Zero }
}
