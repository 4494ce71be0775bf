//! What the network tells of its own accord: a block was cemented.
//!
//! The ledger moves on when somebody asks; [`SandboxNode::announce`] asks in time, so that news need no caller. News
//! must never be told of a block that is not cemented, and nothing may be decided from them here.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast};

use crate::clock::Millis;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};
use crate::network::{Confirmation, Confirmations, Heard};

use super::entry::Entry;
use super::ledger::Cause;
use super::node::SandboxNode;

/// A block that was cemented just now.
#[derive(Clone, Debug)]
pub(super) struct Cemented {
    pub(super) hash: BlockHash,
    pub(super) signed: SignedBlock,
    pub(super) amount: Raw,
    pub(super) subtype: Subtype,
    pub(super) cause: Cause,
    pub(super) at: Millis,
}

/// The listeners.
#[derive(Debug)]
pub(super) struct News {
    /// Websockets, which filter for themselves.
    all: broadcast::Sender<Arc<Cemented>>,
    /// A wallet in this process, which named its accounts.
    port: broadcast::Sender<Confirmation>,
    followed: HashSet<Account>,
    stirred: Arc<Notify>,
}

impl SandboxNode {
    /// Keeps the network moving until the node is gone, so that news come when a block is cemented and not when
    /// somebody next asks. For one task, on a clock that runs by itself: a virtual one would be driven by it.
    pub fn announce(&self) -> impl Future<Output = ()> + Send + 'static {
        let node = self.downgrade();
        let clock = Arc::clone(self.clock());
        async move {
            while let Some(node) = node() {
                let (wait, stirred) = node.next_move();
                drop(node);
                tokio::select! {
                    () = clock.sleep(wait) => {}
                    () = stirred.notified() => {}
                }
            }
        }
    }

    /// Every block that is cemented from now on.
    pub(super) fn cementings(&self) -> broadcast::Receiver<Arc<Cemented>> {
        self.state().news.all.subscribe()
    }

    fn next_move(&self) -> (Duration, Arc<Notify>) {
        let state = self.state();
        let wait = state
            .next_move(self.confirmation_delay())
            .map_or(limits::SANDBOX_NEWS_IDLE, |due| due.since(state.now).max(LEAST_WAIT));
        (wait, Arc::clone(&state.news.stirred))
    }
}

impl Confirmations for SandboxNode {
    fn follow(&self, accounts: &[Account]) {
        self.state().news.followed.extend(accounts);
    }

    fn subscribe(&self) -> Heard {
        Heard::new(self.state().news.port.subscribe())
    }
}

impl News {
    /// Whoever waits for the next thing to happen has to look again.
    pub(super) fn stir(&self) {
        self.stirred.notify_one();
    }

    /// Tells all who listen; nobody listening is no trouble.
    pub(super) fn tell(&self, cemented: Cemented) {
        let ours = self.followed.contains(&cemented.signed.block.account)
            || cemented.destination().is_some_and(|account| self.followed.contains(&account));
        if ours {
            let _ = self.port.send(Confirmation::Block {
                account: cemented.signed.block.account,
                hash: cemented.hash,
                amount: cemented.amount,
                subtype: Some(cemented.subtype),
                destination: cemented.destination(),
            });
        }
        let _ = self.all.send(Arc::new(cemented));
    }
}

impl Default for News {
    fn default() -> Self {
        Self {
            all: broadcast::Sender::new(limits::SANDBOX_NEWS_WAITING),
            port: broadcast::Sender::new(limits::SANDBOX_NEWS_WAITING),
            followed: HashSet::new(),
            stirred: Arc::default(),
        }
    }
}

impl Cemented {
    pub(super) fn new(entry: &Entry, cause: Cause, at: Millis) -> Self {
        Self {
            hash: entry.hash(),
            signed: *entry.signed(),
            amount: entry.amount(),
            subtype: entry.subtype(),
            cause,
            at,
        }
    }

    fn destination(&self) -> Option<Account> {
        (self.subtype == Subtype::Send).then(|| self.signed.block.link.as_account())
    }
}

/// A block may be due in the very millisecond that was looked at.
const LEAST_WAIT: Duration = Duration::from_millis(1);
