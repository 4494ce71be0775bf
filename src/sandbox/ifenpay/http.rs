//! Requests as ifenpay takes them: the key, the envelope, and all the ways in which an answer can fail to arrive.
//!
//! Only paths below `/sandbox/` are ours. A request must never be served past its fault.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::faults::{Endpoint, Fault};
use super::{Ifenpay, control, credits, payments, wallet};
use crate::limits;
use crate::nano::Account;
use crate::sandbox::nano::rpc::wire::{self, Cut};

/// Serves ifenpay and its knobs on `listener` until `stop`.
pub(in crate::sandbox) async fn serve(
    service: Ifenpay,
    listener: TcpListener,
    stop: CancellationToken,
) {
    let routes = Router::new()
        .nest("/sandbox", control::routes())
        .fallback(call)
        .layer(DefaultBodyLimit::max(limits::SANDBOX_REQUEST_BYTES))
        .with_state(service);
    wire::serve(routes, listener, stop).await;
}

/// What ifenpay says no with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
}

pub(super) type Answer = Result<Value, Refusal>;

impl Refusal {
    /// One of its own codes; most come with status 500.
    pub(super) fn of(code: &str) -> Self {
        Self { status: 500, code: code.to_owned(), message: words_of(code).to_owned() }
    }

    /// A code about who asks.
    pub(super) fn auth(code: &str) -> Self {
        Self { status: 401, ..Self::of(code) }
    }

    /// What its node said.
    pub(super) fn rpc(words: &str) -> Self {
        let message = format!("RPC response indicates an error: {words}");
        Self { message, ..Self::of("RPC_RESPONSE_ERROR") }
    }

    pub(super) fn address() -> Self {
        Self { status: 400, ..Self::of("INVALID_ADDRESS") }
    }
}

/// An address in a path or a body.
pub(super) fn account(text: &str) -> Result<Account, Refusal> {
    text.parse().map_err(|_| Refusal::address())
}

/// A request for an endpoint.
pub(super) struct Request<'a> {
    pub(super) key: &'a str,
    /// What stands in the path.
    pub(super) word: &'a str,
    body: &'a [u8],
}

impl Request<'_> {
    /// The body; what it cannot be is the framework's complaint, not in the envelope.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(self.body).map_err(|error| Refusal {
            status: 422,
            code: String::new(),
            message: format!("Failed to deserialize the JSON body into the target type: {error}"),
        })
    }
}

async fn call(
    State(service): State<Ifenpay>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((endpoint, word)) = route(&method, uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fault = service.state().faults.meet(endpoint);
    let clock = service.node.clock().clone();
    match &fault {
        Some(Fault::Slow { ms }) => clock.sleep(Duration::from_millis(*ms)).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::LostRequest) => return lost(cut),
        Some(Fault::Html502) => return page(502, "text/html", "<html>502 Bad Gateway</html>"),
        Some(Fault::Status500) => return refused(&Refusal::of("DATABASE_ERROR")),
        Some(Fault::SuccessFalse) => {
            return page(200, JSON, r#"{"success":false,"data":null,"error":null}"#);
        }
        Some(Fault::Refused { status, code, message }) => {
            let (code, message) = (code.clone(), message.clone());
            return refused(&Refusal { status: *status, code, message });
        }
        _ => {}
    }
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    let answer = answer(&service, endpoint, word, key, &body).await;
    match (answer, fault) {
        (_, Some(Fault::LostAnswer)) => lost(cut),
        (Err(refusal), _) => refused(&refusal),
        (Ok(data), fault) => told(data, fault.as_ref()),
    }
}

async fn answer(
    service: &Ifenpay,
    endpoint: Endpoint,
    word: &str,
    key: Option<&str>,
    body: &[u8],
) -> Answer {
    if body.len() > PAYLOAD_BYTES {
        return Err(Refusal::auth("PAYLOAD_TOO_LARGE"));
    }
    if endpoint == Endpoint::WalletCreate {
        return wallet::create(service);
    }
    let key = key.ok_or_else(|| Refusal::auth("MISSING_API_KEY"))?;
    service.state().holder_mut(key)?;
    let request = Request { key, word, body };
    match endpoint {
        Endpoint::Any | Endpoint::WalletCreate => Err(Refusal::auth("FORBIDDEN")),
        Endpoint::WalletPending => wallet::pending(service, &request).await,
        Endpoint::WalletBalance => wallet::balance(service, &request).await,
        Endpoint::AccountInfo => wallet::account_info(service, &request).await,
        Endpoint::BlockInfo => wallet::block_info(service, &request).await,
        Endpoint::BlockPublish => wallet::publish(service, &request).await,
        Endpoint::PaymentRequest => payments::request(service, &request),
        Endpoint::PaymentStatus => payments::status(service, &request),
        Endpoint::Credits => credits::get(service, &request),
        Endpoint::TopupOrder => credits::order(service, &request),
        Endpoint::Topup => credits::topup(service, &request).await,
        Endpoint::DonateAddress => Ok(json!({ "address": Ifenpay::account() })),
    }
}

/// The endpoint of a path, and the word at its end.
fn route<'a>(method: &Method, path: &'a str) -> Option<(Endpoint, &'a str)> {
    let mut words = path.strip_prefix('/')?.split('/');
    let (first, second, third) = (words.next()?, words.next(), words.next());
    if words.next().is_some() {
        return None;
    }
    let endpoint = match (method.as_str(), first, second, third.is_some()) {
        ("GET", "wallet", Some("create"), false) => Endpoint::WalletCreate,
        ("GET", "wallet", Some("pending"), true) => Endpoint::WalletPending,
        ("GET", "wallet", Some("balance"), true) => Endpoint::WalletBalance,
        ("GET", "account", Some("info"), true) => Endpoint::AccountInfo,
        ("GET", "block", Some("info"), true) => Endpoint::BlockInfo,
        ("POST", "block", Some("publish"), false) => Endpoint::BlockPublish,
        ("POST", "payment", Some("request"), false) => Endpoint::PaymentRequest,
        ("GET", "payment", Some("status"), true) => Endpoint::PaymentStatus,
        ("GET", "credits", None, false) => Endpoint::Credits,
        ("GET", "credits", Some("topup"), true) => Endpoint::TopupOrder,
        ("POST", "credits", Some("topup"), false) => Endpoint::Topup,
        ("GET", "donate", Some("address"), false) => Endpoint::DonateAddress,
        _ => return None,
    };
    Some((endpoint, third.unwrap_or_default()))
}

fn told(mut data: Value, fault: Option<&Fault>) -> Response {
    if let (Some(Fault::Patch(patch)), Value::Object(fields)) = (fault, &mut data) {
        apply(fields, patch);
    }
    let envelope = |data: Value| json!({ "success": true, "data": data, "error": null });
    let text = match fault {
        Some(Fault::DataNull) => envelope(Value::Null).to_string(),
        Some(Fault::DoubleWrapped) => envelope(envelope(data)).to_string(),
        Some(Fault::Malformed) => {
            let whole = envelope(data).to_string();
            whole.chars().take(whole.len() / 2).collect()
        }
        _ => envelope(data).to_string(),
    };
    page(200, JSON, &text)
}

fn apply(fields: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(fields.remove(name)),
            value => drop(fields.insert(name.clone(), value.clone())),
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let Refusal { status, code, message } = refusal;
    if code.is_empty() {
        return page(*status, "text/plain; charset=utf-8", message);
    }
    let error = json!({ "error": code, "message": message });
    let text = json!({ "success": false, "data": null, "error": error }).to_string();
    page(*status, JSON, &text)
}

fn page(status: u16, kind: &'static str, text: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, kind)], text.to_owned()).into_response()
}

fn lost(cut: Cut) -> Response {
    cut.cut();
    StatusCode::NO_CONTENT.into_response()
}

/// The words of the catalogue (`reference/ifenpay.md` §4).
fn words_of(code: &str) -> &'static str {
    match code {
        "FORBIDDEN" => "Access to this resource is forbidden",
        "INVALID_API_KEY" => "The provided API key is invalid",
        "MISSING_API_KEY" => "API key is missing from the request",
        "PAYLOAD_TOO_LARGE" => "Request payload exceeds the maximum allowed size of 5 KB.",
        "INVALID_ADDRESS" => "Address must start with 'nano_' or 'xrb_'",
        "INVALID_CREDITS_AMOUNT" => "Invalid credits amount",
        "TRANSACTION_NOT_CONFIRMED" => "The top-up transaction has not been confirmed yet",
        "NO_TRANSACTION_FOUND" => "No transaction found with the provided ID",
        "DATABASE_ERROR" => "Failed to store data in the database",
        "INVALID_TRANSACTION_ID" => "The provided transaction ID is invalid",
        "INVALID_NEGATIVE_AMOUNT" => "The provided amount is negative",
        "INVALID_NUMBER_FORMAT" => "The provided number format is invalid",
        "TOO_MANY_DECIMAL_PLACES" => {
            "The provided amount has too many decimal places (maximum is 30)"
        }
        "INVALID_FRACTIONAL_PART" => "The provided fractional part is invalid",
        "AMOUNT_TOO_LARGE" => "The provided amount is too large",
        _ => "",
    }
}

const PAYLOAD_BYTES: usize = 5 * 1024;
const JSON: &str = "application/json";
