//! A real network around a wallet: the nodes, their news and the work servers the owner put in force.
//!
//! Nothing here may fall back to another network. A wallet without a node opens all the same, so that its owner can
//! freeze it, read it and set a node; what needs the network says what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::endpoint::Endpoint;
use super::{Place, Reach, Surroundings};
use crate::clock::{BoxFuture, Clock};
use crate::engine::Rhythm;
use crate::failure::{Failure, Retry};
use crate::fetch::{self, BaseUrl, Bounds, Client, PlainText, SocketUrl};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Network, SignedBlock, Subtype};
use crate::network::{
    AccountBalance, AccountInfo, BlockInfo, Confirmations, HistoryPage, Node, NodeClient,
    NodeError, Probe, Receivable, Websocket, WorkPeer, WorkSource,
};
use crate::surfaces::cli::doctor::NodeFact;

/// The network at `place`, reached as its owner set it. Must be called within a runtime.
///
/// # Errors
/// When a URL cannot be used, or one is named twice.
pub fn nodes(place: &Place<'_>) -> Result<Surroundings, Failure> {
    let client = Client::new(fetch::Settings::default());
    let reach = place.reach;
    let node: Arc<dyn Node> = match &reach.node_urls[..] {
        [] => Arc::new(NoNode { network: place.network }),
        urls => Arc::new(node_client(urls, &client, &place.clock, place.network)?),
    };
    let news = reach.node_ws.as_ref().map(|url| websocket(url, &place.clock)).transpose()?;
    let work = reach.work_urls.iter().map(|url| {
        let peer = WorkPeer::new(http(url)?, client.clone());
        Ok(Arc::new(peer) as Arc<dyn WorkSource>)
    });
    Ok(Surroundings {
        node,
        news,
        work: work.collect::<Result<_, Failure>>()?,
        rhythm: Rhythm::NODE,
        faucet: None,
        simulators: None,
    })
}

/// A sandbox that another process runs at `url`, its websocket on the port after it. It has a faucet.
///
/// # Errors
/// When the URL cannot be used.
pub fn join(place: &Place<'_>, url: &Endpoint, gift: Raw) -> Result<Surroundings, Failure> {
    let reach = Reach {
        node_urls: vec![url.clone()],
        node_ws: Some(url.next_port().ok_or_else(|| unusable(format!("{url} names no port")))?),
        ..Reach::default()
    };
    let place = Place { reach: &reach, clock: Arc::clone(&place.clock), ..*place };
    let knob = format!("{}/sandbox/faucet", url.expose().trim_end_matches('/'));
    let faucet = BaseUrl::parse(&knob, PlainText::Anywhere);
    let faucet: fetch::Endpoint = faucet.map_err(|error| unusable(error.to_string()))?.into();
    let client = Client::new(fetch::Settings::default());
    let give = move |account: Account| -> BoxFuture<'static, Result<(), Failure>> {
        let (client, faucet) = (client.clone(), faucet.clone());
        Box::pin(async move {
            let ask = json!({ "account": account, "amount_raw": gift, "confirmed": true });
            let bounds = Bounds { timeout: limits::CALL, body_bytes: limits::NODE_BODY_BYTES };
            let failed = |why: String| {
                Failure::unavailable(
                    "FAUCET_FAILED",
                    format!("the sandbox gives no play money: {why}"),
                )
                .hint("Is `paywarden sandbox` still running there?")
            };
            let reply = client.post_json(&faucet, ask.to_string().into_bytes(), bounds).await;
            match reply.map_err(|error| failed(error.to_string()))?.status {
                200 => Ok(()),
                status => Err(failed(format!("HTTP {status}"))),
            }
        })
    };
    Ok(Surroundings { rhythm: Rhythm::SANDBOX, faucet: Some(Box::new(give)), ..nodes(&place)? })
}

/// Asks every node who it is, for `doctor`.
///
/// # Errors
/// When a URL cannot be used.
pub(super) async fn probe(
    reach: &Reach,
    network: Network,
    clock: Arc<dyn Clock>,
) -> Result<Vec<NodeFact>, Failure> {
    if reach.node_urls.is_empty() {
        return Ok(Vec::new());
    }
    let client = Client::new(fetch::Settings::default());
    let nodes = node_client(&reach.node_urls, &client, &clock, network)?;
    let fact = |probe: Probe| {
        let (about, problem) = match probe.about {
            Ok(about) => (Some(about), None),
            Err(error) => (None, Some(error.to_string())),
        };
        NodeFact {
            url: probe.origin,
            vendor: about.as_ref().map(|about| about.vendor.clone()),
            blocks: about.as_ref().map(|about| about.block_count),
            cemented: about.and_then(|about| about.cemented_count),
            problem,
        }
    };
    Ok(nodes.probe().await.into_iter().map(fact).collect())
}

fn node_client(
    urls: &[Endpoint],
    client: &Client,
    clock: &Arc<dyn Clock>,
    network: Network,
) -> Result<NodeClient, Failure> {
    let endpoints = urls.iter().map(http).collect::<Result<Vec<_>, Failure>>()?;
    NodeClient::new(endpoints, client, Arc::clone(clock), network)
        .map_err(|error| unusable(error.to_string()))
}

/// The owner's URL is parsed once more in the form the client wants; where plain text may go was decided before.
fn http(url: &Endpoint) -> Result<fetch::Endpoint, Failure> {
    let base = BaseUrl::parse(url.expose(), PlainText::Anywhere);
    Ok(base.map_err(|error| unusable(format!("{url}: {error}")))?.into())
}

fn websocket(url: &Endpoint, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Confirmations>, Failure> {
    let socket = SocketUrl::parse(url.expose(), PlainText::Anywhere);
    let socket = socket.map_err(|error| unusable(format!("{url}: {error}")))?;
    Ok(Arc::new(Websocket::start(socket, Arc::clone(clock))))
}

fn unusable(message: String) -> Failure {
    Failure::invalid("CONFIG_INVALID", message)
        .hint("`paywarden doctor` shows which URLs are in force and where they come from")
        .retry(Retry::AfterOperator)
}

/// Stands where no node is set.
#[derive(Debug)]
struct NoNode {
    network: Network,
}

impl NoNode {
    fn answer<T>(&self) -> Result<T, NodeError> {
        let set = match self.network {
            Network::Live => "`paywarden --node-url https://... network set`",
            Network::Sandbox | Network::Dev | Network::Beta => "PAYWARDEN_NODE_URL",
        };
        let detail = format!("no node of network {} is set; use {set}", self.network);
        Err(NodeError::Unreachable { detail })
    }
}

#[async_trait]
impl Node for NoNode {
    async fn account_info(&self, _: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.answer()
    }

    async fn receivable(&self, _: Account, _: Raw, _: u32) -> Result<Vec<Receivable>, NodeError> {
        self.answer()
    }

    async fn accounts_receivable(
        &self,
        _: &[Account],
        _: Raw,
        _: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        self.answer()
    }

    async fn accounts_balances(
        &self,
        _: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.answer()
    }

    async fn account_history(
        &self,
        _: Account,
        _: Option<BlockHash>,
        _: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.answer()
    }

    async fn block_info(&self, _: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        self.answer()
    }

    async fn process(&self, _: &SignedBlock, _: Option<Subtype>) -> Result<BlockHash, NodeError> {
        self.answer()
    }
}
