//! The Nano rail: what the network knows of one of our blocks.
//!
//! Publishing is left to `engine::drive`. Nothing is concluded here from a `process` error, and nothing a node shows
//! is believed before its hash and signature were checked.

use crate::nano::{Account, BlockHash, Network, SignedBlock};
use crate::network::{BlockInfo, Node, NodeError, Place};
use crate::payment::{Rival, RivalKind, Sight};
use crate::wallet::{Frontier, FrontierError};

/// Looks for `block` and for what stands in its place. `is_ours` knows the wallet's own blocks.
pub async fn observe(
    node: &dyn Node,
    network: Network,
    block: &SignedBlock,
    is_ours: impl Fn(&BlockHash) -> bool + Send,
) -> Sight {
    match look(node, network, block, is_ours).await {
        Ok(sight) => sight,
        Err(error) => {
            tracing::debug!(%error, "no usable answer about a block");
            Sight::Silent
        }
    }
}

/// The verified head of an account; `None` in the answer's place when the node's words do not fit together.
///
/// # Errors
/// The node's, or what is wrong with what it shows.
pub async fn frontier(
    node: &dyn Node,
    network: Network,
    account: Account,
) -> Result<Frontier, LookError> {
    let Some(info) = node.account_info(account).await? else {
        return Ok(Frontier::unopened(account));
    };
    let head = node.block_info(info.frontier).await?.ok_or(FrontierError::OtherBlock)?;
    Ok(Frontier::verify(network, account, &info, &head)?)
}

/// Why the wallet cannot tell what the network holds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LookError {
    /// The node gave no usable answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node's words do not prove what they say.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
}

async fn look(
    node: &dyn Node,
    network: Network,
    block: &SignedBlock,
    is_ours: impl Fn(&BlockHash) -> bool + Send,
) -> Result<Sight, NodeError> {
    let hash = block.hash();
    if let Some(info) = node.block_info(hash).await? {
        return Ok(match info.contents.hash() == hash {
            true => Sight::Known { confirmed: info.confirmed },
            false => Sight::Silent,
        });
    }
    let place = node.place_after(block.block.account, block.block.previous).await?;
    let Some(next) = place else {
        return Ok(Sight::PreviousGone);
    };
    match next {
        Place::Free => Ok(Sight::Absent),
        // It arrived between two questions.
        Place::Taken(taken) if taken == hash => Ok(Sight::Known { confirmed: false }),
        Place::Taken(taken) => match node.block_info(taken).await? {
            Some(info) => Ok(rival(network, block, taken, &info, is_ours)),
            None => Ok(Sight::Silent),
        },
    }
}

/// A rival counts only if it proves itself: its own hash, our previous, and a signature that may extend the account.
fn rival(
    network: Network,
    block: &SignedBlock,
    hash: BlockHash,
    info: &BlockInfo,
    is_ours: impl Fn(&BlockHash) -> bool,
) -> Sight {
    let other = &info.contents;
    let same_place =
        other.block.previous == block.block.previous && other.block.account == block.block.account;
    if other.hash() != hash || !same_place {
        return Sight::Silent;
    }
    let epoch =
        network.epoch_signer(&other.block.link).is_some_and(|signer| other.verify_by(&signer));
    let kind = if epoch {
        RivalKind::Epoch
    } else if !other.verify() {
        return Sight::Silent;
    } else if is_ours(&hash) {
        RivalKind::Ours
    } else {
        RivalKind::Foreign
    };
    Sight::Rival(Rival { hash, confirmed: info.confirmed, kind })
}
