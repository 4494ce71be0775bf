//! One node over RPC: requests as every node takes them, answers as any node gives them.
//!
//! C++ V27/28 and RsNano V2.0 differ in many forms (protocol notes §8b); all are read here, so that nobody else has to
//! know. This module must never take an error for a definite answer, other than the two that say that something is not
//! there, nor decide which of several nodes is right.

mod account;
mod answer;
mod block;
mod lists;
pub(super) mod wire;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::NodeError;
use crate::fetch::{Bounds, Client, Endpoint};
use crate::limits;
use crate::nano::Network;

pub(super) use answer::unreachable;
pub(super) use block::Info as BlockAnswer;
pub use block::Shown;

/// A node's RPC server at one URL.
#[derive(Clone, Debug)]
pub struct Rpc {
    client: Client,
    endpoint: Endpoint,
    bounds: Bounds,
}

/// What a node says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// Program and version, quoted.
    pub vendor: String,
    /// Blocks in its ledger.
    pub block_count: u64,
    /// The cemented ones, where it tells.
    pub cemented_count: Option<u64>,
}

impl Rpc {
    /// The node at `endpoint`.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        let bounds = Bounds { timeout: limits::NODE_TIMEOUT, body_bytes: limits::NODE_BODY_BYTES };
        Self::with_bounds(client, endpoint, bounds)
    }

    /// As [`Self::new`], with other bounds for each request.
    pub fn with_bounds(client: Client, endpoint: Endpoint, bounds: Bounds) -> Self {
        Self { client, endpoint, bounds }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.endpoint.url.origin()
    }

    /// The node's URL with its token.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether the node is on `network`: the genesis account was opened by that network's genesis block.
    ///
    /// # Errors
    /// As [`NodeError`].
    pub async fn is_on(&self, network: Network) -> Result<bool, NodeError> {
        let genesis = self.account_info(network.genesis_account()).await?;
        Ok(genesis.is_some_and(|info| info.open_block == Some(network.genesis_hash())))
    }

    /// What the node says about itself, with two requests.
    ///
    /// # Errors
    /// As [`NodeError`].
    pub async fn about(&self) -> Result<About, NodeError> {
        let version: wire::Version = self.call(&wire::Bare { action: "version" }).await?;
        let count: wire::BlockCount = self.call(&wire::Bare { action: "block_count" }).await?;
        Ok(About {
            vendor: crate::fetch::quote(&version.node_vendor),
            block_count: count.count.0,
            cemented_count: count.cemented.map(|count| count.0),
        })
    }

    /// One request and its answer.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        request: &impl Serialize,
    ) -> Result<T, NodeError> {
        let body = serde_json::to_vec(request).map_err(|error| NodeError::Garbled {
            detail: format!("the request itself cannot be written: {error}"),
        })?;
        let sent = self.client.post_json(&self.endpoint, body, self.bounds).await;
        answer::read(&sent.map_err(answer::unanswered)?)
    }
}
