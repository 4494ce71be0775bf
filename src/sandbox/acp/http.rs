//! The merchant's endpoints, and two of ours.
//!
//! Headers, keys and bodies are looked at before anything else; every answer is in the words of the version that was
//! asked.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::web;
use super::answer::{self, Priced};
use super::knobs::Knobs;
use super::request::{self, Wanted};
use super::state::{AcpMerchant, Checkout, Goods, State as Shop};
use crate::limits;

/// Serves `merchant` on `listener` until `stop`.
pub async fn serve(merchant: AcpMerchant, listener: TcpListener, stop: CancellationToken) {
    let (troubles, clock) = (merchant.troubles.clone(), merchant.clock.clone());
    let routes = Router::new()
        .route("/checkout_sessions", post(protocol))
        .route("/checkout_sessions/{id}", get(protocol).post(protocol))
        .route("/checkout_sessions/{id}/complete", post(protocol))
        .route("/checkout_sessions/{id}/cancel", post(protocol))
        .route("/sandbox/settings", post(settings))
        .route("/sandbox/state", get(state))
        .with_state(merchant);
    web::serve(routes, troubles, clock, listener, stop).await;
}

/// What a request is about.
enum Action {
    Create,
    Show(String),
    Update(String),
    Complete(String),
    Cancel(String),
}

async fn protocol(
    State(merchant): State<AcpMerchant>,
    path: Option<Path<String>>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, limits::SANDBOX_REQUEST_BYTES).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let place = head.uri.path().to_owned();
    let id = path.map(|Path(id)| id).unwrap_or_default();
    let action = match (&head.method, place.rsplit('/').next()) {
        (&Method::GET, _) => Action::Show(id),
        (_, Some("complete")) => Action::Complete(id),
        (_, Some("cancel")) => Action::Cancel(id),
        _ if id.is_empty() => Action::Create,
        _ => Action::Update(id),
    };
    let mut shop = merchant.state();
    let asked = text(&head.headers, "api-version").unwrap_or_default().to_owned();
    shop.seen.push((format!("{} {place}", head.method), asked, body.clone()));
    let answered = answer(&merchant, &mut shop, &head.headers, &place, &action, &body);
    let key = text(&head.headers, "idempotency-key").map(str::to_owned);
    let request_id = text(&head.headers, "request-id").map(str::to_owned);
    let (status, text) = answered.unwrap_or_else(|refused| (refused.status(), refused.body(&shop)));
    shop.said.push((status, text.clone()));
    drop(shop);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [("content-type", "application/json")], text).into_response();
    for (name, value) in [("idempotency-key", key), ("request-id", request_id)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn answer(
    merchant: &AcpMerchant,
    shop: &mut Shop,
    headers: &HeaderMap,
    place: &str,
    action: &Action,
    body: &str,
) -> Result<(u16, String), Refused> {
    let version = check_headers(shop, headers)?;
    if let Action::Show(id) = action {
        return Ok((200, shown(shop, id, &version)?));
    }
    let key = text(headers, "idempotency-key").filter(|key| (1..=255).contains(&key.len()));
    let key = (place.to_owned(), key.ok_or(Refused::NoKey)?.to_owned());
    if let Some((earlier, status, answer)) = shop.answered.get(&key) {
        return if earlier == body {
            Ok((*status, answer.clone()))
        } else {
            Err(Refused::Conflict)
        };
    }
    let (status, id) = match action {
        Action::Create => (201, create(shop, &version, body)?),
        Action::Update(id) => (200, update(shop, id, &version, body)?),
        Action::Complete(id) => (200, complete(merchant, shop, id, &version, body)?),
        Action::Cancel(id) => (200, cancel(shop, id, body)?),
        Action::Show(id) => (200, id.clone()),
    };
    let answer = shown(shop, &id, &version)?;
    shop.answered.insert(key, (body.to_owned(), status, answer.clone()));
    Ok((status, answer))
}

fn create(shop: &mut Shop, version: &str, body: &str) -> Result<String, Refused> {
    let wanted = request::create(version, body).map_err(|_| Refused::Body)?;
    check_items(shop, &wanted)?;
    let id = format!("cs_sandbox_{}", shop.checkouts.len() + 1);
    let checkout = Checkout {
        items: wanted.items,
        currency: wanted.currency.unwrap_or_else(|| "usd".to_owned()),
        email: wanted.email,
        status: "ready_for_payment",
        held: None,
        order: None,
    };
    shop.checkouts.insert(id.clone(), checkout);
    Ok(id)
}

fn update(shop: &mut Shop, id: &str, version: &str, body: &str) -> Result<String, Refused> {
    let wanted = request::update(version, body).map_err(|_| Refused::Body)?;
    check_items(shop, &wanted)?;
    open(shop, id)?.items = wanted.items;
    Ok(id.to_owned())
}

fn complete(
    merchant: &AcpMerchant,
    shop: &mut Shop,
    id: &str,
    version: &str,
    body: &str,
) -> Result<String, Refused> {
    let (token, handler) = request::complete(version, body).map_err(|_| Refused::Body)?;
    if handler.is_some_and(|handler| handler != AcpMerchant::HANDLER) {
        return Err(Refused::Body);
    }
    let knobs = shop.knobs.clone();
    let checkout = shop.checkouts.get_mut(id).ok_or(Refused::Missing)?;
    if checkout.status == "completed" && !knobs.completes_twice || checkout.status == "canceled" {
        return Err(Refused::Closed);
    }
    if knobs.complete_status.is_some() {
        checkout.held = knobs.complete_status;
        return Ok(id.to_owned());
    }
    let total = Priced::of(checkout, &knobs).total();
    let currency = knobs.currency.as_ref().unwrap_or(&checkout.currency);
    let charged = merchant.stripe.charge(&token, AcpMerchant::PROFILE, total, currency);
    charged.map_err(|_| Refused::Declined)?;
    shop.orders += 1;
    checkout.status = "completed";
    checkout.order = Some(format!("order_{}", shop.orders));
    if knobs.fails_after_completing { Err(Refused::Failed) } else { Ok(id.to_owned()) }
}

fn cancel(shop: &mut Shop, id: &str, body: &str) -> Result<String, Refused> {
    request::cancel(body).map_err(|_| Refused::Body)?;
    open(shop, id)?.status = "canceled";
    Ok(id.to_owned())
}

fn open<'a>(shop: &'a mut Shop, id: &str) -> Result<&'a mut Checkout, Refused> {
    let checkout = shop.checkouts.get_mut(id).ok_or(Refused::Missing)?;
    let is_open = !matches!(checkout.status, "completed" | "canceled");
    if is_open { Ok(checkout) } else { Err(Refused::Closed) }
}

fn shown(shop: &Shop, id: &str, version: &str) -> Result<String, Refused> {
    let checkout = shop.checkouts.get(id).ok_or(Refused::Missing)?;
    Ok(answer::session(id, checkout, &shop.knobs, version).to_string())
}

fn check_items(shop: &Shop, wanted: &Wanted) -> Result<(), Refused> {
    if wanted.has_quantity && shop.knobs.refuses_quantity || wanted.items.is_empty() {
        return Err(Refused::Body);
    }
    let is_sold = |(id, quantity): &(String, u32)| Goods::find(id).is_some() && *quantity > 0;
    if wanted.items.iter().all(is_sold) { Ok(()) } else { Err(Refused::Item) }
}

fn check_headers(shop: &Shop, headers: &HeaderMap) -> Result<String, Refused> {
    let token = text(headers, "authorization");
    let is_known = token == Some(format!("Bearer {}", AcpMerchant::TOKEN).as_str());
    let is_welcome = token.is_none() && shop.knobs.serves_strangers;
    if !is_known && !is_welcome {
        return Err(Refused::Token);
    }
    let version = text(headers, "api-version").ok_or(Refused::Version)?;
    if speaks(shop).iter().any(|spoken| spoken == version) {
        return Ok(version.to_owned());
    }
    Err(Refused::Version)
}

fn speaks(shop: &Shop) -> Vec<String> {
    let spoken = &shop.knobs.versions;
    if spoken.is_empty() { VERSIONS.map(str::to_owned).to_vec() } else { spoken.clone() }
}

async fn settings(State(merchant): State<AcpMerchant>, Json(wanted): Json<Knobs>) -> Json<Value> {
    merchant.set(|knobs| *knobs = wanted);
    state(State(merchant)).await
}

async fn state(State(merchant): State<AcpMerchant>) -> Json<Value> {
    let shop = merchant.state();
    Json(json!({
        "checkouts": shop.checkouts.len(),
        "orders": shop.orders,
        "merchant_id": AcpMerchant::ID,
        "token": AcpMerchant::TOKEN,
        "profile": AcpMerchant::PROFILE,
        "knobs": shop.knobs,
    }))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Why a request is refused.
#[derive(Clone, Copy)]
enum Refused {
    Token,
    Version,
    NoKey,
    Conflict,
    Body,
    Item,
    Missing,
    Closed,
    Declined,
    Failed,
}

impl Refused {
    fn status(self) -> u16 {
        match self {
            Self::Token => 401,
            Self::Version | Self::NoKey | Self::Body | Self::Item | Self::Declined => 400,
            Self::Conflict => 422,
            Self::Missing => 404,
            Self::Closed => 405,
            Self::Failed => 500,
        }
    }

    fn body(self, shop: &Shop) -> String {
        let (code, message) = match self {
            Self::Token => ("unauthorized", "no such token"),
            Self::Version => ("unsupported_version", "this version is not spoken here"),
            Self::NoKey => ("idempotency_key_required", "Idempotency-Key header is required"),
            Self::Conflict => ("idempotency_conflict", "the key was used with another body"),
            Self::Body => ("invalid", "the request does not follow the schema"),
            Self::Item => ("invalid_item_id", "the item does not exist"),
            Self::Missing => ("not_found", "no such checkout session"),
            Self::Closed => ("session_closed", "the session is completed or canceled"),
            Self::Declined => ("payment_declined", "the token cannot be charged"),
            Self::Failed => ("internal", "something went wrong"),
        };
        let kind = if self.status() == 500 { "processing_error" } else { "invalid_request" };
        let mut error = json!({ "type": kind, "code": code, "message": message });
        if matches!(self, Self::Version) {
            error["supported_versions"] = json!(speaks(shop));
        }
        error.to_string()
    }
}

const VERSIONS: [&str; 5] = ["2026-04-17", "2026-01-30", "2026-01-16", "2025-12-12", "2025-09-29"];
