//! All configured nodes as one: health, failing over, agreement.
//!
//! Reads that decide about money (`account_info`, `block_info`) are put to every node, and `agreement` says what their
//! answers amount to; with fewer than two answers there is none. Reads that only say where to look (`receivable`,
//! `accounts_receivable`, `accounts_balances`, `account_history`) go to the first node that answers, in the order the
//! operator gave. A block is published to every node: the same bytes twice harm nobody, and no node alone can hold one
//! back. A node on another network is never asked anything.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use super::health::Health;
use super::rpc::{About, Rpc, Shown, unreachable};
use super::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Receivable, agreement,
};
use crate::clock::Clock;
use crate::fetch::{Client, Endpoint};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Network, SignedBlock, Subtype};

/// The nodes the operator set, as one [`Node`].
pub struct NodeClient {
    nodes: Vec<Peer>,
    network: Network,
    clock: Arc<dyn Clock>,
}

/// Why a list of nodes cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NodesError {
    /// Nobody to ask.
    #[error("no node is set")]
    None,
    /// More than there may be.
    #[error("{found} nodes are set, at most {} are used", limits::NODES)]
    TooMany {
        /// Nodes in the list.
        found: usize,
    },
    /// One node twice would agree with itself.
    #[error("{origin} is set twice: one node cannot confirm what it says itself")]
    Twice {
        /// The node.
        origin: String,
    },
}

/// One node in a report for the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Probe {
    /// Scheme, host and port.
    pub origin: String,
    /// What it says about itself, or why it cannot be used.
    pub about: Result<About, NodeError>,
}

struct Peer {
    rpc: Rpc,
    health: Mutex<Health>,
    /// Whether it was seen to be on our network.
    known: AtomicBool,
}

impl NodeClient {
    /// The nodes at `endpoints`, of which the first is asked first.
    ///
    /// # Errors
    /// [`NodesError`].
    pub fn new(
        endpoints: Vec<Endpoint>,
        client: &Client,
        clock: Arc<dyn Clock>,
        network: Network,
    ) -> Result<Self, NodesError> {
        let nodes = endpoints.into_iter().map(|endpoint| Rpc::new(client.clone(), endpoint));
        Self::of(nodes.collect(), clock, network)
    }

    /// As [`Self::new`], of clients that are there.
    ///
    /// # Errors
    /// [`NodesError`].
    pub fn of(
        nodes: Vec<Rpc>,
        clock: Arc<dyn Clock>,
        network: Network,
    ) -> Result<Self, NodesError> {
        match nodes.len() {
            0 => return Err(NodesError::None),
            found if found > limits::NODES => return Err(NodesError::TooMany { found }),
            _ => {}
        }
        for (place, node) in nodes.iter().enumerate() {
            let same = |other: &Rpc| other.endpoint().url == node.endpoint().url;
            if nodes[..place].iter().any(same) {
                return Err(NodesError::Twice { origin: node.origin() });
            }
        }
        let nodes = nodes.into_iter().map(Peer::new).collect();
        Ok(Self { nodes, network, clock })
    }

    /// Asks every node who it is, whatever its health, and takes note of it.
    pub async fn probe(&self) -> Vec<Probe> {
        join_all(self.nodes.iter().map(|peer| async {
            let about = match self.recognise(peer).await {
                Ok(()) => peer.rpc.about().await,
                Err(error) => Err(error),
            };
            self.note(peer, &about);
            Probe { origin: peer.rpc.origin(), about }
        }))
        .await
    }

    /// One node's answer, unless the node rests or is not of this network.
    async fn ask<T>(
        &self,
        peer: &Peer,
        answer: impl Future<Output = Result<T, NodeError>> + Send,
    ) -> Result<T, NodeError> {
        if !peer.health().may_ask(self.clock.now()) {
            let origin = peer.rpc.origin();
            return Err(unreachable(format!("{origin} failed and is left alone for a moment")));
        }
        let answer = match self.recognise(peer).await {
            Ok(()) => answer.await,
            Err(error) => Err(error),
        };
        self.note(peer, &answer);
        answer
    }

    /// Makes sure that a node is on our network before it is asked anything else.
    async fn recognise(&self, peer: &Peer) -> Result<(), NodeError> {
        if peer.known.load(Ordering::Acquire) {
            return Ok(());
        }
        if !peer.rpc.is_on(self.network).await? {
            let (origin, network) = (peer.rpc.origin(), self.network);
            tracing::error!(%origin, %network, "a node is on another network and is not used");
            return Err(unreachable(format!("{origin} is not on the {network} network")));
        }
        peer.known.store(true, Ordering::Release);
        Ok(())
    }

    fn note<T>(&self, peer: &Peer, answer: &Result<T, NodeError>) {
        match answer {
            Ok(_) | Err(NodeError::Refused { .. }) => peer.health().answered(),
            Err(error) => {
                tracing::debug!(origin = %peer.rpc.origin(), %error, "a node failed");
                peer.health().failed(self.clock.now());
                // Whoever answers there next may be somebody else.
                peer.known.store(false, Ordering::Release);
            }
        }
    }

    /// Every node's answer to what decides about money: at least two.
    async fn agree<T>(
        &self,
        asked: Vec<impl Future<Output = Result<T, NodeError>> + Send>,
    ) -> Result<Vec<T>, NodeError> {
        let all = asked.len();
        let (answers, failures) = self.gather(asked, limits::NODES_AGREEING).await;
        if answers.len() >= limits::NODES_AGREEING {
            return Ok(answers);
        }
        let said = answers.len();
        let why = failures.first().map_or_else(String::new, |error| format!(" ({error})"));
        Err(unreachable(format!(
            "only {said} of {all} nodes answered; money decisions need {}{why}",
            limits::NODES_AGREEING
        )))
    }

    /// Asks all at once. When `enough` have answered, the slower ones are not waited for long.
    async fn gather<T>(
        &self,
        asked: Vec<impl Future<Output = Result<T, NodeError>> + Send>,
        enough: usize,
    ) -> (Vec<T>, Vec<NodeError>) {
        let mut asked: FuturesUnordered<_> = asked.into_iter().collect();
        let (mut answers, mut failures) = (Vec::new(), Vec::new());
        let mut patience = None;
        loop {
            let next = match &mut patience {
                None => asked.next().await,
                Some(patience) => tokio::select! {
                    next = asked.next() => next,
                    () = patience => None,
                },
            };
            match next {
                Some(Ok(answer)) => answers.push(answer),
                Some(Err(error)) => failures.push(error),
                None => return (answers, failures),
            }
            if answers.len() >= enough && patience.is_none() {
                patience = Some(self.clock.sleep(limits::NODE_STRAGGLERS));
            }
        }
    }
}

#[async_trait]
impl Node for NodeClient {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).account_info(account));
        if let [only] = &self.nodes[..] {
            return ask(only).await;
        }
        let asked: Vec<_> = self.nodes.iter().map(ask).collect();
        Ok(agreement::account(self.agree(asked).await?))
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).receivable(account, minimum, count));
        first(self.nodes.iter().map(ask).collect()).await
    }

    async fn accounts_receivable(
        &self,
        accounts: &[Account],
        minimum: Raw,
        count: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        let ask =
            |peer| self.ask(peer, Peer::rpc(peer).accounts_receivable(accounts, minimum, count));
        first(self.nodes.iter().map(ask).collect()).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).accounts_balances(accounts));
        first(self.nodes.iter().map(ask).collect()).await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).account_history(account, head, count));
        first(self.nodes.iter().map(ask).collect()).await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).block_info(hash));
        let shown = match &self.nodes[..] {
            [only] => ask(only).await?,
            nodes => {
                let asked: Vec<_> = nodes.iter().map(ask).collect();
                agreement::block(self.network, self.agree(asked).await?)
            }
        };
        match shown {
            None => Ok(None),
            Some(Shown::State(info)) => Ok(Some(*info)),
            Some(Shown::Legacy) => Err(NodeError::Garbled { detail: LEGACY.to_owned() }),
        }
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let ask = |peer| self.ask(peer, Peer::rpc(peer).process(block, subtype));
        let asked: Vec<_> = self.nodes.iter().map(ask).collect();
        let (hashes, failures) = self.gather(asked, 1).await;
        hashes.into_iter().next().ok_or_else(|| foremost(failures))
    }
}

impl Peer {
    fn new(rpc: Rpc) -> Self {
        Self { rpc, health: Mutex::default(), known: AtomicBool::new(false) }
    }

    fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        // Every change to it is one assignment.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<String> = self.nodes.iter().map(|peer| peer.rpc.origin()).collect();
        f.debug_struct("NodeClient")
            .field("network", &self.network)
            .field("nodes", &origins)
            .finish_non_exhaustive()
    }
}

/// The first answer in order; a node is asked only when those before it have failed.
async fn first<T>(
    asked: Vec<impl Future<Output = Result<T, NodeError>> + Send>,
) -> Result<T, NodeError> {
    let mut failures = Vec::new();
    for answer in asked {
        match answer.await {
            Ok(answer) => return Ok(answer),
            Err(error) => failures.push(error),
        }
    }
    Err(foremost(failures))
}

/// What a node said, else what could not be read, else why none said anything.
fn foremost(failures: Vec<NodeError>) -> NodeError {
    let rank = |error: &NodeError| match error {
        NodeError::Refused { .. } => 0,
        NodeError::Garbled { .. } => 1,
        NodeError::Unreachable { .. } => 2,
    };
    let foremost = failures.into_iter().min_by_key(rank);
    foremost.unwrap_or_else(|| unreachable("no node was asked".to_owned()))
}

const LEGACY: &str = "a block of before 2018, which does not say its balance";
