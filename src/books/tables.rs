//! The rows. They can always be folded anew from the ledger, so their form may change between versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event_parts::{Disputed, NetworkPlaces};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::{PaymentId, WalletId};
use crate::money::{Raw, units_text};
use crate::nano::{Account, BlockHash, Network};
use crate::payment::{BlockIntent, PublishVia, Purchase, Purpose, State};
use crate::policy::{Charge, Policy, ReasonCode, Request};

/// The wallet this store belongs to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Wallet {
    /// Its id.
    pub wallet_id: WalletId,
    /// Its network.
    pub network: Network,
    /// The public key that signs the ledger now, SPKI PEM.
    pub ledger_key: String,
    /// When it was made.
    pub created_at_ms: Millis,
}

/// The policy in force.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PolicyInForce {
    /// The policy.
    pub policy: Policy,
    /// Since when.
    pub since_ms: Millis,
}

/// How the network is reached; what is secret in a URL is not here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NetworkInForce {
    /// Who answers for the network.
    pub gateway: String,
    /// Node RPC, in order of preference.
    pub node_urls: Vec<String>,
    /// The node's websocket.
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
    /// Since when.
    pub since_ms: Millis,
}

impl NetworkInForce {
    /// In force since `since_ms`.
    pub fn new(places: NetworkPlaces, since_ms: Millis) -> Self {
        Self {
            gateway: places.gateway,
            node_urls: places.node_urls,
            node_ws: places.node_ws,
            work_urls: places.work_urls,
            provider_urls: places.provider_urls,
            fetch_allow: places.fetch_allow,
            x402_assets: places.x402_assets,
            since_ms,
        }
    }
}

/// Why and since when the wallet is frozen.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Freeze {
    /// The owner's words.
    pub reason: String,
    /// Since when.
    pub since_ms: Millis,
}

/// Numbers kept so that nothing must be counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Counters {
    /// Approvals that wait.
    pub approvals_waiting: u32,
    /// Payments asked for.
    pub requested: u64,
    /// Payments settled.
    pub settled: u64,
    /// Payments refused.
    pub denied: u64,
    /// Payments allowed that failed.
    pub failed: u64,
    /// Payments settled otherwise than was decided.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disputed: u32,
    /// Mandates that are not revoked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mandates: u32,
    /// Proposed mandates that wait.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub proposals: u32,
    /// Payees the owner keeps a row of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub payees: u32,
    /// Merchants the owner keeps a row of.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub merchants: u32,
}

/// Rows of stores from before a number was kept stay as they are.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One payment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Payment {
    /// What policy judges; holds the id.
    pub request: Request,
    /// The operation it came through.
    pub operation: String,
    /// The account of ours it is paid from, if it is paid from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The caller's note.
    pub memo: Option<String>,
    /// When it was asked for.
    pub created_at_ms: Millis,
    /// Seq of its first event, which orders the lane's queue.
    pub first_seq: u64,
    /// The last decision.
    pub decided: Option<Decided>,
    /// What it takes from its mandate's budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<Charge>,
    /// Where it stands.
    pub state: State,
    /// Who publishes its block.
    #[serde(default, skip_serializing_if = "PublishVia::is_node")]
    pub publish_via: PublishVia,
    /// The empty block that is to take the place of one nobody published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<Box<BlockIntent>>,
    /// What is bought, from a payee that is handed a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
    /// What it is for at a third party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Box<Purpose>>,
    /// What is wrong with it, once it is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<Disputed>,
}

/// Whom a seller had paid the last time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pin {
    /// Who got the money.
    pub pay_to: String,
    /// Since when.
    pub since_ms: Millis,
}

impl Payment {
    /// Its id.
    pub fn id(&self) -> PaymentId {
        self.request.payment_id
    }

    /// From here on nothing is signed for it: what it pays for is about to end.
    pub fn sign_before_ms(&self) -> Option<Millis> {
        self.purpose.as_ref().and_then(|purpose| purpose.sign_before_ms)
    }
}

/// The last decision on a payment, as answers show it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Decided {
    /// Stable code.
    pub reason_code: ReasonCode,
    /// One sentence.
    pub reason: String,
    /// Every rule, as text.
    pub rules: Vec<String>,
    /// What would pass.
    pub would_pass: Option<String>,
    /// Which version of the claimed mandate it was judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate_version: Option<u32>,
    /// What was left of each budget of the mandate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<String>,
}

/// One Nano account: one open block at a time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lane {
    /// Derivation index.
    pub index: u32,
    /// The account.
    pub account: Account,
    /// The last block of ours that was confirmed; zero before the first.
    pub head: BlockHash,
    /// The balance there.
    pub balance: Raw,
    /// Held by payments from this account.
    pub reserved: Raw,
    /// Payments in its queue.
    pub queued: u32,
    /// The block whose outcome is open.
    pub open: Option<OpenBlock>,
    /// Why it signs nothing more.
    pub frozen: Option<String>,
}

/// Whose the open block of a lane is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenBlock {
    /// A payment's; the block is in the payment's state.
    Payment(PaymentId),
    /// A receive.
    Receive(Box<Receive>),
    /// A change of the representative.
    Change(Box<BlockIntent>),
}

/// A receive in flight.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Receive {
    /// The send block.
    pub source: BlockHash,
    /// Who sent it.
    pub sender: Account,
    /// Our block.
    pub intent: BlockIntent,
    /// The empty block that is to stand in its place, once no node took the receive for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<BlockIntent>,
}

/// A question that waits for the owner.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Approval {
    /// The payment.
    pub payment_id: PaymentId,
    /// Why the owner must decide.
    pub reason: String,
    /// When it was asked.
    pub asked_at_ms: Millis,
    /// When it lapses.
    pub expires_at_ms: Millis,
}

/// A question put to a host's user, and what the answer must come with. Outlives the answer, so that an answer that
/// comes twice finds its payment and changes nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Asked {
    /// The payment.
    pub payment_id: PaymentId,
    /// The operation that waits.
    pub operation: String,
    /// SHA-256 over the canonical JSON of its arguments.
    pub arguments_hash: Digest,
    /// The call that waits.
    pub call_id: Uuid,
    /// How often it was asked.
    pub times: u32,
}

/// One payment a host's user approved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HostApproved {
    /// When.
    pub at_ms: Millis,
    /// How much, in the currency's smallest unit.
    #[serde(with = "units_text")]
    pub amount: u128,
}

/// What an idempotency key stands for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Idempotency {
    /// The payment.
    pub payment_id: PaymentId,
    /// What a repeat must equal.
    pub fingerprint: Digest,
}

/// One line of an account's history.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// Which way the money went.
    pub kind: HistoryKind,
    /// How much.
    pub amount: Raw,
    /// The other side.
    pub counterparty: Account,
    /// Our confirmed block.
    pub block_hash: BlockHash,
    /// When the wallet saw it confirmed.
    pub at_ms: Millis,
    /// The payment, for a send.
    pub payment_id: Option<PaymentId>,
    /// The caller's note, for a send.
    pub memo: Option<String>,
    /// Whether somebody else made the block with our keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// Which way money went.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum HistoryKind {
    /// Money came in.
    Receive,
    /// Money went out.
    Send,
}
