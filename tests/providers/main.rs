//! The clients of Nicky and Nanswap Pay against the sandbox's, over HTTP on free ports.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod nanswap;
mod nicky;

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::fetch::{BaseUrl, Client, PlainText, Provider, Settings};
use paywarden::providers::nanswap::Nanswap;
use paywarden::providers::nicky::Nicky;
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::{Ports, Service, serve};
use tokio::net::TcpListener;

#[tokio::test]
async fn both_are_among_the_services_of_the_sandbox() {
    let serving = serve(node(), Spelling::Cpp, Ports::Free).await.unwrap();
    let nicky = Nicky::new(provider("Nicky", serving.url(Service::Nicky)));
    let unknown = nicky.get_payment_request(&"#NOBODY".parse().unwrap()).await.unwrap_err();
    assert_eq!(unknown.code(), "PROVIDER_UNKNOWN_ID");
    let nanswap = provider("Nanswap", serving.url(Service::Nanswap));
    let nanswap = Nanswap::new(nanswap, None, clock());
    assert!(!nanswap.fiat_currencies().await.unwrap().list.is_empty());
}

fn node() -> SandboxNode {
    let config = Config { confirmation_delay: Duration::from_millis(1), latency: Duration::ZERO };
    SandboxNode::new(config, clock())
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn provider(name: &'static str, url: &str) -> Provider {
    let base = BaseUrl::parse(url, PlainText::Loopback).unwrap();
    Provider::new(name, base, Client::new(Settings::default()), clock())
}
