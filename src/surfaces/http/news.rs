//! `/events`: tells a page that the ledger has grown, and nothing of what is in it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Map;
use tokio::sync::OwnedSemaphorePermit;

use super::given::{Asked, Given};
use super::plain;
use super::port::Port;
use crate::clock::Millis;
use crate::failure::Failure;
use crate::limits;

/// A stream of heads, the present one first.
pub(super) async fn news(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let Ok(place) = Arc::clone(&port.listeners).try_acquire_owned() else {
        let message = format!("{} pages listen already", limits::HTTP_NEWS_LISTENERS);
        let failure = Failure::unavailable("TOO_MANY_LISTENERS", message);
        return plain::failure(&failure.hint("Close one of them"), port.kind);
    };
    let said = port.clock.now();
    let listening = Listening { port, given, last: String::new(), said, _place: place };
    let events = stream::unfold(listening, |listening| async move { listening.next().await });
    let media = HeaderValue::from_static("text/event-stream");
    ([(header::CONTENT_TYPE, media)], Body::from_stream(events)).into_response()
}

/// One page that listens.
struct Listening {
    port: Arc<Port>,
    given: Arc<Given>,
    last: String,
    said: Millis,
    _place: OwnedSemaphorePermit,
}

impl Listening {
    /// The next thing to say; `None` once the process is to end.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let port = Arc::clone(&self.port);
        loop {
            let head = match port.ask(&self.given, "ledger.head", Map::new()).await {
                Ok(answer) => answer.output["ledgerHead"].to_string(),
                Err(failure) => format!("{{\"error\":\"{}\"}}", failure.code),
            };
            let now = port.clock.now();
            let words = if head != self.last {
                format!("event: head\ndata: {head}\n\n")
            } else if now.since(self.said) >= limits::HTTP_NEWS_PING {
                ": alive\n\n".to_owned()
            } else {
                tokio::select! {
                    () = port.clock.sleep(limits::HTTP_NEWS_EVERY) => continue,
                    () = port.stopping.cancelled() => return None,
                }
            };
            (self.last, self.said) = (head, now);
            return Some((Ok(Bytes::from(words)), self));
        }
    }
}
