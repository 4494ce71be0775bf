//! A wallet in real time over a sandbox network that counts requests and tells news.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Body, Event, Lane};
use paywarden::clock::{BoxFuture, Clock, Millis, SystemClock};
use paywarden::engine::{Amount, Engine, Order, Parts, Rhythm};
use paywarden::ids::WalletId;
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Network, PrivateKey, Seed, SignedBlock, Subtype};
use paywarden::network::{
    AccountBalance, AccountInfo, BlockInfo, Confirmation, Confirmations, Heard, HistoryPage, Node,
    NodeError, Receivable,
};
use paywarden::payment::{IdempotencyKey, step};
use paywarden::policy::Policy;
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::sandbox::nano::{Config, SandboxNode};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use tokio::sync::broadcast;
use uuid::Uuid;

pub const XNO: u128 = Raw::ONE_XNO.get();

/// Requests by kind, and who is followed.
#[derive(Debug)]
pub struct Net {
    pub node: SandboxNode,
    pub rounds: AtomicU32,
    pub balances: AtomicU32,
    pub alone: AtomicU32,
    pub histories: AtomicU32,
    pub followed: Mutex<Vec<Account>>,
    /// A block that the node shows, but not as confirmed.
    pub doubt: Mutex<Option<BlockHash>>,
    /// Whether the node's clock goes as far ahead as the wallet's.
    pub stamp_later: AtomicBool,
    /// Under the last wallet.
    disk: Mutex<Option<Disk>>,
    /// A send whose amount the node overstates, and the block before it, which it shows as one of an old kind.
    pub lie: Mutex<Option<(BlockHash, BlockHash)>>,
    /// How much later than now the wallet takes it to be, in milliseconds.
    pub later: Arc<AtomicU64>,
    news: broadcast::Sender<Confirmation>,
}

impl Net {
    pub fn new() -> Arc<Self> {
        Self::by(Arc::new(SystemClock), Arc::default())
    }

    /// A network whose clock goes forward with the wallet's.
    pub fn in_step() -> Arc<Self> {
        let later = Arc::default();
        Self::by(Arc::new(Later(Arc::clone(&later))), later)
    }

    fn by(clock: Arc<dyn Clock>, later: Arc<AtomicU64>) -> Arc<Self> {
        let config =
            Config { confirmation_delay: Duration::from_millis(5), latency: Duration::ZERO };
        Arc::new(Self {
            node: SandboxNode::new(config, clock),
            rounds: AtomicU32::new(0),
            balances: AtomicU32::new(0),
            alone: AtomicU32::new(0),
            histories: AtomicU32::new(0),
            followed: Mutex::default(),
            doubt: Mutex::default(),
            stamp_later: AtomicBool::new(false),
            disk: Mutex::default(),
            lie: Mutex::default(),
            later,
            news: broadcast::channel(64).0,
        })
    }

    pub fn tell(&self, news: Confirmation) {
        self.news.send(news).unwrap();
    }

    pub fn counts(&self) -> [u32; 3] {
        [&self.rounds, &self.balances, &self.alone].map(|count| count.load(Ordering::SeqCst))
    }
}

impl Confirmations for Net {
    fn follow(&self, accounts: &[Account]) {
        self.followed.lock().unwrap().extend_from_slice(accounts);
    }

    fn subscribe(&self) -> Heard {
        Heard::new(self.news.subscribe())
    }
}

#[async_trait]
impl Node for Net {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        self.node.account_info(account).await
    }

    async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        self.alone.fetch_add(1, Ordering::SeqCst);
        let mut waiting = self.node.receivable(account, minimum, count).await?;
        let lie = *self.lie.lock().unwrap();
        for send in &mut waiting {
            if lie.is_some_and(|(lied, _)| lied == send.hash) {
                send.amount = send.amount.checked_add(Raw::new(1)).unwrap();
            }
        }
        Ok(waiting)
    }

    async fn accounts_receivable(
        &self,
        accounts: &[Account],
        minimum: Raw,
        count: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        self.rounds.fetch_add(1, Ordering::SeqCst);
        self.node.accounts_receivable(accounts, minimum, count).await
    }

    async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        self.balances.fetch_add(1, Ordering::SeqCst);
        self.node.accounts_balances(accounts).await
    }

    async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        self.histories.fetch_add(1, Ordering::SeqCst);
        let mut page = self.node.account_history(account, head, count).await?;
        let later =
            self.stamp_later.load(Ordering::SeqCst).then(|| self.later.load(Ordering::SeqCst));
        for at in page.blocks.iter_mut().filter_map(|block| block.local_timestamp.as_mut()) {
            *at = at.plus(Duration::from_millis(later.unwrap_or(0)));
        }
        Ok(page)
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        let mut info = self.node.block_info(hash).await?;
        let lie = *self.lie.lock().unwrap();
        if lie.is_some_and(|(_, before)| before == hash) {
            return Err(NodeError::Garbled { detail: "a legacy block".to_owned() });
        }
        let doubt = *self.doubt.lock().unwrap();
        if let Some(info) = info.as_mut().filter(|_| doubt == Some(hash)) {
            info.confirmed = false;
        }
        if let Some(info) = info.as_mut().filter(|_| lie.is_some_and(|(lied, _)| lied == hash)) {
            info.amount = info.amount.checked_add(Raw::new(1)).unwrap();
        }
        Ok(info)
    }

    async fn process(
        &self,
        block: &SignedBlock,
        subtype: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        self.node.process(block, subtype).await
    }
}

/// The machine's clock, put forward.
#[derive(Debug)]
struct Later(Arc<AtomicU64>);

impl Clock for Later {
    fn now(&self) -> Millis {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }

    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(d)
    }
}

pub fn key(index: u32) -> PrivateKey {
    Seed::from_bytes([0x51; 32]).derive(index)
}

pub fn account(index: u32) -> Account {
    key(index).account()
}

pub fn payee() -> Account {
    PrivateKey::from_bytes([9; 32]).account()
}

/// A rhythm that would look once in an hour: what happens sooner, news or a request made happen.
pub const HOURLY: Rhythm = Rhythm {
    confirming: Duration::from_millis(10),
    receiving: Duration::from_secs(3_600),
    retrying: Duration::from_millis(20),
};

fn store(net: &Net, image: Image) -> Store {
    let disk = Disk::new(image);
    *net.disk.lock().unwrap() = Some(disk.clone());
    let engine = RedbEngine::with_backend(disk).unwrap();
    let guards = Guards {
        clock: Arc::new(Later(Arc::clone(&net.later))),
        signer: LedgerSigner::from_bytes(&[5; 32]),
        anchor: None,
        marker: None,
    };
    Store::open(Arc::new(engine), guards, false).unwrap()
}

/// A wallet with `accounts` accounts under a changed sandbox policy, not started yet.
pub async fn wallet(
    net: &Arc<Net>,
    accounts: u32,
    rhythm: Rhythm,
    change: impl FnOnce(&mut Policy),
) -> Arc<Engine> {
    let store = store(net, Image::default());
    let mut policy = Policy::sandbox();
    change(&mut policy);
    let policy_hash = policy.hash();
    let ledger_key = LedgerSigner::from_bytes(&[5; 32]).public_pem();
    let wallet_id = WalletId(Uuid::from_u128(1));
    let mut events: Vec<Event> = vec![
        Body::WalletCreated { wallet_id, network: Network::Sandbox, ledger_key }.into(),
        Body::PolicyLoaded { policy, policy_hash }.into(),
    ];
    events.extend(
        (0..accounts).map(|index| Body::AccountAdded { index, account: account(index) }.into()),
    );
    store.commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    running_on(net, store, accounts, rhythm)
}

/// The wallet that was on this network before, as a power cut left it; not started yet.
pub fn reopened(net: &Arc<Net>, accounts: u32, rhythm: Rhythm) -> Arc<Engine> {
    let image = net.disk.lock().unwrap().as_ref().unwrap().wreck().power_cut();
    running_on(net, store(net, image), accounts, rhythm)
}

/// The wallet that was on this network before, on the same network as it is served elsewhere.
pub fn moved(
    net: &Arc<Net>,
    node: Arc<dyn Node>,
    news: Arc<dyn Confirmations>,
    rhythm: Rhythm,
) -> Arc<Engine> {
    let image = net.disk.lock().unwrap().as_ref().unwrap().wreck().power_cut();
    put_together(net, node, news, store(net, image), 2, rhythm)
}

fn running_on(net: &Arc<Net>, store: Store, accounts: u32, rhythm: Rhythm) -> Arc<Engine> {
    let node = Arc::clone(net) as Arc<dyn Node>;
    let news = Arc::clone(net) as Arc<dyn Confirmations>;
    put_together(net, node, news, store, accounts, rhythm)
}

fn put_together(
    net: &Net,
    node: Arc<dyn Node>,
    news: Arc<dyn Confirmations>,
    store: Store,
    accounts: u32,
    rhythm: Rhythm,
) -> Arc<Engine> {
    let seed = Seed::from_bytes([0x51; 32]);
    Arc::new(Engine::new(Parts {
        store,
        node,
        confirmations: Some(news),
        keystore: Arc::new(Keystore::new(Network::Sandbox, &seed, accounts)),
        key_file: None,
        work: WorkPool::new(Network::Sandbox.thresholds().epoch_2_send, 0, None),
        clock: Arc::new(Later(Arc::clone(&net.later))),
        rhythm,
        representative: Network::Sandbox.genesis_account(),
        step,
        ledger_key: None,
        anchor: None,
    }))
}

pub fn lane(engine: &Engine, index: u32) -> Lane {
    engine.store().read(|view| view.lane(&account(index))).unwrap().unwrap()
}

/// Waits until it is so; gives how long it took.
pub async fn until(what: &str, so: impl FnMut() -> bool) -> Duration {
    until_within(Duration::from_secs(20), what, so).await
}

/// The same with another patience.
pub async fn until_within(
    patience: Duration,
    what: &str,
    mut so: impl FnMut() -> bool,
) -> Duration {
    let started = SystemClock.now();
    loop {
        let took = SystemClock.now().since(started);
        if so() {
            return took;
        }
        assert!(took < patience, "{what} does not come");
        SystemClock.sleep(Duration::from_millis(2)).await;
    }
}

/// Sends from the faucet and waits until the network has confirmed it.
pub async fn fund(net: &Net, index: u32, xno: u128) -> BlockHash {
    let hash = net.node.faucet_confirmed(account(index), Raw::new(xno * XNO)).unwrap();
    until("the gift", || net.node.block(&hash).is_some_and(|info| info.confirmed)).await;
    hash
}

/// The news of a send to one of our accounts.
pub fn sent_to(index: u32, hash: BlockHash) -> Confirmation {
    Confirmation::Block {
        account: Network::Sandbox.genesis_account(),
        hash,
        amount: Raw::ZERO,
        subtype: None,
        destination: Some(account(index)),
    }
}

pub fn order(amount: Amount, key: Option<&str>) -> Order {
    Order {
        call_id: Uuid::new_v4(),
        operation: "wallet.send",
        agent_id: None,
        destination: payee(),
        label: None,
        amount,
        mandate_id: None,
        memo: None,
        account: account(0),
        publish_via: paywarden::payment::PublishVia::Node,
        purpose: None,
        idempotency_key: key.map(|key| IdempotencyKey::try_from(key.to_owned()).unwrap()),
    }
}
