//! Port 4024: MCP over Streamable HTTP at `/mcp`, stateless: each request has a handler of its own.
//!
//! The agent is whoever the bearer token of that very request proves; nothing of one request may reach the next.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use axum::routing::any;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::given::Asked;
use super::route::{Route, Shape};
use crate::limits;
use crate::surfaces::mcp::Handler;

/// What the port does.
pub(super) fn routes(handler: &Handler) -> Vec<Route> {
    let handler = handler.clone();
    let answer = move |Extension(given): Asked, request: Request| {
        speak(handler.for_agent(given.token.clone()), request)
    };
    vec![
        Route::new(Method::POST, "/mcp", "MCP, Streamable HTTP, stateless", any(answer))
            .takes(Shape::Media("application/json"))
            .gives(Shape::Media("application/json")),
    ]
}

async fn speak(handler: Handler, request: Request) -> Response {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_retry(None)
        .with_max_request_body_bytes(limits::HTTP_BODY_BYTES)
        // The door has checked both, against the address this port really has.
        .disable_allowed_hosts();
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    service.handle(request).await.map(Body::new)
}
