//! A served sandbox, and a client that sees every byte.

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::SystemClock;
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Link, PrivateKey, SignedBlock, StateBlock};
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling, genesis_account, seal};
use paywarden::sandbox::{Ports, Service, Serving, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const BOTH: [Spelling; 2] = [Spelling::Cpp, Spelling::RsNano];

pub struct Bench {
    pub node: SandboxNode,
    pub serving: Serving,
    pub alice: PrivateKey,
}

/// What came back.
pub struct Heard {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Bench {
    /// A node that cements in 20 ms.
    pub async fn new(spelling: Spelling) -> Self {
        let config = Config { confirmation_delay: Duration::from_millis(20), ..Config::default() };
        let node = SandboxNode::new(config, Arc::new(SystemClock));
        let serving = serve(node.clone(), spelling, Ports::Free).await.unwrap();
        Self { node, serving, alice: PrivateKey::from_bytes([1; 32]) }
    }

    /// Alice has 100 raw, cemented.
    pub async fn funded(spelling: Spelling) -> Self {
        let bench = Self::new(spelling).await;
        let source = bench.node.faucet_confirmed(bench.account(), Raw::new(100)).unwrap();
        let open = bench.block(|block| StateBlock {
            balance: Raw::new(100),
            link: Link::from(source),
            ..block
        });
        bench.node.insert(&open).unwrap();
        bench.node.confirm(&open.hash()).unwrap();
        bench
    }

    pub fn account(&self) -> Account {
        self.alice.account()
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

    /// Alice's send of this many raw to genesis.
    pub fn send(&self, amount: u128) -> SignedBlock {
        self.block(|block| StateBlock {
            balance: block.balance.checked_sub(Raw::new(amount)).unwrap(),
            link: Link::from(genesis_account()),
            ..block
        })
    }

    pub async fn raw(&self, method: &str, path: &str, body: &str) -> Option<Heard> {
        let address = self.serving.url(Service::NodeRpc).strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut bytes = Vec::new();
        // A connection that is cut may end in a reset; what came before it counts.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Heard { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    /// An RPC call that is answered, as text.
    pub async fn rpc(&self, request: Value) -> Heard {
        self.raw("POST", "/", &request.to_string()).await.unwrap()
    }

    /// An RPC call that is answered with JSON.
    pub async fn call(&self, request: Value) -> Value {
        let heard = self.rpc(request).await;
        assert_eq!(heard.status, 200, "{}", heard.body);
        serde_json::from_str(&heard.body).unwrap()
    }

    /// A knob.
    pub async fn knob(&self, name: &str, body: Value) -> (u16, Value) {
        let heard = self.raw("POST", &format!("/sandbox/{name}"), &body.to_string()).await.unwrap();
        (heard.status, serde_json::from_str(&heard.body).unwrap())
    }

    pub async fn process(&self, block: &SignedBlock) -> Value {
        self.call(json!({ "action": "process", "json_block": "true", "block": block })).await
    }
}
