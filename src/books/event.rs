//! What can happen, typed. Names and data are part of the ledger's format: a variant is never changed, only added to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::checkouts::{CheckoutAsked, FundingRegistered};
use super::clock::{ClockAccepted, ClockJump};
use super::directory::DirectoryEntry;
use super::event_parts::{
    Channel, DecidedStage, Disputed, NetworkPlaces, NewPayment, PastAccount, Settlement,
};
use super::nanswap::{NanswapOrder, OrderNoted, WebhookTaken};
use super::outbox::{NewTask, TaskEnded, TaskNoted};
use super::requests::{NewRequest, RequestEnd, RequestReceipt, RequestScan};
use crate::clock::{Millis, Uptime};
use crate::digest::Digest;
use crate::ids::{ApprovalId, PaymentId, ProposalId, WalletId};
use crate::ledger;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Network, Subtype};
use crate::payment::{BlockIntent, Intent};
use crate::policy::{AgentId, Charge, Mandate, Outcome, Policy, ReasonCode, Rule};
use crate::secret::SecretVerifier;

/// Something that happened, before it has a place in the chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The payment it belongs to.
    pub payment_id: Option<PaymentId>,
    /// What happened.
    pub body: Body,
}

/// What happened, with its data.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "an event is made, folded and gone")]
pub enum Body {
    /// An account of the wallet is in use.
    #[serde(rename = "account.added")]
    AccountAdded {
        /// Derivation index.
        index: u32,
        /// Its address.
        account: Account,
    },
    /// The owner calls an agent something else.
    #[serde(rename = "agent.labelled")]
    AgentLabelled {
        /// Which.
        agent_id: AgentId,
        /// Its new label; none takes the old one away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// The owner let an agent in.
    #[serde(rename = "agent.registered")]
    AgentRegistered {
        /// Its name.
        agent_id: AgentId,
        /// What the owner calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// SHA-256 of its token.
        token_hash: Digest,
    },
    /// The owner shut an agent out.
    #[serde(rename = "agent.revoked")]
    AgentRevoked {
        /// Which.
        agent_id: AgentId,
    },
    /// An agent has a new token; the old one is worth nothing from here on.
    #[serde(rename = "agent.rotated")]
    AgentRotated {
        /// Which.
        agent_id: AgentId,
        /// SHA-256 of its new token.
        token_hash: Digest,
    },
    /// The host's user is asked, bound to one agent's call.
    #[serde(rename = "approval.asked")]
    ApprovalAsked {
        /// The question.
        approval_id: ApprovalId,
        /// Where it was asked.
        channel: Channel,
        /// The operation that waits for the answer.
        operation: String,
        /// SHA-256 over the canonical JSON of its arguments.
        arguments_hash: Digest,
        /// The call that waits.
        call_id: Uuid,
    },
    /// The owner did not answer in time.
    #[serde(rename = "approval.expired")]
    ApprovalExpired {
        /// The question.
        approval_id: ApprovalId,
        /// Why it lapsed.
        reason: String,
    },
    /// The owner is asked.
    #[serde(rename = "approval.requested")]
    ApprovalRequested {
        /// The question.
        approval_id: ApprovalId,
        /// Why the owner must decide.
        reason: String,
        /// When it lapses.
        expires_at_ms: Millis,
    },
    /// The owner answered.
    #[serde(rename = "approval.resolved")]
    ApprovalResolved {
        /// The question.
        approval_id: ApprovalId,
        /// The answer.
        approved: bool,
        /// Where the answer came from.
        channel: Channel,
        /// The owner's words, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The call that brought it: sent again after a take-over, it finds what it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_id: Option<Uuid>,
    },
    /// An agent asked a merchant for things.
    #[serde(rename = "checkout.asked")]
    CheckoutAsked(CheckoutAsked),
    /// The owner has looked at the clock: windows count by it again.
    #[serde(rename = "clock.accepted")]
    ClockAccepted(ClockAccepted),
    /// The first commit since the machine was started: how its two clocks stand.
    #[serde(rename = "clock.anchored")]
    ClockAnchored(Uptime),
    /// The wall clock went forward further than time has passed since the machine was started.
    #[serde(rename = "clock.jumped")]
    ClockJumped(ClockJump),
    /// A confirmed block somebody else made with our keys. Sends count as spent.
    #[serde(rename = "foreign.recorded")]
    ForeignRecorded {
        /// Our account.
        account: Account,
        /// The block; its place is on top of the last one on the books.
        block_hash: BlockHash,
        /// The block before it.
        previous: BlockHash,
        /// What it does.
        subtype: Subtype,
        /// How much it moves; zero for a change.
        amount_raw: Raw,
        /// The balance after it.
        balance_raw: Raw,
        /// Who got a send; for any other block the account itself.
        counterparty: Account,
    },
    /// The owner took the card away.
    #[serde(rename = "funding.cleared")]
    FundingCleared {},
    /// The owner named the card payments are made with.
    #[serde(rename = "funding.registered")]
    FundingRegistered(FundingRegistered),
    /// A receive was confirmed: money came in.
    #[serde(rename = "funds.received")]
    FundsReceived {
        /// Our account.
        account: Account,
        /// How much.
        amount_raw: Raw,
        /// Our receive block.
        block_hash: BlockHash,
        /// The send block.
        source: BlockHash,
        /// Who sent it.
        sender: Account,
    },
    /// An account that had a past before this wallet knew it: its head, confirmed. What was spent before is not counted.
    #[serde(rename = "lane.adopted")]
    LaneAdopted {
        /// Which.
        account: Account,
        /// Its head.
        block_hash: BlockHash,
        /// The balance there.
        balance_raw: Raw,
        /// Blocks of that past, as the node counts them.
        blocks: u64,
    },
    /// The ledger is signed by another key from the next event on. Made by the store alone.
    #[serde(rename = "key.rotated")]
    KeyRotated {
        /// The new public key's id.
        key_id: ledger::KeyId,
        /// The new public key, SPKI PEM.
        ledger_key: String,
        /// The new key's word for the chain it takes over.
        proof: ledger::EventSignature,
    },
    /// The network put blocks on our account that are not ours and move no money: epoch blocks.
    #[serde(rename = "lane.advanced")]
    LaneAdvanced {
        /// Which.
        account: Account,
        /// The new head, confirmed.
        block_hash: BlockHash,
    },
    /// The owner knows that imported keys were used before, or that nobody could be asked.
    #[serde(rename = "history.acknowledged")]
    HistoryAcknowledged {
        /// Whether the network could be asked.
        network_reached: bool,
        /// What was found there.
        accounts: Vec<PastAccount>,
    },
    /// The owner was shown what the keys come from.
    #[serde(rename = "keys.exported")]
    KeysExported {
        /// Where to: `terminal` or `file`.
        target: String,
    },
    /// An account signs nothing more until the owner has looked.
    #[serde(rename = "lane.frozen")]
    LaneFrozen {
        /// Which.
        account: Account,
        /// Why.
        reason: String,
        /// The foreign block that gave the alarm.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        block_hash: Option<BlockHash>,
    },
    /// The owner has looked.
    #[serde(rename = "lane.unfrozen")]
    LaneUnfrozen {
        /// Which.
        account: Account,
    },
    /// The owner has changed a mandate.
    #[serde(rename = "mandate.amended")]
    MandateAmended {
        /// As it is from here on.
        mandate: Box<Mandate>,
        /// One more than before.
        version: u32,
    },
    /// The owner has granted a mandate.
    #[serde(rename = "mandate.created")]
    MandateCreated {
        /// The mandate.
        mandate: Box<Mandate>,
        /// 1.
        version: u32,
        /// The draft it was made of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposal_id: Option<ProposalId>,
    },
    /// An agent has drafted a mandate; it has no effect.
    #[serde(rename = "mandate.proposed")]
    MandateProposed {
        /// The draft's id.
        proposal_id: ProposalId,
        /// The draft.
        mandate: Box<Mandate>,
        /// Whose, where its host proved one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_id: Option<String>,
        /// What the agent says of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The owner does not want a drafted mandate.
    #[serde(rename = "mandate.rejected")]
    MandateRejected {
        /// The draft.
        proposal_id: ProposalId,
        /// The owner's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The owner has taken a mandate back, for good.
    #[serde(rename = "mandate.revoked")]
    MandateRevoked {
        /// Which.
        mandate_id: String,
        /// The owner's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The owner knows a merchant no longer.
    #[serde(rename = "merchant.removed")]
    MerchantRemoved {
        /// Which.
        id: String,
    },
    /// What the owner says of a merchant.
    #[serde(rename = "merchant.set")]
    MerchantSet {
        /// Which.
        id: String,
        /// Its entry.
        #[serde(flatten)]
        entry: DirectoryEntry,
    },
    /// The owner knows a payee no longer.
    #[serde(rename = "payee.removed")]
    PayeeRemoved {
        /// Its canonical address.
        address: String,
    },
    /// What the owner says of a payee.
    #[serde(rename = "payee.set")]
    PayeeSet {
        /// Its canonical address.
        address: String,
        /// Its entry.
        #[serde(flatten)]
        entry: DirectoryEntry,
    },
    /// The payee never published its block; an empty one of ours is to stand in its place.
    #[serde(rename = "payment.cancelling")]
    PaymentCancelling {
        /// The payment's block.
        block_hash: BlockHash,
        /// The empty block.
        intent: BlockIntent,
    },
    /// A settled payment took more than was decided on, or bought something else: an alarm for the owner.
    #[serde(rename = "payment.disputed")]
    PaymentDisputed(Disputed),
    /// Refused by policy or owner; nothing is held any more.
    #[serde(rename = "payment.blocked")]
    PaymentBlocked {
        /// Stable code.
        reason_code: ReasonCode,
        /// One sentence.
        reason: String,
    },
    /// Allowed, but it could not be signed; nothing is held any more.
    #[serde(rename = "payment.failed")]
    PaymentFailed {
        /// Stable code.
        reason_code: ReasonCode,
        /// One sentence.
        reason: String,
    },
    /// Nanswap Pay was asked, and an order of ours has moved on.
    #[serde(rename = "nanswap.noted")]
    NanswapNoted(OrderNoted),
    /// This wallet has made an order at Nanswap Pay.
    #[serde(rename = "nanswap.ordered")]
    NanswapOrdered(Box<NanswapOrder>),
    /// A webhook of Nanswap Pay came whose signature holds.
    #[serde(rename = "nanswap.webhook")]
    NanswapWebhook(Box<WebhookTaken>),
    /// How the network is reached from here on. What is secret in a URL is not here.
    #[serde(rename = "network.configured")]
    NetworkConfigured(NetworkPlaces),
    /// A third party is to be told or watched.
    #[serde(rename = "outbox.added")]
    OutboxAdded(Box<NewTask>),
    /// Nothing more is done for it.
    #[serde(rename = "outbox.ended")]
    OutboxEnded(TaskEnded),
    /// It said something new.
    #[serde(rename = "outbox.noted")]
    OutboxNoted(TaskNoted),
    /// Signed; from now on it may be on the network.
    #[serde(rename = "payment.intent")]
    PaymentIntent {
        /// The block's hash, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        block_hash: Option<BlockHash>,
        /// What was signed.
        intent: Intent,
    },
    /// What was signed can move no money any more; nothing moved and nothing is held any more.
    #[serde(rename = "payment.released")]
    PaymentReleased {
        /// Stable code.
        reason_code: ReasonCode,
        /// One sentence.
        reason: String,
        /// The confirmed block that took a block's place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rival: Option<BlockHash>,
    },
    /// Who holds this secret is the owner.
    #[serde(rename = "operator.set")]
    OperatorSet {
        /// Tells it from every other, without holding it.
        verifier: SecretVerifier,
    },
    /// Asked for.
    #[serde(rename = "payment.requested")]
    PaymentRequested(Box<NewPayment>),
    /// The money has moved.
    #[serde(rename = "payment.settled")]
    PaymentSettled {
        /// How.
        settlement: Settlement,
        /// Under which mandate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mandate_id: Option<String>,
    },
    /// For long nothing was heard of the signed block.
    #[serde(rename = "payment.unknown")]
    PaymentUnknown {
        /// What was tried.
        reason: String,
    },
    /// The signed block is dead for a harmless reason; a new one may be signed.
    #[serde(rename = "payment.voided")]
    PaymentVoided {
        /// The confirmed block that took its place.
        rival: BlockHash,
        /// One sentence.
        reason: String,
    },
    /// Policy has judged.
    #[serde(rename = "policy.decided")]
    PolicyDecided {
        /// At which stage.
        stage: DecidedStage,
        /// How it fell.
        outcome: Outcome,
        /// Stable code.
        reason_code: ReasonCode,
        /// One sentence.
        reason: String,
        /// Every rule looked at.
        rules: Vec<Rule>,
        /// What would pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        would_pass: Option<String>,
        /// Which policy.
        policy_hash: Digest,
        /// Which version of the claimed mandate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mandate_version: Option<u32>,
        /// What the payment takes from the mandate's budget, unless it is denied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<Charge>,
        /// What is left of each budget of the mandate.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remaining: Vec<String>,
    },
    /// A policy is in force from here on.
    #[serde(rename = "policy.loaded")]
    PolicyLoaded {
        /// The policy.
        policy: Policy,
        /// Its hash.
        policy_hash: Digest,
    },
    /// Requests refused for their number, counted for a minute.
    #[serde(rename = "rate.limited")]
    RateLimited {
        /// Whose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_id: Option<String>,
        /// How many.
        refused: u32,
        /// Since when.
        since_ms: Millis,
    },
    /// A signed receive block is taken by no node; an empty block of ours is to stand in its place.
    #[serde(rename = "receive.cancelling")]
    ReceiveCancelling {
        /// The receive block.
        block_hash: BlockHash,
        /// The empty block.
        intent: BlockIntent,
    },
    /// A receive block is signed.
    #[serde(rename = "receive.intent")]
    ReceiveIntent {
        /// The send block.
        source: BlockHash,
        /// Who sent it.
        sender: Account,
        /// Our block's hash.
        block_hash: BlockHash,
        /// Our block.
        intent: BlockIntent,
    },
    /// A signed receive block is dead; its funds can be received anew unless they were.
    #[serde(rename = "receive.voided")]
    ReceiveVoided {
        /// Our account.
        account: Account,
        /// Our block.
        block_hash: BlockHash,
        /// The confirmed block that took its place.
        rival: BlockHash,
    },
    /// It has expired long enough ago: a payment that comes now is not matched to it.
    #[serde(rename = "request.closed")]
    RequestClosed(RequestEnd),
    /// Somebody is asked to pay.
    #[serde(rename = "request.created")]
    RequestCreated(Box<NewRequest>),
    /// Nobody has paid it in time.
    #[serde(rename = "request.expired")]
    RequestExpired(RequestEnd),
    /// More than asked came, and not the request's own amount; it stays open for that.
    #[serde(rename = "request.overpaid")]
    RequestOverpaid(RequestReceipt),
    /// It is paid, in time or late.
    #[serde(rename = "request.paid")]
    RequestPaid(RequestReceipt),
    /// Payments to an account were looked for in its chain up to here.
    #[serde(rename = "request.scanned")]
    RequestScanned(RequestScan),
    /// Less than asked came; it stays open for its own amount.
    #[serde(rename = "request.underpaid")]
    RequestUnderpaid(RequestReceipt),
    /// A new representative votes with an account's balance.
    #[serde(rename = "representative.changed")]
    RepresentativeChanged {
        /// Our account.
        account: Account,
        /// Who votes now.
        representative: Account,
        /// Our confirmed block.
        block_hash: BlockHash,
    },
    /// A block that changes the representative is signed.
    #[serde(rename = "representative.intent")]
    RepresentativeIntent {
        /// Our account.
        account: Account,
        /// Who is to vote.
        representative: Account,
        /// Our block's hash.
        block_hash: BlockHash,
        /// Our block.
        intent: BlockIntent,
    },
    /// A signed change is dead; the owner may ask for it again.
    #[serde(rename = "representative.voided")]
    RepresentativeVoided {
        /// Our account.
        account: Account,
        /// Our block.
        block_hash: BlockHash,
        /// The confirmed block that took its place.
        rival: BlockHash,
    },
    /// A newer version took the store over, after a copy of it, and folded the books anew from all events before.
    #[serde(rename = "store.migrated")]
    StoreMigrated {
        /// The store's format before.
        from_format: u32,
        /// Its format from here on.
        to_format: u32,
    },
    /// The first event of every chain.
    #[serde(rename = "wallet.created")]
    WalletCreated {
        /// The wallet.
        wallet_id: WalletId,
        /// The only network its keys sign for.
        network: Network,
        /// The ledger's public key, SPKI PEM.
        ledger_key: String,
    },
    /// Nothing is signed until the owner unfreezes.
    #[serde(rename = "wallet.frozen")]
    WalletFrozen {
        /// The owner's words.
        reason: String,
    },
    /// The owner unfroze.
    #[serde(rename = "wallet.unfrozen")]
    WalletUnfrozen {},
}
