//! Stripe's endpoints for shared payment tokens, and two of ours.
//!
//! Everything a real request needs is needed here, and what the documents do not name is an error, so that a client's
//! mistake is seen.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::web;
use super::intents;
use super::state::{Knobs, Stripe, Token};

/// Serves `stripe` on `listener` until `stop`.
pub async fn serve(stripe: Stripe, listener: TcpListener, stop: CancellationToken) {
    let (troubles, clock) = (stripe.troubles.clone(), stripe.clock.clone());
    let routes = Router::new()
        .route("/v1/shared_payment/issued_tokens", post(issue))
        .route("/v1/shared_payment/issued_tokens/{id}", get(show))
        .route("/v1/shared_payment/issued_tokens/{id}/revoke", post(revoke))
        .route("/v1/payment_intents", post(intents::create))
        .route("/sandbox/settings", post(settings))
        .route("/sandbox/state", get(state))
        .with_state(stripe);
    web::serve(routes, troubles, clock, listener, stop).await;
}

type Answered = Result<Json<Value>, Denied>;

async fn issue(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Answered {
    check_headers(&headers)?;
    let key = idempotency_key(&headers)?;
    let form = form(&headers, &body)?;
    let known = stripe.state().keys.get(&key).cloned();
    if let Some((earlier, id)) = known {
        if earlier != body {
            return Err(REUSED_KEY);
        }
        let state = stripe.state();
        return Ok(Json(shown(&id, &state.tokens[&id], &state.knobs)));
    }
    let token = token(&stripe, &form)?;
    let mut state = stripe.state();
    if state.knobs.declines {
        return Err(Denied(402, "card_declined", "Your card was declined."));
    }
    let id = format!("spt_sandbox_{}", state.tokens.len() + 1);
    let answer = shown(&id, &token, &state.knobs);
    state.keys.insert(key, (body, id.clone()));
    state.tokens.insert(id, token);
    Ok(Json(answer))
}

async fn show(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answered {
    check_headers(&headers)?;
    let now_s = stripe.clock.now().0 / 1_000;
    let mut state = stripe.state();
    let state = &mut *state;
    let token = state.tokens.get_mut(&id).ok_or(MISSING)?;
    if token.expires_at_s <= now_s {
        token.deactivated.get_or_insert("expired");
    }
    Ok(Json(shown(&id, token, &state.knobs)))
}

async fn revoke(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answered {
    check_headers(&headers)?;
    idempotency_key(&headers)?;
    let mut state = stripe.state();
    let state = &mut *state;
    let token = state.tokens.get_mut(&id).ok_or(MISSING)?;
    token.deactivated.get_or_insert("revoked");
    Ok(Json(shown(&id, token, &state.knobs)))
}

async fn settings(State(stripe): State<Stripe>, Json(wanted): Json<Knobs>) -> Json<Value> {
    stripe.set(|knobs| *knobs = wanted);
    state(State(stripe)).await
}

async fn state(State(stripe): State<Stripe>) -> Json<Value> {
    let (active, state) = (stripe.active(), stripe.state());
    Json(json!({ "tokens": state.tokens.len(), "active": active, "charges": state.charges }))
}

fn token(stripe: &Stripe, form: &BTreeMap<String, String>) -> Result<Token, Denied> {
    if form.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Denied(400, "parameter_unknown", "a parameter is not known"));
    }
    if !needed(form, "payment_method")?.starts_with("pm_") {
        return Err(Denied(400, "resource_missing", "No such PaymentMethod"));
    }
    let profile = needed(form, "seller_details[network_business_profile]")?;
    let currency = needed(form, "usage_limits[currency]")?;
    if !profile.starts_with("profile_") || currency.bytes().any(|byte| !byte.is_ascii_lowercase()) {
        return Err(Denied(400, "parameter_invalid", "no such profile or currency"));
    }
    let (max_amount, expires_at_s) =
        (number(form, "usage_limits[max_amount]")?, number(form, "usage_limits[expires_at]")?);
    if max_amount == 0 || expires_at_s <= stripe.clock.now().0 / 1_000 {
        return Err(Denied(400, "parameter_invalid", "the limits are in the past or zero"));
    }
    let state = stripe.state();
    Ok(Token {
        profile,
        currency,
        max_amount: max_amount + state.knobs.amount_plus,
        expires_at_s,
        captured: 0,
        needs_action: state.knobs.requires_action,
        deactivated: None,
    })
}

fn shown(id: &str, token: &Token, knobs: &Knobs) -> Value {
    let status = match token.deactivated {
        Some(_) => "deactivated",
        None if token.needs_action => "requires_action",
        None => "active",
    };
    let captured = match knobs.bare_captured {
        true => json!(token.captured),
        false => json!({ "currency": token.currency, "value": token.captured }),
    };
    json!({
        "id": id,
        "object": "shared_payment.issued_token",
        "livemode": false,
        "status": status,
        "seller_details": { "network_business_profile": token.profile },
        "usage_limits": {
            "currency": token.currency,
            "max_amount": token.max_amount,
            "expires_at": token.expires_at_s,
        },
        "usage_details": { "amount_captured": captured },
        "deactivated_reason": token.deactivated,
    })
}

fn check_headers(headers: &HeaderMap) -> Result<(), Denied> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:", Stripe::KEY)));
    if sent == Some(expected.as_str()) { check_version(headers) } else { Err(BAD_KEY) }
}

pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Denied> {
    let version = headers.get("stripe-version").and_then(|value| value.to_str().ok());
    if version.is_some_and(|version| version.ends_with(".preview")) {
        return Ok(());
    }
    Err(Denied(400, "parameter_unknown", "this needs a preview version"))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Denied> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.filter(|key| (1..=255).contains(&key.len()));
    key.map(str::to_owned).ok_or(Denied(400, "idempotency_error", "an Idempotency-Key is needed"))
}

pub(super) fn form(headers: &HeaderMap, body: &str) -> Result<BTreeMap<String, String>, Denied> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let malformed = Denied(400, "parameter_invalid", "the body is no form");
    if kind != Some("application/x-www-form-urlencoded") {
        return Err(malformed);
    }
    let url =
        reqwest::Url::parse(&format!("http://form.invalid/?{body}")).map_err(|_| malformed)?;
    Ok(url.query_pairs().into_owned().collect())
}

/// The value of a field that must be there.
pub(super) fn needed(form: &BTreeMap<String, String>, name: &str) -> Result<String, Denied> {
    let missing = Denied(400, "parameter_missing", "a parameter is missing");
    form.get(name).filter(|value| !value.is_empty()).cloned().ok_or(missing)
}

pub(super) fn number(form: &BTreeMap<String, String>, name: &str) -> Result<u64, Denied> {
    let wrong = Denied(400, "parameter_invalid_integer", "a parameter is no integer");
    needed(form, name)?.parse().map_err(|_| wrong)
}

/// An error as Stripe writes it: status, code, message.
#[derive(Clone, Copy)]
pub(super) struct Denied(pub(super) u16, pub(super) &'static str, pub(super) &'static str);

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let kind = if status == 402 { "card_error" } else { "invalid_request_error" };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = json!({ "type": kind, "code": code, "message": message });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

pub(super) const BAD_KEY: Denied =
    Denied(401, "api_key_invalid", "Invalid API Key provided: sk_test_****");
pub(super) const REUSED_KEY: Denied =
    Denied(400, "idempotency_error", "the key was used with other parameters");
const MISSING: Denied = Denied(404, "resource_missing", "No such token");
const FIELDS: [&str; 6] = [
    "payment_method",
    "seller_details[network_business_profile]",
    "usage_limits[currency]",
    "usage_limits[max_amount]",
    "usage_limits[expires_at]",
    "shared_metadata[payment_id]",
];
