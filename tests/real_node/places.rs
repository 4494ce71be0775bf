//! The nodes the suite runs against, and the play money on them.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::fetch::{BaseUrl, Client, PlainText, Settings, SocketUrl};
use paywarden::money::Raw;
use paywarden::nano::work;
use paywarden::nano::{
    Account, BlockHash, DEV_GENESIS_PRIVATE_KEY, Link, Network, PrivateKey, Seed, SignedBlock,
    StateBlock,
};
use paywarden::network::{Confirmations, Node, NodeClient, Websocket};
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::{Ports, Service, serve};
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

/// One node, served as long as this is held if it is a simulated one.
pub struct Place {
    pub name: &'static str,
    pub rpc: String,
    pub websocket: Option<String>,
    /// The simulated node itself.
    pub sandbox: Option<SandboxNode>,
    _stop: Option<oneshot::Sender<()>>,
}

/// Every node there is, the real one last. Says so where there is none.
pub fn places() -> Vec<Place> {
    let mut places = vec![served(Spelling::Cpp), served(Spelling::RsNano)];
    match variable("PAYWARDEN_TEST_NODE_URL") {
        Some(rpc) => places.push(Place {
            name: "the real node",
            rpc,
            websocket: variable("PAYWARDEN_TEST_NODE_WS"),
            sandbox: None,
            _stop: None,
        }),
        None => eprintln!("skipped on a real node: PAYWARDEN_TEST_NODE_URL names none"),
    }
    places
}

fn served(spelling: Spelling) -> Place {
    let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
    let (urls, started) = channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = node.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let serving = serve(served, spelling, Ports::Free).await.unwrap();
            let url = |service| serving.url(service).to_owned();
            urls.send((url(Service::NodeRpc), url(Service::NodeWebsocket))).unwrap();
            let _ = stopped.await;
        });
    });
    let (rpc, websocket) = started.recv().unwrap();
    let name = match spelling {
        Spelling::Cpp => "the served sandbox, as the C++ node",
        Spelling::RsNano => "the served sandbox, as RsNano",
    };
    Place { name, rpc, websocket: Some(websocket), sandbox: Some(node), _stop: Some(stop) }
}

#[expect(clippy::disallowed_methods, reason = "the suite is told where the real node is")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Place {
    pub fn node(&self) -> NodeClient {
        let url = BaseUrl::parse(&self.rpc, PlainText::Anywhere).unwrap();
        let client = Client::new(Settings::default());
        NodeClient::new(vec![url.into()], &client, Arc::new(SystemClock), Network::Dev).unwrap()
    }

    /// Must be called within a runtime.
    pub fn news(&self) -> Option<Arc<dyn Confirmations>> {
        let url = SocketUrl::parse(self.websocket.as_ref()?, PlainText::Anywhere).unwrap();
        Some(Arc::new(Websocket::start(url, Arc::new(SystemClock))))
    }

    /// A confirmed send of play money.
    pub async fn fund(&self, to: Account, amount: Raw) -> BlockHash {
        // Two tests that pay from genesis at once would fork it.
        let _alone = GENESIS.lock().await;
        let genesis = PrivateKey::from_bytes(DEV_GENESIS_PRIVATE_KEY);
        self.pay(&genesis, to, amount).await
    }

    /// A confirmed send by whoever holds `key`, made beside any wallet.
    pub async fn pay(&self, key: &PrivateKey, to: Account, amount: Raw) -> BlockHash {
        let block = self.send_of(key, to, amount).await;
        self.publish(&block).await
    }

    /// The next send of `key`'s account, on its confirmed head; not published.
    pub async fn send_of(&self, key: &PrivateKey, to: Account, amount: Raw) -> SignedBlock {
        let node = self.node();
        let account = key.account();
        for _ in 0..LOOKS {
            let info = node.account_info(account).await.unwrap().expect("the account is open");
            if info.confirmed_frontier == Some(info.frontier) {
                let balance = info.balance.checked_sub(amount).unwrap();
                let (previous, representative) = (info.frontier, info.representative);
                let link = Link::from(to);
                return signed(
                    key,
                    StateBlock { account, previous, representative, balance, link },
                );
            }
            SystemClock.sleep(LOOK_AGAIN).await;
        }
        panic!("{}: the head of {account} is never confirmed", self.name);
    }

    /// Publishes a block and waits until the network has confirmed it.
    pub async fn publish(&self, block: &SignedBlock) -> BlockHash {
        let node = self.node();
        let hash = node.process(block, None).await.unwrap();
        for _ in 0..LOOKS {
            if node.block_info(hash).await.unwrap().is_some_and(|info| info.confirmed) {
                return hash;
            }
            SystemClock.sleep(LOOK_AGAIN).await;
        }
        panic!(
            "{}: {hash} is never confirmed; does its wallet hold the dev genesis key?",
            self.name
        );
    }
}

/// Work is enough for a send of any epoch.
fn signed(key: &PrivateKey, block: StateBlock) -> SignedBlock {
    let work = work::generate(&block.root(), Network::Dev.thresholds().epoch_2_send, 0);
    SignedBlock { block, signature: key.sign(&block.hash()), work: Some(work) }
}

/// A seed nobody used before.
pub fn new_seed() -> Seed {
    let halves = [Uuid::new_v4(), Uuid::new_v4()];
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(halves[0].as_bytes());
    bytes[16..].copy_from_slice(halves[1].as_bytes());
    Seed::from_bytes(bytes)
}

pub const XNO: u128 = Raw::ONE_XNO.get();
static GENESIS: Mutex<()> = Mutex::const_new(());
const LOOKS: u32 = 500;
const LOOK_AGAIN: Duration = Duration::from_millis(40);
