//! What the simulated web services share: trouble on demand, error bodies, numbers by their literal text.
//!
//! Serves loopback only, and must never be a reason for a client to be less strict.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::nano::rpc::wire;
use crate::clock::Clock;
use crate::limits;

/// What goes wrong with one request before the service sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// This status with problem details.
    Status(u16),
    /// Asked too often; come back after so many seconds.
    TooMany {
        /// `Retry-After`.
        retry_after_s: u64,
    },
    /// The answer comes late.
    Delay(Duration),
    /// The service does what it was asked, and the answer is lost on its way.
    Lost,
    /// Success with this body, whatever was asked.
    Body(String),
}

/// Troubles that wait for their requests.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<Mutex<VecDeque<Trouble>>>);

impl Troubles {
    /// The next requests meet these, one each.
    pub fn queue(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(troubles);
    }

    fn next(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// An error answer: a status and words.
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let problem = Problem { kind: "about:blank", title: "Refused", status, detail };
        let text = serde_json::to_string(&problem).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
    }
}

/// RFC 9457.
#[derive(Serialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

/// Serves `routes` until `stop`, with troubles before them.
pub(super) async fn serve(
    routes: Router,
    troubles: Troubles,
    clock: Arc<dyn Clock>,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let routes = routes
        .layer(axum::extract::DefaultBodyLimit::max(limits::SANDBOX_REQUEST_BYTES))
        .layer(middleware::from_fn_with_state((troubles, clock), meet));
    wire::serve(routes, listener, stop).await;
}

async fn meet(
    State((troubles, clock)): State<(Troubles, Arc<dyn Clock>)>,
    request: Request,
    next: Next,
) -> Response {
    // What the sandbox's owner asks is met by no trouble.
    if request.uri().path().starts_with("/sandbox/") {
        return next.run(request).await;
    }
    match troubles.next() {
        None => next.run(request).await,
        Some(Trouble::Status(status)) => {
            Refusal(status, "trouble that was asked for").into_response()
        }
        Some(Trouble::TooMany { retry_after_s }) => {
            let mut response = Refusal(429, "too many requests").into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
            response
        }
        Some(Trouble::Delay(pause)) => {
            clock.sleep(pause).await;
            next.run(request).await
        }
        Some(Trouble::Lost) => {
            next.run(request).await;
            Refusal(502, "the answer was lost").into_response()
        }
        Some(Trouble::Body(body)) => {
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

/// A JSON number with exactly these digits, or the same as text.
pub(super) fn number(digits: &str, as_text: bool) -> Option<Box<RawValue>> {
    let literal = if as_text { format!("\"{digits}\"") } else { digits.to_owned() };
    RawValue::from_string(literal).ok()
}
