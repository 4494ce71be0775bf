//! Nicky's endpoints.
//!
//! No endpoint takes a credential: one that is sent is an error here, so that a client's mistake is seen.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::web::{self, Refusal};
use super::control;
use super::state::{Nicky, XNO};
use super::wire::{self, ReportBody, StartBody};
use crate::nano::BlockHash;

/// Serves `nicky` on `listener` until `stop`.
pub async fn serve(nicky: Nicky, listener: TcpListener, stop: CancellationToken) {
    let (troubles, clock) = (nicky.troubles.clone(), nicky.clock.clone());
    let routes = Router::new()
        .route("/api/agents/payment-request", get(payment_request))
        .route("/api/agents/payment/start", post(start))
        .route("/api/agents/payment/report-transaction", post(report))
        .route("/api/agents/payment/progress", get(progress))
        .nest("/sandbox", control::routes())
        .with_state(nicky);
    web::serve(routes, troubles, clock, listener, stop).await;
}

#[derive(Deserialize)]
struct RequestQuery {
    #[serde(rename = "shortId")]
    short_id: Option<String>,
}

async fn payment_request(
    State(nicky): State<Nicky>,
    headers: HeaderMap,
    Query(query): Query<RequestQuery>,
) -> Result<Response, Refusal> {
    refuse_credentials(&headers)?;
    let asked = query.short_id.ok_or(Refusal(400, "shortId is missing"))?;
    nicky.offer(&asked.to_ascii_uppercase());
    let state = nicky.state();
    // A nick stands for its owner's newest open request.
    let found = if asked == "alice" {
        state.requests.last_key_value()
    } else {
        state.requests.get_key_value(&asked.to_ascii_uppercase())
    };
    let (id, bill) = found.ok_or(Refusal(
        404,
        "no such payment request; SANDBOX1, SANDBOX2 and so on are, and NOXNO1",
    ))?;
    let in_flight =
        state.attempts.values().any(|found| found.request == *id && found.found.is_some());
    Ok(Json(wire::request(id.clone(), bill, in_flight, &state.knobs)).into_response())
}

async fn start(
    State(nicky): State<Nicky>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Refusal> {
    refuse_credentials(&headers)?;
    let body: StartBody = parse(&headers, &body)?;
    let is_email = body.payer_email.contains('@');
    if body.payer_name.trim().is_empty() || !is_email {
        return Err(Refusal(400, "payerName and payerEmail are needed"));
    }
    let (request, asset) = (&body.payment_request_short_id, &body.asset_id);
    let id = nicky.start(request, asset, &body.payer_name, &body.payer_email)?;
    let state = nicky.state();
    let attempt = state.attempts.get(&id).ok_or(Refusal(404, "no such attempt"))?;
    let bill = state.requests.get(&attempt.request).ok_or(Refusal(404, "no such request"))?;
    Ok(Json(wire::attempt(id.clone(), attempt, bill, &state.knobs)).into_response())
}

async fn report(
    State(nicky): State<Nicky>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Refusal> {
    refuse_credentials(&headers)?;
    let body: ReportBody = parse(&headers, &body)?;
    if nicky.state().knobs.is_report_down {
        return Err(Refusal(503, "reports are not taken at the moment"));
    }
    if let Some(attempt) = nicky.state().attempts.get_mut(&body.payment_attempt_id) {
        if attempt.asset == XNO && body.transaction_hash.parse::<BlockHash>().is_err() {
            return Err(Refusal(400, "transactionHash is no hash of this chain"));
        }
        attempt.reported = Some(body.transaction_hash);
    }
    shown(&nicky, body.payment_attempt_id).await
}

#[derive(Deserialize)]
struct ProgressQuery {
    #[serde(rename = "paymentAttemptId")]
    payment_attempt_id: Option<String>,
}

async fn progress(
    State(nicky): State<Nicky>,
    headers: HeaderMap,
    Query(query): Query<ProgressQuery>,
) -> Result<Response, Refusal> {
    refuse_credentials(&headers)?;
    shown(&nicky, query.payment_attempt_id.ok_or(Refusal(400, "paymentAttemptId is missing"))?)
        .await
}

async fn shown(nicky: &Nicky, id: String) -> Result<Response, Refusal> {
    nicky.look(&id).await?;
    let state = nicky.state();
    let attempt = state.attempts.get(&id).ok_or(Refusal(404, "no such attempt"))?;
    let bill = state.requests.get(&attempt.request).ok_or(Refusal(404, "no such request"))?;
    Ok(Json(wire::progress(id, attempt, bill, &state.knobs)).into_response())
}

fn refuse_credentials(headers: &HeaderMap) -> Result<(), Refusal> {
    let has_any = [header::AUTHORIZATION.as_str(), "x-api-key"]
        .iter()
        .any(|name| headers.contains_key(*name));
    if has_any { Err(Refusal(400, "these endpoints are anonymous")) } else { Ok(()) }
}

fn parse<T: for<'de> Deserialize<'de>>(headers: &HeaderMap, body: &str) -> Result<T, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refusal(415, "the body must be application/json"));
    }
    serde_json::from_str(body).map_err(|_| Refusal(400, "the body is malformed"))
}
