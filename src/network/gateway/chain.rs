//! An account chain as single blocks tell it: the head, what of it is confirmed, what stands after a block.
//!
//! Every step of a walk is checked: the block has the hash it was asked for by and belongs to the account. A walk must
//! never go on without an end.

use super::Gateway;
use super::refusal::UpstreamError;
use super::wire::{Balance, Contents, Head, Publish, Published};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, SignedBlock, Subtype};
use crate::network::rpc::{BlockAnswer, Shown};
use crate::network::{AccountBalance, AccountInfo, BlockInfo, NodeError, Place};

impl Gateway {
    /// The head of an account as its own block shows it; the balance is what the gateway claims, for the caller to
    /// compare.
    pub(super) async fn head(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        let Some(claimed) = self.claimed_head(account).await? else { return Ok(None) };
        let (head, waiting) =
            futures_util::join!(self.own(account, claimed.frontier), self.balance(account));
        let (head, waiting) = (head?, waiting?);
        let confirmed = self.confirmed_below(account, &head).await?;
        let balance_at = |info: &BlockInfo| match info.height == head.height {
            true => claimed.balance,
            false => info.contents.block.balance,
        };
        Ok(Some(AccountInfo {
            frontier: claimed.frontier,
            open_block: (head.height == 1).then_some(claimed.frontier),
            balance: claimed.balance,
            representative: head.contents.block.representative,
            block_count: head.height,
            confirmed_frontier: confirmed.as_ref().map(|info| info.contents.hash()),
            confirmed_height: confirmed.as_ref().map_or(0, |info| info.height),
            confirmed_balance: confirmed.as_ref().map_or(Raw::ZERO, balance_at),
            receivable: waiting.receivable,
            // It does not say which part is confirmed; rather none than too much.
            confirmed_receivable: Raw::ZERO,
        }))
    }

    /// What it says an account holds.
    pub(super) async fn balance(&self, account: Account) -> Result<AccountBalance, NodeError> {
        let text = account.to_string();
        match self.upstream.read::<Balance>(&["wallet", "balance", &text]).await {
            Ok(told) if told.account != account => {
                Err(nonsense("ifenpay tells the balance of another account"))
            }
            Ok(told) => {
                Ok(AccountBalance { balance: told.balance_raw, receivable: told.pending_raw })
            }
            Err(error) if error.denies(ACCOUNT_NOT_FOUND) => Ok(AccountBalance::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// One block; those of before 2018 are [`NodeError::Garbled`].
    pub(super) async fn block(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        match self.shown(hash).await? {
            None => Ok(None),
            Some(Shown::State(info)) => Ok(Some(*info)),
            Some(Shown::Legacy) => Err(nonsense("the block is of before state blocks")),
        }
    }

    /// One block of whatever kind.
    pub(super) async fn shown(&self, hash: BlockHash) -> Result<Option<Shown>, NodeError> {
        let text = hash.to_string();
        match self.upstream.read::<BlockAnswer>(&["block", "info", &text]).await {
            Ok(told) => {
                let subtype = match told.undecided() {
                    Some(signed) => Some(self.subtype_of(&signed).await?),
                    None => None,
                };
                told.or_subtype(subtype).checked(hash).map(Some)
            }
            Err(error) if error.denies(BLOCK_NOT_FOUND) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What stands after `previous`: found by walking back from the head.
    pub(super) async fn place(
        &self,
        account: Account,
        previous: BlockHash,
    ) -> Result<Option<Place>, NodeError> {
        let Some(claimed) = self.claimed_head(account).await? else {
            return Ok(previous.is_zero().then_some(Place::Free));
        };
        let mut hash = claimed.frontier;
        if hash == previous {
            return Ok(Some(Place::Free));
        }
        for _ in 0..limits::GATEWAY_WALK {
            let before = self.own(account, hash).await?.contents.block.previous;
            if before == previous {
                return Ok(Some(Place::Taken(hash)));
            }
            if before.is_zero() {
                return Ok(None);
            }
            hash = before;
        }
        let most = limits::GATEWAY_WALK;
        Err(nonsense(format!("the block lies more than {most} blocks below the head")))
    }

    /// Publishes; ifenpay wants to be told what the block does, which the block before it shows.
    pub(super) async fn publish(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let subtype = match subtype {
            Some(subtype) => subtype,
            None => self.subtype_of(block).await?,
        };
        let asked = Publish { subtype, block };
        let told: Published = self.upstream.post(&["block", "publish"], &asked).await?;
        match told.success {
            true => Ok(block.hash()),
            false => Err(NodeError::Refused { message: "success is false".to_owned() }),
        }
    }

    /// What it says the head is; nothing may be built on it.
    pub(super) async fn claimed_head(&self, account: Account) -> Result<Option<Head>, NodeError> {
        let text = account.to_string();
        let told: Result<Head, UpstreamError> =
            self.upstream.read(&["account", "info", &text]).await;
        match told {
            Ok(head) if head.frontier.is_zero() => {
                Err(nonsense("an account with a block that has no head"))
            }
            Ok(head) => Ok(Some(head)),
            Err(error) if error.denies(ACCOUNT_NOT_FOUND) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The newest confirmed block at or below `head`, as far down as is looked.
    async fn confirmed_below(
        &self,
        account: Account,
        head: &BlockInfo,
    ) -> Result<Option<BlockInfo>, NodeError> {
        let mut info = head.clone();
        for _ in 0..limits::GATEWAY_WALK {
            let previous = info.contents.block.previous;
            if info.confirmed {
                return Ok(Some(info));
            }
            if previous.is_zero() {
                return Ok(None);
            }
            let before = self.own(account, previous).await?;
            if before.height.checked_add(1) != Some(info.height) {
                return Err(nonsense("the heights of two neighbouring blocks do not fit"));
            }
            info = before;
        }
        Ok(None)
    }

    /// A block that must be there and be the account's.
    pub(super) async fn own(
        &self,
        account: Account,
        hash: BlockHash,
    ) -> Result<BlockInfo, NodeError> {
        match self.block(hash).await? {
            Some(info) if info.contents.block.account == account => Ok(info),
            Some(_) => Err(nonsense("a block of the chain belongs to another account")),
            None => Err(nonsense("ifenpay names a block of the chain it does not know")),
        }
    }

    /// What a block does, by the balance before it.
    async fn subtype_of(&self, signed: &SignedBlock) -> Result<Subtype, NodeError> {
        let block = &signed.block;
        if block.previous.is_zero() {
            return Ok(Subtype::Open);
        }
        if block.link.is_epoch() {
            return Ok(Subtype::Epoch);
        }
        if block.link == Link::ZERO {
            return Ok(Subtype::Change);
        }
        let text = block.previous.to_string();
        let before: Contents = self.upstream.read(&["block", "info", &text]).await?;
        if before.contents.hash() != block.previous {
            return Err(nonsense("ifenpay shows another block than the one asked for"));
        }
        let before = before.contents.block.balance;
        Ok(if block.balance < before { Subtype::Send } else { Subtype::Receive })
    }
}

/// An answer that says what cannot be.
pub(super) fn nonsense(detail: impl Into<String>) -> NodeError {
    NodeError::Garbled { detail: detail.into() }
}

/// What the node behind it says that has no such account.
const ACCOUNT_NOT_FOUND: &str = "Account not found";
/// The same for a block.
const BLOCK_NOT_FOUND: &str = "Block not found";
