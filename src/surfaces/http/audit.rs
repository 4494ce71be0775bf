//! `/audit`: the ledger as seeds/004 has it, written out page by page.
//!
//! Memory holds one page at a time. What breaks off must never look whole: the connection ends in the middle of it.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use serde_json::{Map, Value};

use super::given::{Asked, Given};
use super::plain;
use super::port::Port;
use crate::failure::Failure;
use crate::limits;

/// What the query may say.
pub(super) const QUERY: &[(&str, &str)] = &[
    ("paymentId", "Only the events of this payment"),
    ("from", "The first seq; 1 when left out"),
    (
        "limit",
        "At most so many events; all when left out. The header Paywarden-Next says where to go on",
    ),
    ("format", "json (an array) or ndjson (as `paywarden ledger export` writes them)"),
];

/// The whole ledger, one payment's trail, or one page.
pub(super) async fn audit(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let first = match Pages::begin(&port, given).await {
        Ok(first) => first,
        Err(failure) => return plain::failure(&failure, port.kind),
    };
    let mut headers = HeaderMap::new();
    let media = if first.lines { "application/x-ndjson" } else { "application/json" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let (Some(_), Some(next)) = (first.limit, first.next) {
        headers.insert("paywarden-next", HeaderValue::from(next));
    }
    (headers, Body::from_stream(first.stream())).into_response()
}

/// Pages on their way out.
struct Pages {
    port: Arc<Port>,
    given: Arc<Given>,
    lines: bool,
    /// A page was asked for, not the whole.
    limit: Option<u64>,
    /// Where the next page begins.
    next: Option<u64>,
    events: Vec<Value>,
    stage: Stage,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Stage {
    First,
    Later,
    Done,
}

impl Pages {
    /// Reads the first page: what is wrong with the question is known before the answer begins.
    async fn begin(port: &Arc<Port>, given: Arc<Given>) -> Result<Self, Failure> {
        let lines = match given.parameter("format") {
            None | Some("json") => false,
            Some("ndjson") => true,
            Some(_) => {
                return Err(Failure::invalid("INVALID_ARGUMENTS", "format is json or ndjson"));
            }
        };
        let limit = given.number("limit")?;
        if limit.is_some_and(|limit| !(1..=u64::from(limits::LEDGER_PAGE)).contains(&limit)) {
            let message = format!("limit is 1 to {}", limits::LEDGER_PAGE);
            return Err(Failure::invalid("INVALID_LIMIT", message));
        }
        let from = given.number("from")?.unwrap_or(1);
        let (port, stage, events) = (Arc::clone(port), Stage::First, Vec::new());
        let mut pages = Self { port, given, lines, limit, next: Some(from), events, stage };
        let first = limit.unwrap_or_else(|| limits::HTTP_AUDIT_FIRST.into());
        pages.read(from, first).await?;
        Ok(pages)
    }

    async fn read(&mut self, from: u64, limit: u64) -> Result<(), Failure> {
        let mut question = Map::new();
        question.insert("from".to_owned(), Value::from(from));
        question.insert("limit".to_owned(), Value::from(limit));
        if let Some(id) = self.given.parameter("paymentId") {
            question.insert("paymentId".to_owned(), Value::from(id));
        }
        let mut page = self.port.ask(&self.given, "ledger.events", question).await?.output;
        self.next = page.get("next").and_then(Value::as_u64);
        self.events = match page.remove("events") {
            Some(Value::Array(events)) => events,
            _ => Vec::new(),
        };
        Ok(())
    }

    fn stream(self) -> impl Stream<Item = Result<Bytes, Failure>> + Send + 'static {
        stream::try_unfold(self, |mut pages| async move {
            if pages.stage == Stage::Done {
                return Ok(None);
            }
            if pages.stage == Stage::Later
                && let Some(from) = pages.next
            {
                pages.read(from, limits::LEDGER_PAGE.into()).await?;
            }
            let bytes = pages.written();
            Ok(Some((bytes, pages)))
        })
    }

    /// The page in hand as bytes, with what belongs before and after it.
    fn written(&mut self) -> Bytes {
        let is_last = self.next.is_none() || self.limit.is_some();
        let mut bytes = Vec::new();
        if !self.lines && self.stage == Stage::First {
            bytes.push(b'[');
        }
        for (place, event) in self.events.drain(..).enumerate() {
            if self.lines {
                // An event is an object of texts and whole numbers, which always has a canonical form.
                let _ = serde_json_canonicalizer::to_writer(&event, &mut bytes);
                bytes.push(b'\n');
                continue;
            }
            if place > 0 || self.stage == Stage::Later {
                bytes.push(b',');
            }
            bytes.extend_from_slice(event.to_string().as_bytes());
        }
        if !self.lines && is_last {
            bytes.push(b']');
        }
        self.stage = if is_last { Stage::Done } else { Stage::Later };
        bytes.into()
    }
}
