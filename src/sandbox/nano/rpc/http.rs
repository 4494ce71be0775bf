//! The RPC port: HTTP as a node speaks it, and all the ways in which an answer can fail to arrive.
//!
//! A real node looks at neither path nor content type. Only paths below `/sandbox/` are ours.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::dispatch::{Served, answer};
use super::tree::{Fields, Tree};
use super::wire::{self, Cut};
use super::{Front, Spelling, control};
use crate::clock::Clock;
use crate::limits;

/// Serves RPC and the knobs on `listener` until `stop`.
pub(in crate::sandbox) async fn serve(
    front: Arc<Front>,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let routes = Router::new()
        .nest("/sandbox", control::routes())
        .fallback(call)
        .layer(DefaultBodyLimit::max(limits::SANDBOX_REQUEST_BYTES))
        .with_state(front);
    wire::serve(routes, listener, stop).await;
}

async fn call(
    State(front): State<Arc<Front>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    body: Bytes,
) -> Response {
    let spelling = front.spelling();
    if method != Method::POST {
        return not_a_post(&method, spelling);
    }
    match answer(&front, &body).await {
        Served::Whole { status, text } => whole(status, text, spelling),
        Served::Half(text) => half(&front, cut, text, spelling),
        Served::Cut => {
            cut.cut();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

fn not_a_post(method: &Method, spelling: Spelling) -> Response {
    match spelling {
        Spelling::Cpp if *method == Method::OPTIONS => whole(200, String::new(), spelling),
        Spelling::Cpp => {
            let error = Fields::default().put("error", "Can only POST requests");
            whole(200, Tree::from(error).print(spelling), spelling)
        }
        Spelling::RsNano => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn whole(status: u16, text: String, spelling: Spelling) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { JSON } else { "text/plain; charset=utf-8" };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], text).into_response();
    if spelling == Spelling::Cpp {
        // One request a connection.
        response
            .headers_mut()
            .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    response
}

/// Announces the whole text, sends half of it, and ends the connection.
fn half(front: &Front, cut: Cut, text: String, spelling: Spelling) -> Response {
    let announced = text.len();
    let mut bytes = Bytes::from(text);
    bytes.truncate(announced / 2);
    let clock = Arc::clone(front.node.clock());
    let body = stream::unfold(Some((bytes, cut, clock)), |rest: Option<Rest>| async move {
        let (bytes, cut, clock) = rest?;
        if bytes.is_empty() {
            // What was sent must have left before the connection goes.
            clock.sleep(HALF_PAUSE).await;
            cut.cut();
            return Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None));
        }
        Some((Ok(bytes), Some((Bytes::new(), cut, clock))))
    });
    let mut response = whole(200, String::new(), spelling);
    response.headers_mut().insert(header::CONTENT_LENGTH, announced.into());
    *response.body_mut() = Body::from_stream(body);
    response
}

type Rest = (Bytes, Cut, Arc<dyn Clock>);

const JSON: &str = "application/json";
const HALF_PAUSE: Duration = Duration::from_millis(5);
