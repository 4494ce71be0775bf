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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nano::{PrivateKey, SignedBlock, StateBlock, Subtype};
    use crate::wallet::SpendBlock;

    fn key() -> PrivateKey {
        PrivateKey::from_bytes([7; 32])
    }

    fn voter() -> Account {
        PrivateKey::from_bytes([8; 32]).account()
    }

    fn signed(block: StateBlock) -> SignedBlock {
        SignedBlock { block, signature: key().sign(&block.hash()), work: None }
    }

    fn head() -> StateBlock {
        StateBlock {
            account: key().account(),
            previous: BlockHash::from_bytes([1; 32]),
            representative: voter(),
            balance: Raw::new(1_000),
            link: BlockHash::from_bytes([2; 32]).into(),
        }
    }

    /// What an honest node says of a confirmed head.
    fn said(contents: SignedBlock) -> (AccountInfo, BlockInfo) {
        let (hash, balance) = (contents.hash(), contents.block.balance);
        let info = AccountInfo {
            frontier: hash,
            open_block: None,
            balance,
            representative: contents.block.representative,
            block_count: 2,
            confirmed_frontier: Some(hash),
            confirmed_height: 2,
            confirmed_balance: balance,
            receivable: Raw::ZERO,
            confirmed_receivable: Raw::ZERO,
        };
        let subtype = Subtype::Receive;
        let (amount, height) = (Raw::new(1), 2);
        let block =
            BlockInfo { contents, amount, height, successor: None, confirmed: true, subtype };
        (info, block)
    }

    fn judge((info, block): (AccountInfo, BlockInfo)) -> Result<Frontier, FrontierError> {
        Frontier::verify(Network::Dev, key().account(), &info, &block)
    }

    /// A send is built on what the account signed, and changes its balance by the amount and nothing else.
    #[test]
    fn a_send_takes_just_its_amount_and_keeps_the_representative() {
        let frontier = judge(said(signed(head()))).unwrap();
        let to = PrivateKey::from_bytes([9; 32]).account();
        let spend = SpendBlock::send(&frontier, Raw::new(400), to).unwrap();
        let expected = StateBlock {
            previous: head().hash(),
            balance: Raw::new(600),
            link: to.into(),
            ..head()
        };
        assert_eq!(spend.block, expected);
        assert!(SpendBlock::send(&frontier, Raw::new(1_000), to).is_ok());
        assert!(SpendBlock::send(&frontier, Raw::new(1_001), to).is_err());
        assert!(SpendBlock::send(&frontier, Raw::ZERO, to).is_err());
    }

    /// A balance that is said to be lower would make the same block move more.
    #[test]
    fn a_head_that_lies_or_is_not_confirmed_is_not_built_on() {
        let honest = || said(signed(head()));
        let with = |change: fn(&mut AccountInfo, &mut BlockInfo)| {
            let (mut info, mut block) = honest();
            change(&mut info, &mut block);
            judge((info, block)).unwrap_err()
        };
        let (claimed, true_one) = (Raw::new(999), Raw::new(1_000));
        assert_eq!(
            with(|info, _| info.balance = Raw::new(999)),
            FrontierError::Balance { claimed, signed: true_one }
        );
        let forged = with(|info, block| {
            block.contents.block.balance = Raw::new(999);
            (info.balance, info.frontier) = (Raw::new(999), block.contents.hash());
            info.confirmed_frontier = Some(info.frontier);
        });
        assert_eq!(forged, FrontierError::BadSignature);
        let other = |info: &mut AccountInfo, _: &mut BlockInfo| {
            info.frontier = BlockHash::from_bytes([3; 32]);
        };
        assert_eq!(with(other), FrontierError::OtherBlock);
        assert_eq!(with(|info, _| info.confirmed_frontier = None), FrontierError::Unconfirmed);
        assert_eq!(with(|_, block| block.confirmed = false), FrontierError::Unconfirmed);
        let (info, block) = honest();
        let stranger = Frontier::verify(Network::Dev, voter(), &info, &block);
        assert_eq!(stranger.unwrap_err(), FrontierError::OtherAccount);
    }
}
