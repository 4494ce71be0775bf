//! The head of an account, checked so that a lying node cannot make the wallet move more than was asked.

use crate::money::Raw;
use crate::nano::{Account, BlockHash, Network};
use crate::network::{AccountInfo, BlockInfo};

/// A confirmed account head whose block was checked by hash and signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frontier {
    account: Account,
    hash: BlockHash,
    balance: Raw,
    representative: Option<Account>,
}

/// Why a block may not be built on what the node says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrontierError {
    /// The head is not cemented yet.
    #[error("the head of the account is not confirmed yet")]
    Unconfirmed,
    /// The node named one block and showed another.
    #[error("the node shows a block that is not the head it named")]
    OtherBlock,
    /// The block is another account's.
    #[error("the head the node shows is not a block of this account")]
    OtherAccount,
    /// Nobody who may has signed the block.
    #[error("the head the node shows is not signed by the account")]
    BadSignature,
    /// The block says another balance than the node.
    #[error("the node says a balance of {claimed} raw, the signed head says {signed} raw")]
    Balance {
        /// What the node says.
        claimed: Raw,
        /// What is signed.
        signed: Raw,
    },
}

impl Frontier {
    /// An account without a block.
    pub fn unopened(account: Account) -> Self {
        Self { account, hash: BlockHash::ZERO, balance: Raw::ZERO, representative: None }
    }

    /// Checks what a node says against the signed block itself.
    ///
    /// # Errors
    /// When the head is unconfirmed or does not prove what the node says.
    pub fn verify(
        network: Network,
        account: Account,
        info: &AccountInfo,
        head: &BlockInfo,
    ) -> Result<Self, FrontierError> {
        let block = &head.contents.block;
        if head.contents.hash() != info.frontier {
            return Err(FrontierError::OtherBlock);
        }
        if block.account != account {
            return Err(FrontierError::OtherAccount);
        }
        let epoch_signer = network.epoch_signer(&block.link);
        let signed = head.contents.verify()
            || epoch_signer.is_some_and(|signer| head.contents.verify_by(&signer));
        if !signed {
            return Err(FrontierError::BadSignature);
        }
        if block.balance != info.balance {
            return Err(FrontierError::Balance { claimed: info.balance, signed: block.balance });
        }
        if info.confirmed_frontier != Some(info.frontier) || !head.confirmed {
            return Err(FrontierError::Unconfirmed);
        }
        Ok(Self {
            account,
            hash: info.frontier,
            balance: block.balance,
            representative: Some(block.representative),
        })
    }

    /// Whose head it is.
    pub fn account(&self) -> Account {
        self.account
    }

    /// The head; zero before the first block.
    pub fn hash(&self) -> BlockHash {
        self.hash
    }

    /// The balance there.
    pub fn balance(&self) -> Raw {
        self.balance
    }

    /// The representative there.
    pub fn representative(&self) -> Option<Account> {
        self.representative
    }
}
