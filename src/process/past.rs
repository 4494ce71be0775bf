//! Whether imported keys were used before: money, budgets and payments of that time are on no ledger of ours.
//!
//! A node's word is enough to warn; nothing here books anything, and silence is never taken for "never used".

use super::boot::Boot;
use crate::books::{Body, PastAccount};
use crate::clock::Millis;
use crate::failure::Failure;
use crate::limits;
use crate::network::{Node, NodeError};
use crate::wallet::KeyMaterial;

/// What is known of the past of imported keys.
#[derive(Clone, Debug)]
pub enum Past {
    /// The network was asked.
    Reached(Vec<Found>),
    /// It could not be asked.
    NotReached {
        /// Why.
        why: String,
    },
}

/// An account that was used before.
#[derive(Clone, Debug)]
pub struct Found {
    /// What goes on the ledger.
    pub account: PastAccount,
    /// When the node saw its last block.
    pub last: Option<Millis>,
}

impl Past {
    /// Whether the owner must say to know.
    pub fn needs_acknowledgement(&self) -> bool {
        match self {
            Self::Reached(found) => !found.is_empty(),
            Self::NotReached { .. } => true,
        }
    }

    /// Accounts that were used before.
    pub fn found(&self) -> &[Found] {
        match self {
            Self::Reached(found) => found,
            Self::NotReached { .. } => &[],
        }
    }

    /// The event that says the owner knows.
    pub(super) fn event(&self) -> Body {
        Body::HistoryAcknowledged {
            network_reached: matches!(self, Self::Reached(_)),
            accounts: self.found().iter().map(|found| found.account.clone()).collect(),
        }
    }
}

impl Boot {
    /// Asks the network for the past of these accounts; takes its time, but not without an end.
    pub async fn look_for_past(&self, keys: &KeyMaterial, indexes: &[u32]) -> Past {
        let asked = async {
            let around = self.surround(&self.reach, true);
            let node = around.map_err(|failure: Failure| failure.message)?.0.node;
            let mut found = Vec::new();
            for index in indexes {
                let one = look(&*node, keys, *index).await;
                found.extend(one.map_err(|error| error.to_string())?);
            }
            Ok(found)
        };
        let late = || format!("no answer within {} s", limits::HISTORY_LOOK.as_secs());
        let asked: Result<Vec<Found>, String> = tokio::select! {
            asked = asked => asked,
            () = self.clock.sleep(limits::HISTORY_LOOK) => Err(late()),
        };
        match asked {
            Ok(found) => Past::Reached(found),
            Err(why) => Past::NotReached { why },
        }
    }
}

async fn look(node: &dyn Node, keys: &KeyMaterial, index: u32) -> Result<Option<Found>, NodeError> {
    let Some(account) = keys.account(index) else { return Ok(None) };
    let Some(info) = node.account_info(account).await? else { return Ok(None) };
    // Only for the owner's eyes; a node that does not keep times is no reason to stop.
    let page = node.account_history(account, None, 1).await.unwrap_or_default();
    let last = page.blocks.first().and_then(|block| block.local_timestamp);
    let account = PastAccount {
        index,
        account,
        frontier: info.frontier,
        balance_raw: info.balance,
        blocks: info.block_count,
    };
    Ok(Some(Found { account, last }))
}
