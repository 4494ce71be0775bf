//! The listeners and their connections: bounded in number and time, ended in order.
//!
//! Ports are bound before the wallet is opened, so that one that is taken is said at once. A connection must never
//! outlive the process's end, and an answer under way must be let out before it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::counters::Counters;
use super::door::{door, no_such_method, nowhere};
use super::given::Asked;
use super::port::{Authority, Port, PortKind};
use super::{agents, control, mcp, openapi, pay, plain, route, webhook};
use crate::clock::Clock;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Gate, registry};
use crate::surfaces::mcp::{Handler, Options};

/// What is to be served where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Ports and their addresses; those that are left out are closed.
    pub ports: Vec<(PortKind, SocketAddr)>,
    /// The name the webhooks are reached by.
    pub webhook_host: Option<String>,
    /// How tools are offered over HTTP.
    pub mcp: Options,
}

/// Listening sockets; nothing is answered yet.
#[derive(Debug)]
pub struct Listening {
    sockets: Vec<(PortKind, SocketAddr, TcpListener)>,
    plan: Plan,
}

/// Ports while they are served.
#[derive(Debug)]
pub struct Serving {
    stopping: CancellationToken,
    connections: TaskTracker,
}

/// What the ports share.
pub(super) struct Shared {
    pub(super) gate: Arc<dyn Gate>,
    pub(super) authority: Authority,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    pub(super) stopping: CancellationToken,
}

impl Plan {
    /// Binds every port.
    ///
    /// # Errors
    /// `PORT_TAKEN`; nothing is bound then.
    pub async fn listen(self) -> Result<Listening, Failure> {
        let mut sockets = Vec::with_capacity(self.ports.len());
        for (kind, address) in &self.ports {
            let listener =
                TcpListener::bind(address).await.map_err(|error| taken(*address, &error))?;
            let bound = listener.local_addr().map_err(|error| taken(*address, &error))?;
            sockets.push((*kind, bound, listener));
        }
        Ok(Listening { sockets, plan: self })
    }
}

impl Listening {
    /// Where each port really is.
    pub fn addresses(&self) -> impl Iterator<Item = (PortKind, SocketAddr)> {
        self.sockets.iter().map(|(kind, address, _)| (*kind, *address))
    }

    /// Answers from now on. Call within a runtime.
    ///
    /// # Errors
    /// Options of the tools that make no sense.
    pub fn serve(
        self,
        gate: Arc<dyn Gate>,
        authority: Authority,
        clock: Arc<dyn Clock>,
    ) -> Result<Serving, Failure> {
        let (stopping, connections) = (CancellationToken::new(), TaskTracker::new());
        let handler = Handler::new(Arc::clone(&gate), registry(), self.plan.mcp)
            .map_err(|error| Failure::invalid("CONFIG_INVALID", error.to_string()))?;
        let counters = Arc::default();
        let shared = Shared { gate, authority, clock, counters, stopping: stopping.clone() };
        let host = self.plan.webhook_host.as_deref();
        for (kind, address, listener) in self.sockets {
            let port = Arc::new(Port::new(kind, address, host, &shared));
            let router = router(&port, &handler);
            let accepting = accept(listener, router, port, connections.clone());
            connections.spawn(accepting);
        }
        Ok(Serving { stopping, connections })
    }
}

impl Serving {
    /// Takes no more connections and tells those there are to end with the answer they are at.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.connections.close();
    }

    /// Resolves when the last answer is out.
    pub async fn drained(&self) {
        self.connections.wait().await;
    }
}

/// Everything one port answers.
pub(super) fn router(port: &Arc<Port>, handler: &Handler) -> Router {
    let routes = match port.kind {
        PortKind::Agents => agents::routes(),
        PortKind::Pay => pay::routes(),
        PortKind::Control => control::routes(),
        PortKind::Mcp => mcp::routes(handler),
        PortKind::Webhook => webhook::routes(),
    };
    route::router(routes)
        .route("/openapi.json", get(described))
        .fallback(nowhere)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(Arc::clone(port), door))
        .with_state(Arc::clone(port))
}

async fn described(State(port): State<Arc<Port>>, Extension(_given): Asked) -> Response {
    match openapi::document(port.kind) {
        Some(document) => plain::json(axum::http::StatusCode::OK, &document.value),
        None => nowhere(State(port)).await,
    }
}

async fn accept(listener: TcpListener, router: Router, port: Arc<Port>, connections: TaskTracker) {
    let places = Arc::new(Semaphore::new(limits::HTTP_CONNECTIONS));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = port.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), port.stopping.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                port.clock.sleep(limits::ELECTION_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, stopping: CancellationToken) {
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HTTP_HEAD_TIME)
        .max_headers(limits::HTTP_HEADERS);
    let service = TowerToHyperService::new(router);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients go away as they like.
        tracing::debug!(%error, "a connection broke");
    }
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::unavailable("PORT_TAKEN", format!("{address} cannot be listened on: {error}"))
        .hint("Another paywarden may serve it; give it another address, or `off`")
}
