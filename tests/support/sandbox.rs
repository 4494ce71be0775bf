//! A sandbox that outlives the processes on it, and what its counterparts say of what they were paid.

#![allow(dead_code, reason = "each test target uses its part")]

use std::path::PathBuf;
use std::sync::Arc;

use paywarden::clock::SystemClock;
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::stripe::Stripe;
use paywarden::sandbox::x402::Sellers;
use paywarden::sandbox::{Ports, Service, Serving, serve};

use super::Home;

/// Served as long as it is held.
pub struct Sandbox {
    pub node: SandboxNode,
    pub merchant: AcpMerchant,
    pub stripe: Stripe,
    pub sellers: Sellers,
    urls: Vec<(Service, String)>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Sandbox {
    pub fn start() -> Self {
        Self::spelling(Spelling::Cpp)
    }

    pub fn spelling(spelling: Spelling) -> Self {
        let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
        let (started, starts) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = node.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let serving = listen(&served, spelling).await;
                let handles = (
                    serving.merchant().clone(),
                    serving.stripe().clone(),
                    serving.x402().clone(),
                    serving.urls().to_vec(),
                );
                started.send(handles).unwrap();
                let _ = stopped.await;
            });
        });
        let (merchant, stripe, sellers, urls) = starts.recv().unwrap();
        Self { node, merchant, stripe, sellers, urls, _stop: stop }
    }

    pub fn url(&self, service: Service) -> &str {
        let found = self.urls.iter().find(|(other, _)| *other == service);
        found.unwrap().1.trim_end_matches('/')
    }

    /// Lets the commands of a home join it.
    pub fn joined_by(&self, home: &mut Home) {
        home.set("PAYWARDEN_SANDBOX_URL", PathBuf::from(self.url(Service::NodeRpc)));
    }
}

/// A wallet finds each service at its place after the node's port.
async fn listen(node: &SandboxNode, spelling: Spelling) -> Serving {
    for base in (31_100..60_000).step_by(89) {
        if let Ok(serving) = serve(node.clone(), spelling, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}
