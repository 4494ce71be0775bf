//! A sandbox served to wallets in processes of their own, with its ifenpay in the test's hands.

use std::path::PathBuf;
use std::sync::Arc;

use paywarden::clock::SystemClock;
use paywarden::sandbox::ifenpay::Ifenpay;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::{Ports, Service, Serving, serve};

use crate::support::Home;

/// A sandbox that is served as long as it is held.
pub struct Stage {
    pub node: SandboxNode,
    pub ifenpay: Ifenpay,
    url: String,
    /// Where ifenpay's API is.
    pub api: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Stage {
    pub fn new() -> Self {
        let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
        let (tell, started) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = node.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let serving = listen(&served).await;
                let url = |service| serving.url(service).to_owned();
                let urls = (url(Service::NodeRpc), url(Service::Ifenpay));
                tell.send((urls, serving.ifenpay().clone())).unwrap();
                let _ = stopped.await;
            });
        });
        let ((url, api), ifenpay) = started.recv().unwrap();
        Self { node, ifenpay, url, api, _stop: stop }
    }

    /// A wallet on it, with 100 XNO of its own.
    pub fn wallet(&self) -> Home {
        self.wallet_with(&[])
    }

    /// The same with settings.
    pub fn wallet_with(&self, settings: &[(&'static str, &str)]) -> Home {
        let mut home = Home::new();
        home.set("PAYWARDEN_SANDBOX_URL", PathBuf::from(&self.url));
        for (name, value) in settings {
            home.set(name, PathBuf::from(value));
        }
        home
    }
}

/// What stands beside the node is found by its port, so that all need a place.
async fn listen(node: &SandboxNode) -> Serving {
    let first = 20_000 + u16::try_from(std::process::id() % 250).unwrap() * 101;
    for base in (0..100).map(|nth| first + nth * 101) {
        if let Ok(serving) = serve(node.clone(), Spelling::Cpp, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}
