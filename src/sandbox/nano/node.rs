//! The sandbox behind the [`Node`] port: faults first, then the rules.
//!
//! Each call takes one lock, brings the ledger up to the clock's time, and answers. The lock must never be held over an
//! await, nor an answer be given past the faults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};
use crate::network::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Receivable,
};

use super::faults::{Call, Fault};
use super::journal::{Journal, JournalError};
use super::ledger::Ledger;
use super::state::State;
use super::view;

/// How the simulated network behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// From a block's arrival to its being cemented, if what it depends on is cemented.
    pub confirmation_delay: Duration,
    /// How long every call takes before the node looks at it.
    pub latency: Duration,
}

impl Default for Config {
    /// 150 ms to cement, as on a lone dev node; calls take no time.
    fn default() -> Self {
        Self { confirmation_delay: Duration::from_millis(150), latency: Duration::ZERO }
    }
}

/// A simulated node; clones are the same node.
#[derive(Clone)]
pub struct SandboxNode {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl SandboxNode {
    /// A node on the genesis block alone that keeps nothing.
    #[must_use]
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Self {
        Self::with_journal(config, clock, Journal::none())
    }

    /// A node that keeps its ledger in the file at `path`, which is made if it is not there.
    ///
    /// Held blocks, faults and requests on their way are not kept.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the file cannot be opened or does not hold a ledger; a torn last line is dropped.
    pub fn open(path: &Path, config: Config, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let state = State::open(path, clock.now())?;
        Ok(Self::with_state(config, clock, state))
    }

    /// A network of its own with the same past, faults included, for tests that follow more than one future. It goes by
    /// `clock` and keeps nothing.
    #[must_use]
    pub fn fork(&self, clock: Arc<dyn Clock>) -> Self {
        let state = self.state().fork();
        Self::with_state(self.shared.config, clock, state)
    }

    /// A node on the genesis block alone that keeps its ledger in an empty journal.
    pub(super) fn with_journal(config: Config, clock: Arc<dyn Clock>, journal: Journal) -> Self {
        let state = State::new(journal, clock.now());
        Self::with_state(config, clock, state)
    }

    fn with_state(config: Config, clock: Arc<dyn Clock>, state: State) -> Self {
        Self { shared: Arc::new(Shared { config, clock, state: Mutex::new(state) }) }
    }

    /// The state, brought up to the clock's time.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A test's closure may panic under the lock; every change to the state is complete or not begun by then.
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.move_on(self.shared.clock.now(), self.shared.config.confirmation_delay);
        state
    }

    /// The clock it goes by.
    pub(in crate::sandbox) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// A node that does not keep what it stands for.
    pub(super) fn downgrade(&self) -> impl Fn() -> Option<Self> + Send + 'static {
        let shared = Arc::downgrade(&self.shared);
        move || shared.upgrade().map(|shared| Self { shared })
    }

    /// From a block's arrival to its being cemented.
    pub(super) fn confirmation_delay(&self) -> Duration {
        self.shared.config.confirmation_delay
    }

    /// The fault that a call meets, once it has taken its time.
    pub(super) async fn meet(
        &self,
        call: Call,
        account: Option<Account>,
    ) -> Result<Fault, NodeError> {
        self.pause(self.shared.config.latency).await;
        let fault = self.state().meet(call, account)?;
        if let Fault::Slow(delay) = fault {
            self.pause(delay).await;
        }
        Ok(fault)
    }

    async fn pause(&self, d: Duration) {
        if !d.is_zero() {
            self.shared.clock.sleep(d).await;
        }
    }

    /// A read call: what `look` sees, unless a fault keeps it from being seen.
    async fn read<T>(
        &self,
        call: Call,
        account: Option<Account>,
        look: impl FnOnce(&Ledger, &Fault) -> Result<T, NodeError>,
    ) -> Result<T, NodeError> {
        let fault = self.meet(call, account).await?;
        let mut state = self.state();
        if let Some(error) = fault.error() {
            return Err(error);
        }
        match &fault {
            Fault::Insert(block) => state.insert_foreign(block),
            Fault::Stale { blocks } => return look(&state.ledger.as_of(*blocks), &fault),
            _ => {}
        }
        look(&state.ledger, &fault)
    }
}

#[async_trait]
impl Node for SandboxNode {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.read(Call::AccountInfo, Some(account), |ledger, fault| {
            let info = match fault {
                Fault::Denial => None,
                Fault::Frontier { blocks_back, .. } => {
                    view::account_info(ledger, &account, *blocks_back)
                }
                _ => view::account_info(ledger, &account, 0),
            };
            Ok(info.map(|info| match fault {
                Fault::Balance { balance, .. } => with_balance(info, *balance),
                _ => info,
            }))
        })
        .await
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.read(Call::Receivable, Some(account), |ledger, fault| match fault {
            Fault::Denial => Ok(Vec::new()),
            _ => Ok(view::receivable(ledger, &account, minimum, count)),
        })
        .await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.read(Call::AccountsBalances, None, |ledger, _| {
            let balance = |account: &Account| {
                let sends = view::receivable(ledger, account, Raw::ZERO, u32::MAX);
                let receivable =
                    sends.iter().try_fold(Raw::ZERO, |sum, send| sum.checked_add(send.amount));
                AccountBalance {
                    balance: view::confirmed_balance(ledger, account),
                    receivable: receivable.expect("no more than the supply waits to be received"),
                }
            };
            Ok(accounts.iter().map(|account| (*account, balance(account))).collect())
        })
        .await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.read(Call::AccountHistory, Some(account), |ledger, _| {
            Ok(view::history_page(ledger, &account, head, count))
        })
        .await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        self.read(Call::BlockInfo, None, |ledger, fault| match fault {
            Fault::Denial => Ok(None),
            _ if ledger.is_genesis(&hash) => {
                Err(NodeError::Garbled { detail: "the genesis block is no state block".to_owned() })
            }
            _ => Ok(view::block_info(ledger, &hash)),
        })
        .await
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let fault = self.meet(Call::Process, Some(block.block.account)).await?;
        self.state().process(&fault, block, subtype)
    }
}

impl fmt::Debug for SandboxNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("SandboxNode")
            .field("blocks", &state.ledger.block_count())
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

fn with_balance(info: AccountInfo, balance: Raw) -> AccountInfo {
    let cemented = info.confirmed_frontier == Some(info.frontier);
    let confirmed_balance = if cemented { balance } else { info.confirmed_balance };
    AccountInfo { balance, confirmed_balance, ..info }
}
