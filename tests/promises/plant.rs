//! Mistakes to plant in a wallet, so that the crash test can show that it would see them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use paywarden::books::Table;
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, SignedBlock, Subtype};
use paywarden::network::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Receivable,
};
use paywarden::payment::{Effect, Observation, Rival, Seen, Sight, State, step};
use paywarden::sandbox::disk::Disk;
use paywarden::sandbox::nano::SandboxNode;
use paywarden::store::{Batch, Engine, FoldEvent, RedbEngine, Snapshot, StoreError, StoredEvent};
use redb::StorageBackend;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plant {
    Nothing,
    /// A commit is answered before it is durable, and the block leaves.
    BroadcastBeforeCommit,
    /// A block that was not heard of is signed anew.
    ResignAfterTimeout,
    /// The budget is settled in one transaction, the payment in another.
    TwoTransactionsToClose,
    /// A rival counts before it is confirmed.
    ReleaseOnUncementedRival,
    /// A head counts before it is confirmed.
    BuildOnUncementedFrontier,
    /// A payee's no counts.
    ReleaseOnRefusal,
    /// A payee that does not answer counts as one that took nothing, while it still may.
    ReleaseBeforeTheEnd,
}

/// Of the store's journal, so that some commits are redb's own: two or three payments' events and rows.
const ROOM: usize = 32 * 1024;

impl Plant {
    pub fn engine(self, disk: &Disk) -> Result<Arc<dyn Engine>, StoreError> {
        Ok(match self {
            Self::BroadcastBeforeCommit => {
                Arc::new(RedbEngine::with_room(Unsynced(disk.clone()), ROOM)?)
            }
            Self::TwoTransactionsToClose => {
                Arc::new(Split(RedbEngine::with_room(disk.clone(), ROOM)?))
            }
            _ => Arc::new(RedbEngine::with_room(disk.clone(), ROOM)?),
        })
    }

    pub fn node(self, node: &SandboxNode) -> Arc<dyn Node> {
        match self {
            Self::BuildOnUncementedFrontier => Arc::new(Hasty(node.clone())),
            _ => Arc::new(node.clone()),
        }
    }

    pub fn step(self) -> fn(&State, &Observation) -> Effect {
        match self {
            Self::ResignAfterTimeout => resign,
            Self::ReleaseOnUncementedRival => release_early,
            Self::ReleaseOnRefusal => release_refused,
            Self::ReleaseBeforeTheEnd => release_unanswered,
            _ => step,
        }
    }
}

fn resign(state: &State, seen: &Observation) -> Effect {
    match (state.block(), seen) {
        (Some(intent), Observation::Network { sight: Sight::Absent, published: Some(_), .. }) => {
            Effect::Retry(intent.hash())
        }
        _ => step(state, seen),
    }
}

fn release_early(state: &State, seen: &Observation) -> Effect {
    match seen {
        Observation::Network { sight: Sight::Rival(rival), now, published } => {
            let sight = Sight::Rival(Rival { confirmed: true, ..*rival });
            step(state, &Observation::Network { sight, now: *now, published: *published })
        }
        _ => step(state, seen),
    }
}

fn release_refused(state: &State, seen: &Observation) -> Effect {
    match seen {
        Observation::Payee { seen: Seen::Refused, .. } => Effect::Release,
        _ => step(state, seen),
    }
}

fn release_unanswered(state: &State, seen: &Observation) -> Effect {
    match seen {
        Observation::Payee { seen: Seen::Open, handed: Some(_), .. } => Effect::Release,
        _ => step(state, seen),
    }
}

/// A disk that says a sync is done and has not begun it.
#[derive(Debug)]
struct Unsynced(Disk);

impl StorageBackend for Unsynced {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

struct Split(RedbEngine);

impl Engine for Split {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        self.0.snapshot()
    }

    fn persist(&self, batch: &Batch) -> Result<(), StoreError> {
        let settles = |bytes: &[u8]| bytes.windows(15).any(|window| window == b"payment.settled");
        if batch.events.iter().any(|event| settles(&event.bytes)) {
            let mut first = Batch::new(batch.after, batch.at);
            let budgets = batch.rows.iter().filter(|((table, _), _)| *table == Table::Budgets);
            first.rows = budgets.map(|(key, value)| (key.clone(), value.clone())).collect();
            self.0.persist(&first)?;
        }
        self.0.persist(batch)
    }

    fn outdated(&self) -> Result<Option<u32>, StoreError> {
        self.0.outdated()
    }

    fn keep_copy(&self, format: u32) -> Result<(), StoreError> {
        self.0.keep_copy(format)
    }

    fn refold(
        &self,
        fold: &mut FoldEvent<'_>,
        closing: Option<&StoredEvent>,
    ) -> Result<(), StoreError> {
        self.0.refold(fold, closing)
    }
}

/// Says of every block that it is confirmed.
#[derive(Debug)]
struct Hasty(SandboxNode);

#[async_trait]
impl Node for Hasty {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        let info = self.0.account_info(account).await?;
        Ok(info.map(|info| AccountInfo { confirmed_frontier: Some(info.frontier), ..info }))
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.0.receivable(account, minimum, count).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.0.accounts_balances(accounts).await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.0.account_history(account, head, count).await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        Ok(self.0.block_info(hash).await?.map(|info| BlockInfo { confirmed: true, ..info }))
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        self.0.process(block, subtype).await
    }
}
