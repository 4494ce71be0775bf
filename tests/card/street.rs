//! A sandbox with its merchants, a wallet on it, and its agent.

use std::path::PathBuf;
use std::sync::Arc;

use paywarden::clock::SystemClock;
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::mpp::MppSeller;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::stripe::Stripe;
use paywarden::sandbox::{Ports, Service, Serving, serve};
use serde_json::{Value, json};

use crate::support::{Home, Server};

/// Served as long as it is held.
pub struct Street {
    pub merchant: AcpMerchant,
    pub seller: MppSeller,
    pub stripe: Stripe,
    pub seller_url: String,
    pub merchant_url: String,
    pub stripe_url: String,
    pub node_url: String,
    pub home: Home,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Street {
    pub fn new() -> Self {
        let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
        let (started, starts) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let serving = listen(&node).await;
                let url = |service| serving.url(service).to_owned();
                let urls =
                    [Service::MppSeller, Service::AcpMerchant, Service::Stripe, Service::NodeRpc];
                let urls = urls.map(url);
                let (merchant, seller) = (serving.merchant().clone(), serving.seller().clone());
                let handles = (merchant, seller, serving.stripe().clone(), urls);
                started.send(handles).unwrap();
                let _ = stopped.await;
            });
        });
        let (merchant, seller, stripe, urls) = starts.recv().unwrap();
        let [seller_url, merchant_url, stripe_url, node_url] = urls;
        let mut home = Home::new();
        home.set("PAYWARDEN_SANDBOX_URL", PathBuf::from(&node_url));
        let _stop = stop;
        Self {
            merchant,
            seller,
            stripe,
            seller_url,
            merchant_url,
            stripe_url,
            node_url,
            home,
            _stop,
        }
    }

    pub fn agent(&self) -> Server {
        self.home.initialized()
    }

    /// The owner's answer to a payment that waits.
    pub fn approve(&self, asked: &Value) -> std::process::Output {
        let id = asked["approvalId"].as_str().unwrap_or_else(|| panic!("{asked}"));
        self.home.run(&["approvals", "approve", id])
    }

    /// Nothing was charged, and nothing can be any more.
    pub fn is_untouched(&self) {
        assert_eq!((self.stripe.charges(), self.stripe.active()), (0, 0));
        assert_eq!(self.merchant.orders(), 0);
    }
}

/// The wallet finds each service at its place after the node's port.
async fn listen(node: &SandboxNode) -> Serving {
    for base in (20_000..31_000).step_by(97) {
        if let Ok(serving) = serve(node.clone(), Spelling::Cpp, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}

/// Opens a checkout and gives what pays it, for at most 50 USD.
pub fn open(agent: &mut Server, items: &Value) -> Value {
    let order = json!({ "merchantEndpoint": "sandbox", "currency": "usd", "items": items });
    let opened = agent.facts("acp_create_checkout", order);
    json!({
        "merchantEndpoint": "sandbox",
        "merchantId": "grocer-1",
        "sessionId": opened["sessionId"],
        "maxAmount": "5000",
        "currency": "usd",
    })
}

/// A payment that ended, or waits, as the agent is told.
pub fn told(agent: &mut Server, tool: &str, arguments: Value) -> Value {
    let result = agent.call(tool, arguments);
    let facts = &result["structuredContent"];
    assert!(facts["status"].is_string(), "{result}");
    facts.clone()
}
