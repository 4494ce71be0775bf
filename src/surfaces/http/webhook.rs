//! The port of webhooks: what a provider reports, with its signature, as it came.
//!
//! It must never believe a word of it: the operation checks the signature over the very bytes.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::given::Asked;
use super::plain;
use super::port::Port;
use super::route::{Route, Shape};
use crate::failure::Failure;
use crate::limits;

/// What the port does.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/webhooks/nanswap", "What Nanswap Pay reports", post(nanswap))
            .operation("nanswap.verify_webhook")
            .takes(Shape::Media("application/json"))
            .gives(Shape::Named("Received")),
    ]
}

async fn nanswap(
    State(port): State<Arc<Port>>,
    Extension(given): Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signature = headers.get("x-nanswap-sig").and_then(|value| value.to_str().ok());
    let arguments = text(&body).map(|body| {
        let signature = signature.unwrap_or_default();
        Map::from_iter([
            ("body".to_owned(), Value::from(body)),
            ("signature".to_owned(), Value::from(signature)),
        ])
    });
    let result = match arguments {
        Ok(arguments) => port.ask(&given, "nanswap.verify_webhook", arguments).await,
        Err(failure) => Err(failure),
    };
    match result {
        // What the wallet thinks of it is nobody's business outside.
        Ok(_) => plain::json(StatusCode::OK, &json!({ "received": true })),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

fn text(body: &Bytes) -> Result<&str, Failure> {
    if body.len() > limits::WEBHOOK_BYTES {
        let message = format!("a webhook has at most {} bytes", limits::WEBHOOK_BYTES);
        return Err(Failure::invalid("BODY_TOO_LARGE", message));
    }
    std::str::from_utf8(body).map_err(|_| Failure::invalid("INVALID_JSON", "the body is not UTF-8"))
}
