//! Port 4023: the owner's control API of seeds/004, and what the page needs beside it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use base64::Engine as _;
use serde_json::{Map, Value};

use super::given::{Asked, Given, Named};
use super::port::Port;
use super::route::{Route, Shape};
use super::{audit, mandates, metrics, news, page, plain};
use crate::failure::Failure;
use crate::operations::{Answer, address_qr};

/// What the port does.
pub(super) fn routes() -> Vec<Route> {
    let parts = [page_routes(), ledger_routes(), answer_routes(), funding_routes(), agent_routes()];
    parts.into_iter().chain([mandates::routes(), machine_routes()]).flatten().collect()
}

fn page_routes() -> Vec<Route> {
    let summary = "The owner's page; the one path without a token";
    let html = Shape::Media("text/html");
    vec![
        Route::new(Method::GET, "/", summary, get(page::page)).gives(html),
        Route::new(Method::GET, "/index.html", "The same", get(page::page)).gives(html),
        look("/status", "Freeze, accounts, what waits", "operator.status"),
        look("/policy", "The policy in force", "policy.show"),
        Route::new(Method::GET, "/payments/{id}", "One payment with its trail", get(payment))
            .operation("get_payment_status"),
        Route::new(Method::GET, "/accounts/{index}/qr", "An address as a QR code", get(qr))
            .gives(Shape::Media("image/png")),
        Route::new(Method::GET, "/events", "News of the ledger, as they come", get(news::news))
            .gives(Shape::Media("text/event-stream")),
    ]
}

fn ledger_routes() -> Vec<Route> {
    vec![
        look("/report", "What was spent", "operator.report"),
        Route::new(Method::GET, "/audit", "The whole ledger, streamed", get(audit::audit))
            .operation("ledger.events")
            .gives(Shape::Named("Events"))
            .query(audit::QUERY),
        Route::new(Method::GET, "/audit/verify", "Whether the ledger holds", get(verify))
            .operation("ledger.verify")
            .query(&[("deep", "true: fold every event anew as well")]),
        look("/audit/head", "The ledger's head and public key", "ledger.head"),
    ]
}

fn answer_routes() -> Vec<Route> {
    let resolved = "/approvals/{id}/resolve";
    vec![
        Route::new(Method::POST, "/freeze", "Stop everything not signed yet", post(freeze))
            .operation("wallet.freeze")
            .takes(Shape::Operation),
        Route::new(Method::POST, "/unfreeze", "Let the wallet sign again", post(unfreeze))
            .operation("wallet.unfreeze")
            .takes(Shape::Operation),
        Route::new(Method::GET, "/approvals", "What waits for the owner", get(approvals))
            .operation("approvals.list")
            .gives(Shape::ListOf("approvals")),
        Route::new(Method::POST, resolved, "Approve or reject, once", post(resolve))
            .operation("approvals.answer")
            .takes(Shape::Named("Resolution")),
    ]
}

fn funding_routes() -> Vec<Route> {
    let path = "/funding-source";
    vec![
        look(path, "The card that pays merchants", "funding.show"),
        Route::new(Method::POST, path, "Register it", post(fund))
            .operation("funding.set")
            .takes(Shape::Operation)
            .status(201),
        Route::new(Method::DELETE, path, "Forget it", delete(clear_funding))
            .operation("funding.clear"),
    ]
}

fn agent_routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/agents", "Who may ask", get(agents))
            .operation("agents.list")
            .gives(Shape::ListOf("agents")),
        Route::new(
            Method::POST,
            "/agents",
            "Let an agent in; its token comes once",
            post(register),
        )
        .operation("agents.register")
        .takes(Shape::Operation)
        .status(201),
        Route::new(Method::DELETE, "/agents/{id}", "Shut an agent out", delete(shut_out))
            .operation("agents.revoke"),
    ]
}

fn machine_routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/healthz", "Whether the wallet answers", get(metrics::health))
            .gives(Shape::Named("Health")),
        Route::new(Method::GET, "/metrics", "Counters for Prometheus", get(metrics::metrics))
            .gives(Shape::Media("text/plain")),
    ]
}

/// A route that shows what an operation without arguments says.
fn look(path: &'static str, summary: &'static str, operation: &'static str) -> Route {
    let answer = move |State(port): State<Arc<Port>>, Extension(given): Asked| async move {
        replied(&port, StatusCode::OK, port.ask(&given, operation, Map::new()).await)
    };
    Route::new(Method::GET, path, summary, get(answer)).operation(operation)
}

/// An operation's output as it is.
pub(super) fn replied(
    port: &Port,
    status: StatusCode,
    result: Result<Answer, Failure>,
) -> Response {
    match result {
        Ok(answer) => plain::json(status, &answer.output),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

/// One list of an operation's output; the header says which network it is on.
pub(super) fn listed(port: &Port, result: Result<Answer, Failure>, field: &str) -> Response {
    match result {
        Ok(mut answer) => {
            let list = answer.output.remove(field).unwrap_or_else(|| Value::Array(Vec::new()));
            let mut response = plain::json(StatusCode::OK, &list);
            let network = answer.output.get("network").and_then(Value::as_str);
            if let Some(Ok(network)) = network.map(HeaderValue::from_str) {
                response.headers_mut().insert("paywarden-network", network);
            }
            response
        }
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

async fn verify(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let deep = given.parameter("deep") == Some("true");
    let arguments = Map::from_iter([("deep".to_owned(), Value::from(deep))]);
    replied(&port, StatusCode::OK, port.ask(&given, "ledger.verify", arguments).await)
}

async fn freeze(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    replied(&port, StatusCode::OK, port.ask(&given, "wallet.freeze", given.body.clone()).await)
}

async fn unfreeze(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let result = match book_marker(&port, &given).await {
        Ok(()) => port.ask(&given, "wallet.unfreeze", given.body.clone()).await,
        Err(failure) => Err(failure),
    };
    replied(&port, StatusCode::OK, result)
}

/// A marker beside the store that no process has booked yet goes onto the ledger before it goes away.
async fn book_marker(port: &Port, given: &Given) -> Result<(), Failure> {
    let marker = &port.authority.marker;
    let Some(reason) = marker.reason() else { return Ok(()) };
    let arguments = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
    port.ask(given, "wallet.freeze", arguments).await?;
    marker.clear()
}

async fn approvals(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    listed(&port, port.ask(&given, "approvals.list", Map::new()).await, "approvals")
}

async fn resolve(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let mut arguments = given.body.clone();
    arguments.insert("approvalId".to_owned(), Value::from(id.as_str()));
    arguments.insert("channel".to_owned(), Value::from("http"));
    let result = port.ask(&given, "approvals.answer", arguments).await;
    let result = match result {
        Ok(answer) => {
            port.remember_answered(&id);
            Ok(answer)
        }
        // The wallet keeps no list of questions that are over; this port knows those it answered itself.
        Err(failure) if failure.code == "APPROVAL_NOT_WAITING" && !port.was_answered(&id) => {
            Err(Failure { code: "UNKNOWN_APPROVAL".into(), ..failure })
        }
        Err(failure) => Err(failure),
    };
    replied(&port, StatusCode::OK, result)
}

async fn fund(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    replied(&port, StatusCode::CREATED, port.ask(&given, "funding.set", given.body.clone()).await)
}

async fn clear_funding(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    replied(&port, StatusCode::OK, port.ask(&given, "funding.clear", Map::new()).await)
}

async fn agents(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    listed(&port, port.ask(&given, "agents.list", Map::new()).await, "agents")
}

async fn register(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let mut result = port.ask(&given, "agents.register", given.body.clone()).await;
    if let (Ok(answer), Some(label)) = (&mut result, given.body.get("label")) {
        answer.output.insert("label".to_owned(), label.clone());
    }
    replied(&port, StatusCode::CREATED, result)
}

async fn shut_out(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let arguments = Map::from_iter([("id".to_owned(), Value::from(id))]);
    let mut result = port.ask(&given, "agents.revoke", arguments).await;
    if let Ok(answer) = &mut result {
        answer.output.insert("revoked".to_owned(), Value::from(true));
    }
    replied(&port, StatusCode::OK, result)
}

async fn payment(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let arguments = Map::from_iter([("paymentId".to_owned(), Value::from(id))]);
    replied(&port, StatusCode::OK, port.ask(&given, "get_payment_status", arguments).await)
}

async fn qr(
    State(port): State<Arc<Port>>,
    Named(index): Named,
    Extension(given): Asked,
) -> Response {
    let status = match port.ask(&given, "operator.status", Map::new()).await {
        Ok(answer) => answer.output,
        Err(failure) => return plain::failure(&failure, port.kind),
    };
    let accounts = status.get("accounts").and_then(Value::as_array).into_iter().flatten();
    let index = index.parse::<u64>().ok();
    let mut found = accounts.filter(|account| account["index"].as_u64() == index);
    let address = found.next().filter(|_| index.is_some());
    let address = address.and_then(|account| account["address"].as_str());
    let png = address.and_then(address_qr).map(|image| image.data);
    let png = png.and_then(|data| base64::engine::general_purpose::STANDARD.decode(data).ok());
    match png {
        Some(png) => {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("image/png"))], png).into_response()
        }
        None => {
            let failure = Failure::invalid("UNKNOWN_ACCOUNT", "this wallet has no such account");
            plain::failure(&failure, port.kind)
        }
    }
}
