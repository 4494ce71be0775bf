//! The door of every port: what a request must pass before anything looks at it.
//!
//! Host, origin, size, form and time are checked here, for all routes alike and for those that do not exist too. It
//! must never leave a request without an answer in the words of its port.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::given::Given;
use super::plain;
use super::port::{Port, PortKind};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::surfaces::mcp::strict::{self, Flaw};

/// Lets a request in, in bounded time, and sends its answer off.
pub(super) async fn door(State(port): State<Arc<Port>>, request: Request, next: Next) -> Response {
    let clock = Arc::clone(&port.clock);
    let answered = async {
        match enter(&port, request).await {
            Ok(request) => next.run(request).await,
            Err(failure) => plain::failure(&failure, port.kind),
        }
    };
    let mut response = tokio::select! {
        response = answered => response,
        () = clock.sleep(limits::HTTP_TIME) => plain::failure(&timed_out(), port.kind),
    };
    seal(response.headers_mut());
    port.counters.count(port.kind, response.status());
    response
}

/// Where nothing is.
pub(super) async fn nowhere(State(port): State<Arc<Port>>) -> Response {
    let failure = Failure::invalid("NOT_FOUND", "there is nothing at this path")
        .hint("/openapi.json lists what there is");
    plain::failure(&failure, port.kind)
}

/// Where there is something, but not for this method.
pub(super) async fn no_such_method(State(port): State<Arc<Port>>) -> Response {
    let message = "this path does not take this method";
    let failure = Failure::invalid("METHOD_NOT_ALLOWED", message)
        .hint("/openapi.json lists what there is; the header Allow says which methods");
    plain::failure(&failure, port.kind)
}

async fn enter(port: &Port, request: Request) -> Result<Request, Failure> {
    let (mut parts, body) = request.into_parts();
    let bytes = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if bytes > limits::HTTP_URI_BYTES {
        let message =
            format!("path and query have {bytes} bytes; at most {} fit", limits::HTTP_URI_BYTES);
        return Err(Failure::invalid("URI_TOO_LONG", message));
    }
    let is_page = port.kind == PortKind::Control && PAGE.contains(&parts.uri.path());
    port.hosts.check(&parts.headers).or_else(|failure| match &*failure.code {
        // Somebody may follow a link to the page; it holds nothing before its owner shows the token.
        "ORIGIN_REFUSED" if is_page && is_visit(&parts.headers) => Ok(()),
        _ => Err(failure),
    })?;
    let mut given = Given::read(&parts.uri, &parts.headers, port.kind == PortKind::Control)?;
    if port.kind == PortKind::Control && !is_page {
        let shown = given.token.as_ref();
        if !shown.is_some_and(|token| token.is_same_as(&port.authority.control_token)) {
            return Err(unauthorized());
        }
    }
    let bytes = read(port, &parts.headers, body).await?;
    if port.kind != PortKind::Webhook && !bytes.is_empty() {
        check_media_type(&parts.headers)?;
        given.body = object(&bytes, port.kind)?;
    }
    parts.extensions.insert(Arc::new(given));
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The whole body, within its bounds in size and time.
async fn read(port: &Port, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let reading = async {
        if said > limits::HTTP_BODY_BYTES as u64 {
            // A sender that waits for leave to send has sent nothing to throw away.
            if !headers.contains_key(header::EXPECT) {
                discard(body).await;
            }
            return Err(too_large());
        }
        let mut body = body;
        let mut limited = Limited::new(&mut body, limits::HTTP_BODY_BYTES);
        match (&mut limited).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                discard(body).await;
                Err(too_large())
            }
            Err(_) => Err(Failure::invalid("INVALID_JSON", "the body broke off")),
        }
    };
    tokio::select! {
        read = reading => read,
        () = port.clock.sleep(limits::HTTP_BODY_TIME) => {
            Err(Failure::unavailable("REQUEST_TIMEOUT", "the body took too long to come"))
        }
    }
}

/// Reads on to the end, as far as that is not too far: an answer to a sender that is still sending would be lost.
async fn discard(mut body: Body) {
    let mut left = limits::HTTP_DISCARD_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(less) = left.checked_sub(bytes) else { return };
        left = less;
    }
}

/// A page of another site can send forms and text without asking first; JSON it cannot.
fn check_media_type(headers: &HeaderMap) -> Result<(), Failure> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Failure::invalid("UNSUPPORTED_MEDIA_TYPE", "a body is sent as application/json")
        .hint("Set the header Content-Type: application/json"))
}

/// The body as a JSON object. On the MCP port it is read only to be refused where two readers could differ.
fn object(bytes: &[u8], kind: PortKind) -> Result<Map<String, Value>, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| invalid_json("the body is not UTF-8"))?;
    let value = strict::parse(text).map_err(|flaw| {
        invalid_json(match flaw {
            Flaw::DuplicateKey => "an object in the body has the same key twice",
            Flaw::Syntax => "the body is not JSON",
            Flaw::TooDeep => "the body is nested too deep",
        })
    })?;
    match value {
        _ if kind == PortKind::Mcp => Ok(Map::new()),
        Value::Object(object) => Ok(object),
        _ => Err(invalid_json("the body is not a JSON object")),
    }
}

/// A person following a link, by what the browser says of it.
fn is_visit(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
        && !headers.contains_key(header::ORIGIN)
}

/// Nothing this server says is for other sites, for caches, or for guessing at.
fn seal(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn unauthorized() -> Failure {
    Failure::refused("UNAUTHORIZED", "the control API is for the owner, who has its token")
        .hint("Give `Authorization: Bearer TOKEN`; `paywarden serve` shows it in its terminal")
        .retry(Retry::AfterOperator)
}

fn too_large() -> Failure {
    let message = format!("a body has at most {} bytes", limits::HTTP_BODY_BYTES);
    Failure::invalid("BODY_TOO_LARGE", message)
}

fn timed_out() -> Failure {
    Failure::unavailable("TIMED_OUT", "the wallet took too long to answer")
        .sent_unknown()
        .retry(Retry::SameKey)
}

fn invalid_json(message: &'static str) -> Failure {
    Failure::invalid("INVALID_JSON", message)
}

/// Open to everybody, as in seeds/004.
const PAGE: [&str; 2] = ["/", "/index.html"];
