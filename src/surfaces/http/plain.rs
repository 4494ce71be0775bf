//! Answers of the ports that have no envelope: JSON as the operation has it, errors as JSON with a code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::envelope;
use super::port::PortKind;
use super::status::status_of;
use crate::failure::Failure;

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    (status, Json(value)).into_response()
}

/// A failure as this port says it.
pub(super) fn failure(failure: &Failure, kind: PortKind) -> Response {
    let status = status_of(failure, kind);
    let body = match kind {
        PortKind::Agents => envelope::error(&failure.code, &envelope::sentence(failure)),
        PortKind::Mcp => rpc_error(failure, status),
        PortKind::Pay | PortKind::Control | PortKind::Webhook => json!({
            "error": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "sent": failure.sent,
            "retry": failure.retry,
        }),
    };
    let mut response = json(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

/// JSON-RPC for requests that never became one.
fn rpc_error(failure: &Failure, status: StatusCode) -> Value {
    let code = if status == StatusCode::BAD_REQUEST { -32_700 } else { -32_600 };
    let error = json!({ "code": code, "message": failure.to_string() });
    json!({ "jsonrpc": "2.0", "id": null, "error": error })
}
