//! A sandbox with ifenpay on it, its clients, and an account with money.

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::SystemClock;
use paywarden::fetch::{BaseUrl, Bounds, Client, PlainText, Settings};
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Link, PrivateKey, SignedBlock, StateBlock};
use paywarden::network::gateway::Gateway;
use paywarden::providers::ifenpay::{Ifenpay, Upstream};
use paywarden::sandbox::ifenpay::Ifenpay as Simulator;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling, genesis_account, seal};
use paywarden::sandbox::{Ports, Service, Serving, serve};
use paywarden::secret::Secret;
use serde_json::Value;

pub struct Bench {
    pub node: SandboxNode,
    pub serving: Serving,
    pub alice: PrivateKey,
}

impl Bench {
    /// A node that cements in 20 ms.
    pub async fn new() -> Self {
        let config = Config { confirmation_delay: Duration::from_millis(20), ..Config::default() };
        let node = SandboxNode::new(config, Arc::new(SystemClock));
        let serving = serve(node.clone(), Spelling::Cpp, Ports::Free).await.unwrap();
        Self { node, serving, alice: PrivateKey::from_bytes([1; 32]) }
    }

    /// Alice has 10 XNO, cemented.
    pub async fn funded() -> Self {
        let bench = Self::new().await;
        let source = bench.node.faucet_confirmed(bench.account(), xno("10")).unwrap();
        let open =
            bench.block(|block| StateBlock { balance: xno("10"), link: source.into(), ..block });
        bench.node.insert(&open).unwrap();
        bench.node.confirm(&open.hash()).unwrap();
        bench
    }

    pub fn simulator(&self) -> &Simulator {
        self.serving.ifenpay()
    }

    pub fn account(&self) -> Account {
        self.alice.account()
    }

    pub fn upstream(&self, key: Option<&str>) -> Upstream {
        let base = BaseUrl::parse(self.serving.url(Service::Ifenpay), PlainText::Loopback);
        let key = key.map(|key| Secret::new(key.to_owned()));
        let client = Client::new(Settings::default());
        let clock = Arc::new(SystemClock);
        Upstream::new(client, base.unwrap(), key, clock)
            .with_bounds(Bounds { timeout: Duration::from_secs(2), body_bytes: 100_000 })
    }

    pub fn ifenpay(&self) -> Ifenpay {
        Ifenpay::new(self.upstream(Some(Simulator::KEY)))
    }

    pub fn gateway(&self) -> Gateway {
        Gateway::new(self.upstream(Some(Simulator::KEY)))
    }

    /// Alice's next block.
    pub fn block(&self, change: impl FnOnce(StateBlock) -> StateBlock) -> SignedBlock {
        let head = self.node.head(&self.account());
        seal(
            &self.alice,
            change(StateBlock {
                account: self.account(),
                previous: head.map_or(BlockHash::ZERO, |head| head.hash),
                representative: genesis_account(),
                balance: head.map_or(Raw::ZERO, |head| head.balance),
                link: Link::ZERO,
            }),
        )
    }

    pub fn send(&self, to: Account, amount: Raw) -> SignedBlock {
        self.block(|block| StateBlock {
            balance: block.balance.checked_sub(amount).unwrap(),
            link: Link::from(to),
            ..block
        })
    }
}

pub fn xno(text: &str) -> Raw {
    Raw::from_xno(text).unwrap()
}

/// The fields that a fault replaces.
pub fn patch(fields: Value) -> paywarden::sandbox::ifenpay::Fault {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    paywarden::sandbox::ifenpay::Fault::Patch(fields)
}
