//! The seller's one resource, `/joke`, and a knob of ours.
//!
//! A credential that was paid for is answered again without a second charge.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::web;
use super::state::{Knobs, MppSeller, State as Book};

/// Serves `seller` on `listener` until `stop`.
pub async fn serve(seller: MppSeller, listener: TcpListener, stop: CancellationToken) {
    let (troubles, clock) = (seller.troubles.clone(), seller.clock.clone());
    let routes = Router::new()
        .route("/joke", get(joke))
        .route("/sandbox/settings", post(settings))
        .with_state(seller);
    web::serve(routes, troubles, clock, listener, stop).await;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    challenge: Challenge,
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Challenge {
    id: String,
    realm: String,
    method: String,
    intent: String,
    request: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    spt: String,
}

async fn joke(State(seller): State<MppSeller>, headers: HeaderMap) -> Response {
    let mut book = seller.state();
    let Some(sent) = headers.get(header::AUTHORIZATION) else { return challenge(&mut book) };
    let Some(credential) = sent.to_str().ok().and_then(read) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Challenge { id, realm, method, intent, request } = credential.challenge;
    let fits = (realm.as_str(), method.as_str(), intent.as_str()) == (REALM, "stripe", "charge");
    let known = book.challenges.get(&id).filter(|(known, _)| fits && *known == request).cloned();
    let receipt = match known {
        None => return challenge(&mut book),
        Some((_, Some(receipt))) => receipt,
        Some(_) if book.knobs.refuses => return challenge(&mut book),
        Some((request, None)) => {
            let (price, profile) = (book.knobs.price, book.knobs.profile.clone());
            let charged = seller.stripe.charge(&credential.payload.spt, &profile, price, "usd");
            let Ok(reference) = charged else { return challenge(&mut book) };
            let receipt =
                json!({ "status": "success", "method": "stripe", "reference": reference });
            let receipt = URL_SAFE_NO_PAD.encode(receipt.to_string());
            book.challenges.insert(id, (request, Some(receipt.clone())));
            receipt
        }
    };
    if book.knobs.fails_after_charging {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let receipt = HeaderValue::from_str(&receipt).unwrap_or(HeaderValue::from_static(""));
    ([("payment-receipt", receipt)], Json(json!({ "joke": JOKE }))).into_response()
}

fn challenge(book: &mut Book) -> Response {
    let Knobs { price, profile, .. } = &book.knobs;
    let request = json!({
        "amount": price.to_string(),
        "currency": "usd",
        "methodDetails": { "networkId": profile, "paymentMethodTypes": ["card"] },
    });
    let request = URL_SAFE_NO_PAD.encode(request.to_string());
    let id = format!("ch_{}", book.challenges.len() + 1);
    let value = format!(
        r#"Payment id="{id}", realm="{REALM}", method="stripe", intent="charge", request="{request}""#
    );
    book.challenges.insert(id, (request, None));
    let value = HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""));
    (StatusCode::PAYMENT_REQUIRED, [(header::WWW_AUTHENTICATE, value)]).into_response()
}

fn read(header: &str) -> Option<Credential> {
    let json = URL_SAFE_NO_PAD.decode(header.strip_prefix("Payment ")?).ok()?;
    serde_json::from_slice(&json).ok()
}

async fn settings(State(seller): State<MppSeller>, Json(wanted): Json<Knobs>) -> Json<Value> {
    seller.set(|knobs| *knobs = wanted.clone());
    Json(json!(wanted))
}

const REALM: &str = "sandbox";
const JOKE: &str = "A wallet walks into a bar. The policy says: one drink.";
