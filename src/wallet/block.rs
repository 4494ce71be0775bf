//! Blocks that may be signed: spends, which need a grant, and others, which cannot lower the balance.

use super::Frontier;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, StateBlock, Subtype};

/// A send, unsigned.
#[derive(Debug)]
pub struct SpendBlock {
    pub(super) block: StateBlock,
    pub(super) amount: Raw,
    pub(super) destination: Account,
}

/// A receive, open or change, unsigned; by construction the balance does not fall.
#[derive(Debug)]
pub struct NonSpendBlock {
    pub(super) block: StateBlock,
    pub(super) subtype: Subtype,
}

/// Why a block cannot be built.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// Nothing would move.
    #[error("the amount is zero")]
    Zero,
    /// The head does not cover it.
    #[error("the account holds {balance} raw, {asked} raw were asked")]
    Insufficient {
        /// The balance at the head.
        balance: Raw,
        /// What was asked.
        asked: Raw,
    },
    /// The account has no block yet.
    #[error("the account has received nothing yet")]
    Unopened,
    /// More than all money there is.
    #[error("the balance would overflow")]
    Overflow,
}

impl SpendBlock {
    /// A send of `amount` to `destination` on top of `frontier`.
    ///
    /// # Errors
    /// When the head does not cover a positive amount.
    pub fn send(
        frontier: &Frontier,
        amount: Raw,
        destination: Account,
    ) -> Result<Self, BuildError> {
        if amount.is_zero() {
            return Err(BuildError::Zero);
        }
        let representative = frontier.representative().ok_or(BuildError::Unopened)?;
        let insufficient = BuildError::Insufficient { balance: frontier.balance(), asked: amount };
        let balance = frontier.balance().checked_sub(amount).ok_or(insufficient)?;
        let block = StateBlock {
            account: frontier.account(),
            previous: frontier.hash(),
            representative,
            balance,
            link: Link::from(destination),
        };
        Ok(Self { block, amount, destination })
    }
}

impl NonSpendBlock {
    /// Receives `amount` from the send `source`. An account's first block names `representative`.
    ///
    /// # Errors
    /// When nothing would come in, or more than there is.
    pub fn receive(
        frontier: &Frontier,
        source: BlockHash,
        amount: Raw,
        representative: Account,
    ) -> Result<Self, BuildError> {
        if amount.is_zero() {
            return Err(BuildError::Zero);
        }
        let balance = frontier.balance().checked_add(amount).ok_or(BuildError::Overflow)?;
        assert!(balance > frontier.balance(), "a receive raises the balance");
        let opens = frontier.hash().is_zero();
        let block = StateBlock {
            account: frontier.account(),
            previous: frontier.hash(),
            representative: frontier.representative().unwrap_or(representative),
            balance,
            link: Link::from(source),
        };
        Ok(Self { block, subtype: if opens { Subtype::Open } else { Subtype::Receive } })
    }

    /// Names `representative` and moves nothing. With the representative the account has, it only takes a place.
    ///
    /// # Errors
    /// When the account has no block yet.
    pub fn change(frontier: &Frontier, representative: Account) -> Result<Self, BuildError> {
        if frontier.hash().is_zero() {
            return Err(BuildError::Unopened);
        }
        let block = StateBlock {
            account: frontier.account(),
            previous: frontier.hash(),
            representative,
            balance: frontier.balance(),
            link: Link::ZERO,
        };
        Ok(Self { block, subtype: Subtype::Change })
    }

    /// The block's kind.
    pub fn subtype(&self) -> Subtype {
        self.subtype
    }
}
