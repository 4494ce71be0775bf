//! The sandbox outside a wallet's process, as whoever joins it meets it.

use std::sync::Arc;

use paywarden::clock::SystemClock;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::x402::Sellers;
use paywarden::sandbox::{Ports, Service, Serving, serve};

/// A sandbox that is served as long as it is held.
pub struct Sandbox {
    pub node: SandboxNode,
    pub url: String,
    pub sellers: Sellers,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Sandbox {
    pub fn new(spelling: Spelling) -> Self {
        let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
        let (urls, started) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = node.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let serving = listen(&served, spelling).await;
                let url = serving.url(Service::NodeRpc).to_owned();
                urls.send((url, serving.x402().clone())).unwrap();
                let _ = stopped.await;
            });
        });
        let (url, sellers) = started.recv().unwrap();
        Self { node, url, sellers, _stop: stop }
    }
}

/// A wallet finds the websocket one port after the RPC server, so that both need a place.
async fn listen(node: &SandboxNode, spelling: Spelling) -> Serving {
    for base in (48_000..60_000).step_by(101) {
        if let Ok(serving) = serve(node.clone(), spelling, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}
