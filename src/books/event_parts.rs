//! Data that events carry beside their own fields, and why one cannot be read. Part of the ledger's format: never changed, only added to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::{Money, Raw};
use crate::nano::{Account, BlockHash};
use crate::policy::{Rail, Stage};

/// Where the network and third parties are; of each URL scheme, host and port.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPlaces {
    /// Who answers for the network: `node` or `ifenpay`.
    pub gateway: String,
    /// Node RPC, in order of preference.
    pub node_urls: Vec<String>,
    /// The node's websocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_ws: Option<String>,
    /// Work servers.
    pub work_urls: Vec<String>,
    /// APIs of third parties that are elsewhere than by default, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_urls: BTreeMap<String, String>,
}

/// An account of imported keys that has a past on the network.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PastAccount {
    /// Derivation index.
    pub index: u32,
    /// Its address.
    pub account: Account,
    /// Its head, as the node said.
    pub frontier: BlockHash,
    /// Its balance there, as the node said.
    pub balance_raw: Raw,
    /// Blocks in its chain, as the node said.
    pub blocks: u64,
}

/// How money moved, in the words of seeds/004.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settlement {
    /// By which rail.
    pub rail: Rail,
    /// The rail's own reference: for Nano the block hash.
    pub reference: BlockHash,
    /// How much.
    pub settled_amount: Money,
}

/// Where an answer of the owner came from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `paywarden approvals` at a terminal.
    Cli,
    /// The MCP host asked its user.
    Host,
    /// Control API or web page.
    Http,
}

/// [`Stage`] as the ledger has it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedStage {
    /// See [`Stage::New`].
    New,
    /// See [`Stage::Approved`].
    Approved,
}

impl From<Stage> for DecidedStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::New => Self::New,
            Stage::Approved => Self::Approved,
        }
    }
}

/// A ledger event this version cannot fold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("event {seq} ({kind}) cannot be folded: {detail}")]
pub struct EventError {
    /// Its place.
    pub seq: u64,
    /// Its type.
    pub kind: String,
    /// What stood in the way.
    pub detail: String,
}
