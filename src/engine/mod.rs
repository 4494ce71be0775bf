//! The only place where effects happen: commits, signatures, publishing.
//!
//! Everything a payment goes through after it is asked for is `drive`: the forward path and recovery are the same
//! code. Nothing here may publish bytes that are not durable, or conclude an outcome from a `process` error.

mod accounts;
mod agents;
mod approve;
mod audit;
mod buy_credits;
mod cancel;
mod check;
mod checkouts;
mod clock;
mod desk;
mod directory;
mod drive;
mod facts;
mod failures;
mod floor;
mod foreign;
mod freeze;
mod funding;
mod host;
mod known;
mod mandates;
mod mpp;
mod nanswap;
mod news;
mod nicky;
mod outbox;
mod pay;
mod policy;
mod receive;
mod reconcile;
mod remote;
mod representative;
mod requests;
mod rotate;
mod round;
mod services;
mod shops;
mod sign;
mod simulate;
mod since;
mod timer;
mod token;
mod topup;
mod unlock;
mod void;
mod wait;
mod wake;
mod x402;

pub use agents::Issued;
pub use approve::{Answered, Question, Resolution};
pub use audit::Audit;
pub use buy_credits::CreditsWish;
pub use check::Checked;
pub use checkouts::{CheckoutOrder, CheckoutPayment, Merchant, Problem, Seen, acp_failure};
pub use directory::Directory;
pub use drive::Pace;
pub use failures::{node_failure, store_failure};
pub use foreign::{ForeignBlock, RESTORED};
pub use funding::CardWords;
pub use host::{HostAnswer, Taken, WaitingCall};
pub use known::key_taken;
pub use mandates::{Put, Written};
pub use nanswap::Judgement;
pub use nicky::Polled;
pub use outbox::provider_failure;
pub use pay::{Amount, Order, Paid};
pub use policy::Applied;
pub use reconcile::{Account as ReconciledAccount, Finding, Survey};
pub use remote::{
    Handover, MakeHeader, MakeProof, Offer, Offered, Signing, Source, Unprepared, Wish,
};
pub use representative::{Begun, Changed};
pub use requests::{RequestOrder, Requested, unknown_request};
pub use rotate::Rotated;
pub use services::{PayerDefaults, PaymentBackend, Services, not_set_up, upstream_failure};
pub use shops::{BuiltIn, Shops};
pub use simulate::{Difference, Judged, Simulation, Span};
pub use since::Counted;
pub use topup::ClaimError;
pub use unlock::check_operator;
pub use x402::{Priced, Quote, Reach, ReachSellers, SellerAnswered, X402, X402Settings};

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::clock::{Clock, Millis};
use crate::evm::EvmAddress;
use crate::failure::Failure;
use crate::ids::{ApprovalId, PaymentId, time_ordered};
use crate::ledger::Head;
use crate::limits;
use crate::nano::{Account, BlockHash, Network, Root};
use crate::network::{Confirmations, Node};
use crate::payment::{Effect, Observation, State};
use crate::store::{LedgerKeyFiles, Store};
use crate::wallet::{KeyFile, Keystore, WorkPool, WorkProgress};

/// A running wallet.
pub struct Engine {
    parts: Parts,
    published: Mutex<HashMap<BlockHash, Millis>>,
    refused: Mutex<timer::Refused>,
    bells: wake::Bells,
    rounds: round::Rounds,
    news: news::News,
    asked: receive::Asked,
    requests: requests::RequestMemory,
    nicky_polls: nicky::NickyPolls,
    outbox: outbox::Outbox,
    services: Arc<dyn Services>,
    topups: topup::Topups,
    remotes: Arc<remote::Remotes>,
    x402: Option<Arc<X402>>,
    wake: Notify,
    /// Two rotations of the ledger's key must not meet in one file.
    rotating: tokio::sync::Mutex<()>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// What an engine is made of.
#[derive(Debug)]
pub struct Parts {
    /// Events and books.
    pub store: Store,
    /// The network.
    pub node: Arc<dyn Node>,
    /// News of what it confirms, where there are any.
    pub confirmations: Option<Arc<dyn Confirmations>>,
    /// The keys.
    pub keystore: Arc<Keystore>,
    /// The file they come from, for unlocking later; none in simulations.
    pub key_file: Option<Arc<KeyFile>>,
    /// Proof of work.
    pub work: WorkPool,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How often it looks.
    pub rhythm: Rhythm,
    /// Named in the first block of an account.
    pub representative: Account,
    /// The decision table: [`crate::payment::step()`], unless a test plants a mistake in it.
    pub step: fn(&State, &Observation) -> Effect,
    /// The file of heads that left the store.
    pub anchor: Option<PathBuf>,
    /// The files of the ledger's key; none in simulations.
    pub ledger_key: Option<LedgerKeyFiles>,
}

/// How often the engine looks at the network.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// While a block is not confirmed.
    pub confirming: Duration,
    /// For money that may have come in.
    pub receiving: Duration,
    /// After an answer that could not be used.
    pub retrying: Duration,
}

impl Rhythm {
    /// For a simulated network in the process, where looking costs nothing.
    pub const SANDBOX: Self = Self {
        confirming: Duration::from_millis(20),
        receiving: Duration::from_millis(400),
        retrying: Duration::from_millis(200),
    };
    /// For a real node.
    pub const NODE: Self = Self {
        confirming: Duration::from_millis(500),
        receiving: Duration::from_secs(15),
        retrying: Duration::from_secs(2),
    };
}

impl Engine {
    /// Puts an engine together; nothing runs until [`Engine::start`].
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            published: Mutex::default(),
            refused: Mutex::default(),
            bells: wake::Bells::default(),
            rounds: round::Rounds::default(),
            news: news::News::default(),
            asked: receive::Asked::default(),
            requests: requests::RequestMemory::default(),
            nicky_polls: nicky::NickyPolls::default(),
            outbox: outbox::Outbox::default(),
            services: Arc::new(services::NoServices),
            topups: topup::Topups::default(),
            remotes: Arc::default(),
            x402: None,
            wake: Notify::new(),
            rotating: tokio::sync::Mutex::default(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Starts driving every lane and the timer. What a crash left open is finished by the same loop.
    ///
    /// # Errors
    /// When the books cannot be read.
    pub fn start(self: &Arc<Self>) -> Result<(), Failure> {
        let lanes = self.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        for lane in lanes {
            self.start_lane(lane.account);
        }
        if let Some(source) = self.parts.confirmations.clone() {
            // Heard from here on, not from when the task first runs.
            let heard = source.subscribe();
            let engine = Arc::clone(self);
            self.tasks.spawn(async move { engine.news_loop(source, heard).await });
        }
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.timer_loop().await });
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.requests_loop().await });
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.remote_loop().await });
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.outbox_loop().await });
        Ok(())
    }

    /// Starts driving the lane of an account that was added to the books; one that is driven already stays so.
    pub fn start_lane(self: &Arc<Self>, account: Account) {
        let bell = self.bells.of(account);
        if !bell.start_loop() {
            return;
        }
        if let Some(source) = &self.parts.confirmations {
            source.follow(&[account]);
        }
        let engine = Arc::clone(self);
        self.tasks.spawn(async move { engine.lane_loop(account, bell).await });
    }

    /// Parks what is open: nothing new is signed or published, and what is queued for the store becomes durable.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.parts.work.stop();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.clock().sleep(limits::SHUTDOWN) => {}
        }
        self.flush_refused().await;
        self.store().close();
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// The network's node.
    pub fn node(&self) -> &dyn Node {
        &*self.parts.node
    }

    /// Time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    /// The ledger's head, as it moves.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.store().watch()
    }

    /// The network this wallet signs for.
    pub fn network(&self) -> Network {
        self.parts.keystore.network()
    }

    /// Where tokens are held that x402 is paid from; `None` while locked.
    pub fn evm_address(&self) -> Option<EvmAddress> {
        self.parts.keystore.evm_address()
    }

    /// Whether anything can be signed.
    pub fn is_unlocked(&self) -> bool {
        self.parts.keystore.is_unlocked()
    }

    /// How far the search for the work of an account's next block is, while there is one.
    pub fn work_progress(&self, root: &Root) -> Option<WorkProgress> {
        self.parts.work.progress(root)
    }

    fn published(&self) -> MutexGuard<'_, HashMap<BlockHash, Millis>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("parts", &self.parts).finish_non_exhaustive()
    }
}

fn new_payment_id(now: Millis) -> PaymentId {
    PaymentId(time_ordered(now))
}

/// Random from its first digit on: the owner types the beginning of it.
fn new_approval_id() -> ApprovalId {
    ApprovalId(Uuid::new_v4())
}
