//! The node's websocket: confirmations to whoever subscribed, as a real node sends them.
//!
//! Messages are not repeated after a reconnect, and a client that is too slow misses some: a wallet must not rely on
//! them. Nothing may be told here that [`super::news`] has not told.

mod options;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::rpc::Front;
use super::rpc::wire::{self, Cut};
use crate::limits;

/// Serves the websocket on `listener` until `stop`. A real node does not look at the path.
pub(in crate::sandbox) async fn serve(
    front: Arc<Front>,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let routes = Router::new().fallback(upgrade).with_state(front);
    wire::serve(routes, listener, stop).await;
}

async fn upgrade(
    State(front): State<Arc<Front>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(limits::SANDBOX_WEBSOCKET_BYTES).on_upgrade(move |socket| async move {
        session::session(&front, socket).await;
        cut.cut();
    })
}
