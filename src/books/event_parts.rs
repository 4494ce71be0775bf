//! Data that events carry beside their own fields, and why one cannot be read. Part of the ledger's format: never changed, only added to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Digest;
use crate::money::{Money, Raw};
use crate::nano::{Account, BlockHash};
use crate::payment::{IdempotencyKey, PublishVia, Purchase, Purpose, Reference};
use crate::policy::{Rail, Request, Stage};

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
    /// Origins that agents may name though they are private or without TLS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetch_allow: Vec<String>,
    /// Tokens the owner added to those sellers may be paid in, each as JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x402_assets: Vec<String>,
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

/// A payment somebody asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPayment {
    /// Through which operation.
    pub operation: String,
    /// What policy judges.
    pub request: Request,
    /// The account of ours it is paid from, if it is paid from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The caller's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// The call that asked.
    pub call_id: Uuid,
    /// The caller's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// What a repeat with the same key must equal.
    pub fingerprint: Digest,
    /// Who publishes its block.
    #[serde(default, skip_serializing_if = "PublishVia::is_node")]
    pub publish_via: PublishVia,
    /// What is bought, from a payee that is handed a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
    /// What it is for at a third party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Box<Purpose>>,
}

/// How money moved, in the words of seeds/004.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settlement {
    /// By which rail.
    pub rail: Rail,
    /// The rail's own reference: for Nano the block hash.
    pub reference: Reference,
    /// How much.
    pub settled_amount: Money,
}

/// What is wrong with a payment that is settled.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disputed {
    /// What was charged, where that is more than was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Money>,
    /// One sentence of ours.
    pub reason: String,
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
    /// See [`Stage::Queued`].
    Queued,
    /// See [`Stage::Approved`].
    Approved,
}

impl From<Stage> for DecidedStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::New => Self::New,
            Stage::Queued => Self::Queued,
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
