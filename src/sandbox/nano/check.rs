//! May this block enter the ledger? The checks of a node, in its order, with its words.
//!
//! The order is that of nano-node's `json_handler.cpp` (`process`) and `ledger.cpp` (`ledger_processor`). Checking must
//! never change the ledger, and never trust what `subtype` says about a block.

use crate::money::Raw;
use crate::nano::{Account, BlockHash, Difficulty, SignedBlock, StateBlock, Subtype, work};

use super::entry::{Accepted, Epoch};
use super::ledger::Ledger;

/// Why a node refuses a block; the text is what it answers as `{"error": ...}`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Signed by neither the account nor, for an epoch block, the epoch signer.
    #[error("Bad signature")]
    BadSignature,
    /// The balance moved by another amount than the source sent, or without a source.
    #[error("Balance and amount delta do not match")]
    BalanceMismatch,
    /// An epoch block out of sequence.
    #[error("This block cannot follow the previous block")]
    BlockPosition,
    /// A block of the account whose key is zero.
    #[error("Block attempts to open the burn account")]
    BurnAccount,
    /// Another block has this place in the chain.
    #[error("Fork")]
    Fork,
    /// An epoch block opens an account that nothing was sent to.
    #[error("Gap pending for open epoch block")]
    GapEpochOpen,
    /// `previous` is not known.
    #[error("Gap previous block")]
    GapPrevious,
    /// The source is not known, or a first block names none.
    #[error("Gap source block")]
    GapSource,
    /// Enough work for some block, but not for this kind.
    #[error("Block work is insufficient")]
    InsufficientWork,
    /// The block cannot be read, for want of work.
    #[error("Block is invalid")]
    Invalid,
    /// Already in the ledger.
    #[error("Old block")]
    Old,
    /// An epoch block that changes the representative.
    #[error("Error processing block")]
    Other,
    /// `subtype` contradicts the balance: also what a block of ours answers when it is published again with `send`.
    #[error("Invalid block balance for given subtype")]
    SubtypeBalance,
    /// `subtype` says epoch and the link does not.
    #[error("Invalid epoch link")]
    SubtypeEpochLink,
    /// `subtype` contradicts `previous`.
    #[error("Invalid previous block for given subtype")]
    SubtypePrevious,
    /// Sent to another account, or received already.
    #[error("Unreceivable")]
    Unreceivable,
    /// Less work than any block needs.
    #[error("Block work is less than threshold")]
    WorkBelowEntry,
}

/// Whether signature and work are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proofs {
    /// Blocks from outside.
    Check,
    /// Blocks from our own journal, checked before they were written.
    Trust,
}

/// What the `process` call checks before the ledger sees the block: that it can be read, that `subtype` agrees with the
/// account's balance now, and that it carries the least work of all.
pub(super) fn check_request(
    ledger: &Ledger,
    signed: &SignedBlock,
    subtype: Option<Subtype>,
) -> Result<(), Refusal> {
    if signed.work.is_none() {
        return Err(Refusal::Invalid);
    }
    if let Some(subtype) = subtype {
        check_subtype(ledger, signed, subtype)?;
    }
    if difficulty(signed) < ledger.thresholds().entry.0 {
        return Err(Refusal::WorkBelowEntry);
    }
    Ok(())
}

/// What the ledger checks; the kind of the block is derived here, whatever `subtype` said.
pub(super) fn check_block(
    ledger: &Ledger,
    signed: &SignedBlock,
    proofs: Proofs,
) -> Result<Accepted, Refusal> {
    let hash = signed.hash();
    let accepted = match epoch_of(ledger, signed, hash, proofs)? {
        Some(epoch) => check_epoch(ledger, signed, hash, epoch, proofs)?,
        None => check_state(ledger, signed, hash, proofs)?,
    };
    let enough = proofs == Proofs::Trust
        || difficulty(signed) >= required(ledger, accepted.epoch, accepted.subtype).0;
    if enough { Ok(accepted) } else { Err(Refusal::InsufficientWork) }
}

/// Compares with the balance at the head, not with the one at `previous`: this is the trap of nano-node's `process`.
fn check_subtype(ledger: &Ledger, signed: &SignedBlock, subtype: Subtype) -> Result<(), Refusal> {
    let block = &signed.block;
    if !block.previous.is_zero() && !ledger.contains(&block.previous) {
        return Err(Refusal::GapPrevious);
    }
    let balance = ledger.head(&block.account).map_or(Raw::ZERO, |head| head.block().balance);
    let refusal = match subtype {
        Subtype::Send if balance <= block.balance => Refusal::SubtypeBalance,
        Subtype::Receive if balance > block.balance => Refusal::SubtypeBalance,
        Subtype::Open if !block.previous.is_zero() => Refusal::SubtypePrevious,
        Subtype::Change | Subtype::Epoch if balance != block.balance => Refusal::SubtypeBalance,
        Subtype::Change if block.previous.is_zero() => Refusal::SubtypePrevious,
        Subtype::Epoch if !block.link.is_epoch() => Refusal::SubtypeEpochLink,
        _ => return Ok(()),
    };
    Err(refusal)
}

/// The epoch this block upgrades to; `None` for an ordinary block, which one with an epoch link is when its balance
/// moves.
fn epoch_of(
    ledger: &Ledger,
    signed: &SignedBlock,
    hash: BlockHash,
    proofs: Proofs,
) -> Result<Option<Epoch>, Refusal> {
    let block = &signed.block;
    let Some(epoch) = Epoch::of_link(&block.link) else {
        return Ok(None);
    };
    let before = if block.previous.is_zero() {
        Raw::ZERO
    } else {
        match ledger.entry(&block.previous) {
            Some(previous) => previous.block().balance,
            None if signed_by(signed, &block.account, hash, proofs)
                || signed_by(signed, &ledger.epoch_signer(), hash, proofs) =>
            {
                return Err(Refusal::GapPrevious);
            }
            None => return Err(Refusal::BadSignature),
        }
    };
    Ok((block.balance == before).then_some(epoch))
}

fn check_state(
    ledger: &Ledger,
    signed: &SignedBlock,
    hash: BlockHash,
    proofs: Proofs,
) -> Result<Accepted, Refusal> {
    let block = &signed.block;
    check_identity(ledger, signed, hash, block.account, proofs)?;
    let (before, own_epoch) = match ledger.head(&block.account) {
        Some(head) => {
            check_place(ledger, &block.previous, head.hash())?;
            (head.block().balance, head.epoch())
        }
        None if !block.previous.is_zero() => return Err(Refusal::GapPrevious),
        None if block.link.is_zero() => return Err(Refusal::GapSource),
        None => (Raw::ZERO, Epoch::Zero),
    };
    let (subtype, amount, epoch) = match before.checked_sub(block.balance) {
        Some(sent) if !sent.is_zero() => (Subtype::Send, sent, own_epoch),
        _ if !block.link.is_zero() => {
            let (amount, epoch) = check_receive(ledger, block, before)?;
            (Subtype::Receive, amount, own_epoch.max(epoch))
        }
        Some(_) => (Subtype::Change, Raw::ZERO, own_epoch),
        None => return Err(Refusal::BalanceMismatch),
    };
    let signed = *signed;
    Ok(Accepted { signed, hash, subtype, amount, epoch })
}

/// The amount and the epoch of the send that the block receives.
fn check_receive(
    ledger: &Ledger,
    block: &StateBlock,
    before: Raw,
) -> Result<(Raw, Epoch), Refusal> {
    let source = block.link.as_hash();
    if !ledger.contains(&source) {
        return Err(Refusal::GapSource);
    }
    let waiting = ledger.waiting(&block.account, &source).ok_or(Refusal::Unreceivable)?;
    if before.checked_add(waiting.amount) != Some(block.balance) {
        return Err(Refusal::BalanceMismatch);
    }
    Ok((waiting.amount, waiting.epoch))
}

fn check_epoch(
    ledger: &Ledger,
    signed: &SignedBlock,
    hash: BlockHash,
    epoch: Epoch,
    proofs: Proofs,
) -> Result<Accepted, Refusal> {
    let block = &signed.block;
    check_identity(ledger, signed, hash, ledger.epoch_signer(), proofs)?;
    let in_sequence = match ledger.head(&block.account) {
        Some(head) => {
            check_place(ledger, &block.previous, head.hash())?;
            if block.representative != head.block().representative {
                return Err(Refusal::Other);
            }
            head.epoch().next() == Some(epoch)
        }
        None if !block.previous.is_zero() => return Err(Refusal::GapPrevious),
        None if block.representative != Account::BURN => return Err(Refusal::Other),
        None if !ledger.has_receivable(&block.account) => return Err(Refusal::GapEpochOpen),
        None => true,
    };
    if !in_sequence {
        return Err(Refusal::BlockPosition);
    }
    let signed = *signed;
    Ok(Accepted { signed, hash, subtype: Subtype::Epoch, amount: Raw::ZERO, epoch })
}

/// Seen before, signed, and of an account that can have blocks.
fn check_identity(
    ledger: &Ledger,
    signed: &SignedBlock,
    hash: BlockHash,
    signer: Account,
    proofs: Proofs,
) -> Result<(), Refusal> {
    if ledger.contains(&hash) {
        return Err(Refusal::Old);
    }
    if !signed_by(signed, &signer, hash, proofs) {
        return Err(Refusal::BadSignature);
    }
    if signed.block.account == Account::BURN {
        return Err(Refusal::BurnAccount);
    }
    Ok(())
}

fn check_place(ledger: &Ledger, previous: &BlockHash, head: BlockHash) -> Result<(), Refusal> {
    if previous.is_zero() {
        Err(Refusal::Fork)
    } else if !ledger.contains(previous) {
        Err(Refusal::GapPrevious)
    } else if *previous != head {
        Err(Refusal::Fork)
    } else {
        Ok(())
    }
}

fn signed_by(signed: &SignedBlock, signer: &Account, hash: BlockHash, proofs: Proofs) -> bool {
    proofs == Proofs::Trust || crate::nano::verify(signer, &hash, &signed.signature)
}

fn required(ledger: &Ledger, epoch: Epoch, subtype: Subtype) -> Difficulty {
    let thresholds = ledger.thresholds();
    match (epoch, subtype) {
        (Epoch::Zero | Epoch::One, _) => thresholds.epoch_1,
        (Epoch::Two, Subtype::Send | Subtype::Change) => thresholds.epoch_2_send,
        (Epoch::Two, Subtype::Open | Subtype::Receive | Subtype::Epoch) => {
            thresholds.epoch_2_receive
        }
    }
}

/// The difficulty a block reached; 0 for one without work, which no threshold lets in.
fn difficulty(signed: &SignedBlock) -> u64 {
    signed.work.map_or(0, |work| work::value(work, &signed.block.root()))
}
