//! Ports before wallets that refuse, never answer or break: what a caller hears all the same.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use futures_util::stream;
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;

use super::port::{Authority, Port, PortKind};
use super::serve::{Shared, router};
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::operations::{Answer, Call, Gate, registry};
use crate::secret::Secret;
use crate::surfaces::cli::Marker;
use crate::surfaces::mcp::{Handler, Options};

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    for kind in PortKind::ALL {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let request = asked("POST", "/wallet/send").body(never).unwrap();
        let (status, body) = reply(port(kind), request).await;
        assert_eq!(status, 408, "{kind:?}: {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_does_not_answer_is_said_to_be_slow() {
    let request = asked("GET", "/wallet/balance").body(Body::empty()).unwrap();
    let (status, body) = reply(port_of(PortKind::Agents, Arc::new(Silent)), request).await;
    assert_eq!((status, &body["error"]["error"]), (504, &Value::from("TIMED_OUT")));
    assert!(body["error"]["message"].as_str().unwrap().contains("may have been sent"), "{body}");
}

#[tokio::test]
async fn a_bug_of_the_wallets_is_an_answer() {
    let request = asked("GET", "/status").body(Body::empty()).unwrap();
    let (status, body) = reply(port_of(PortKind::Control, Arc::new(Broken)), request).await;
    assert_eq!(
        (status, &body["error"], &body["sent"]),
        (500, &"INTERNAL".into(), &"unknown".into())
    );
}

fn asked(method: &str, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    request.header("authorization", format!("Bearer {TOKEN}"))
}

async fn reply(port: Port, request: Request) -> (u16, Value) {
    let port = Arc::new(port);
    let handler = Handler::new(Arc::clone(&port.gate), registry(), Options::default()).unwrap();
    let service = TowerToHyperService::new(router(&port, &handler));
    let response: Response = service.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A port before a wallet that refuses everything.
pub(super) fn port(kind: PortKind) -> Port {
    port_of(kind, Arc::new(Closed))
}

fn port_of(kind: PortKind, gate: Arc<dyn Gate>) -> Port {
    let shared = Shared {
        gate,
        authority: Authority {
            control_token: Secret::new(TOKEN.to_owned()),
            operator_secret: None,
            marker: Arc::new(NoMarker),
        },
        clock: Arc::new(SystemClock),
        counters: Arc::default(),
        stopping: tokio_util::sync::CancellationToken::new(),
    };
    Port::new(kind, "127.0.0.1:1".parse().unwrap(), None, &shared)
}

#[derive(Debug)]
struct Closed;

#[async_trait]
impl Gate for Closed {
    async fn call(&self, _call: Call) -> Result<Answer, Failure> {
        Err(Failure::unavailable("WALLET_LOCKED", "closed"))
    }
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl Gate for Silent {
    async fn call(&self, _call: Call) -> Result<Answer, Failure> {
        std::future::pending().await
    }
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl Gate for Broken {
    async fn call(&self, _call: Call) -> Result<Answer, Failure> {
        panic!("a bug")
    }
}

struct NoMarker;

impl Marker for NoMarker {
    fn set(&self, _reason: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn clear(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn reason(&self) -> Option<String> {
        None
    }
}

const TOKEN: &str = "owner-token-0123456789";
