//! A wallet in this process on a node over the wire, whose publishing a test can disturb.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Body, Event, Lane};
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Order, Paid, Parts, Rhythm};
use paywarden::ids::WalletId;
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Network, PrivateKey, Seed, SignedBlock, Subtype};
use paywarden::network::{
    AccountBalance, AccountInfo, BlockInfo, Confirmations, HistoryPage, Node, NodeClient,
    NodeError, Receivable,
};
use paywarden::payment::step;
use paywarden::policy::Policy;
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::places::{Place, new_seed};

/// A started wallet with one account.
pub struct Wallet {
    pub engine: Arc<Engine>,
    pub key: PrivateKey,
    pub account: Account,
    pub tricks: Arc<Tricks>,
}

/// What happens to the next block the wallet publishes.
#[derive(Debug)]
pub enum Trick {
    /// The request is lost.
    LostRequest,
    /// The block arrives; the answer does not.
    LostReply,
    /// Another holder of the key was first, and is confirmed.
    Rival(Box<SignedBlock>),
}

/// The node as the wallet reaches it.
#[derive(Debug)]
pub struct Tricks {
    node: NodeClient,
    next: Mutex<Option<Trick>>,
}

impl Wallet {
    /// Hears news only: it would not look by itself while a test runs.
    pub async fn with_news(place: &Place) -> Self {
        Self::start(place, place.news(), NEWS_ONLY).await
    }

    /// Asks only.
    pub async fn with_polls(place: &Place) -> Self {
        Self::start(place, None, POLLS).await
    }

    async fn start(
        place: &Place,
        confirmations: Option<Arc<dyn Confirmations>>,
        rhythm: Rhythm,
    ) -> Self {
        let seed = new_seed();
        let key = seed.derive(0);
        let tricks = Arc::new(Tricks { node: place.node(), next: Mutex::default() });
        let engine = Arc::new(Engine::new(Parts {
            store: store(key.account()).await,
            node: Arc::clone(&tricks) as Arc<dyn Node>,
            confirmations,
            keystore: Arc::new(Keystore::new(Network::Dev, &seed, 1)),
            key_file: None,
            work: WorkPool::new(Network::Dev.thresholds().epoch_2_send, 1, None),
            clock: Arc::new(SystemClock),
            rhythm,
            representative: Network::Dev.genesis_account(),
            step,
            ledger_key: None,
            anchor: None,
        }));
        engine.start().unwrap();
        Self { engine, account: key.account(), key, tricks }
    }

    pub fn lane(&self) -> Lane {
        self.engine.store().read(|view| view.lane(&self.account)).unwrap().unwrap()
    }

    /// Pays, and waits for the end.
    pub async fn pay(&self, to: Account, amount: Raw) -> Paid {
        let order = Order {
            call_id: Uuid::new_v4(),
            operation: "wallet.send",
            agent_id: None,
            destination: to,
            label: None,
            amount: amount.into(),
            mandate_id: None,
            memo: None,
            account: self.account,
            idempotency_key: None,
            publish_via: paywarden::payment::PublishVia::Node,
            purpose: None,
        };
        let paid = self.engine.pay(order).await.unwrap();
        let never = CancellationToken::new();
        let wait = self.engine.wait_for_payment(paid.payment.id(), PATIENCE, &never, |_, _| {});
        wait.await.unwrap()
    }

    /// Waits until the account holds so much.
    pub async fn holds(&self, amount: Raw, place: &Place) {
        until(place.name, "the money", || self.lane().balance == amount).await;
    }

    /// The ledger folds to the books, and nothing runs any more.
    pub async fn end(self) {
        assert!(self.engine.audit(true, vec![]).await.unwrap().report.ok);
        self.engine.stop().await;
    }
}

impl Tricks {
    pub fn play(&self, trick: Trick) {
        *self.next.lock().unwrap() = Some(trick);
    }

    pub fn are_played(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }
}

#[async_trait]
impl Node for Tricks {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.node.account_info(account).await
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.node.receivable(account, minimum, count).await
    }

    async fn accounts_receivable(
        &self,
        accounts: &[Account],
        minimum: Raw,
        count: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        self.node.accounts_receivable(accounts, minimum, count).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.node.accounts_balances(accounts).await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.node.account_history(account, head, count).await
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        self.node.block_info(hash).await
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let lost = || NodeError::Unreachable { detail: "lost on the way".to_owned() };
        let trick = self.next.lock().unwrap().take();
        match trick {
            None => self.node.process(block, subtype).await,
            Some(Trick::LostRequest) => Err(lost()),
            Some(Trick::LostReply) => self.node.process(block, subtype).await.and(Err(lost())),
            Some(Trick::Rival(rival)) => {
                let hash = self.node.process(&rival, None).await?;
                while !self.node.block_info(hash).await?.is_some_and(|info| info.confirmed) {
                    SystemClock.sleep(LOOK_AGAIN).await;
                }
                self.node.process(block, subtype).await
            }
        }
    }
}

async fn store(account: Account) -> Store {
    let engine = RedbEngine::with_backend(Disk::new(Image::default())).unwrap();
    let guards = Guards {
        clock: Arc::new(SystemClock),
        signer: LedgerSigner::from_bytes(&[5; 32]),
        anchor: None,
        marker: None,
    };
    let store = Store::open(Arc::new(engine), guards, false).unwrap();
    let policy = Policy::sandbox();
    let policy_hash = policy.hash();
    let ledger_key = LedgerSigner::from_bytes(&[5; 32]).public_pem();
    let wallet_id = WalletId(Uuid::new_v4());
    let events: Vec<Event> = vec![
        Body::WalletCreated { wallet_id, network: Network::Dev, ledger_key }.into(),
        Body::PolicyLoaded { policy, policy_hash }.into(),
        Body::AccountAdded { index: 0, account }.into(),
    ];
    store.commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    store
}

/// Waits until it is so.
pub async fn until(place: &str, what: &str, mut so: impl FnMut() -> bool) {
    let started = SystemClock.now();
    while !so() {
        assert!(SystemClock.now().since(started) < PATIENCE, "{place}: {what} does not come");
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
}

/// Another seed's first account.
pub fn somebody() -> Account {
    let seed: Seed = new_seed();
    seed.derive(0).account()
}

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(40);
const NEWS_ONLY: Rhythm = Rhythm {
    confirming: Duration::from_secs(3_600),
    receiving: Duration::from_secs(3_600),
    retrying: Duration::from_millis(200),
};
const POLLS: Rhythm = Rhythm {
    confirming: Duration::from_millis(50),
    receiving: Duration::from_millis(100),
    retrying: Duration::from_millis(100),
};
