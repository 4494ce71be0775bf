//! A sandbox that outlives the processes on it, and what its counterparts say of what they were paid.

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
    pub merchant: AcpMerchant,
    pub stripe: Stripe,
    pub sellers: Sellers,
    urls: Vec<(Service, String)>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Sandbox {
    pub fn start() -> Self {
        let (started, starts) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
                let serving = listen(&node).await;
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
        Self { merchant, stripe, sellers, urls, _stop: stop }
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
async fn listen(node: &SandboxNode) -> Serving {
    for base in (31_100..46_000).step_by(89) {
        if let Ok(serving) = serve(node.clone(), Spelling::Cpp, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}
