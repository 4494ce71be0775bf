//! Nanswap Pay's endpoints.
//!
//! The secret key is needed where the documents say so and refused nowhere else, but a key on a call that does without
//! is an error here, so that a client's mistake is seen.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::web::{self, Refusal};
use super::control;
use super::state::{Nanswap, Order};
use super::wire::{self, Estimated, OrderBody, Page};
use crate::limits;
use crate::money::Raw;

/// Serves `nanswap` on `listener` until `stop`, and moves its orders on.
pub async fn serve(nanswap: Nanswap, listener: TcpListener, stop: CancellationToken) {
    let (troubles, clock) = (nanswap.troubles.clone(), nanswap.clock.clone());
    let routes = Router::new()
        .route("/order", get(show).post(create))
        .route("/order-estimate", get(estimate))
        .route("/invoices", get(invoices))
        .route("/payin-currencies", get(payin_currencies))
        .route("/fiat-currencies", get(fiat_currencies));
    // The real base URL has this path; a base URL without it works as well.
    let routes = Router::new().nest("/pay", routes.clone()).merge(routes);
    let routes = routes.nest("/sandbox", control::routes());
    let served =
        web::serve(routes.with_state(nanswap.clone()), troubles, clock.clone(), listener, stop);
    let moving = async {
        loop {
            clock.sleep(TICK).await;
            // A chain out of reach is looked at again.
            let _ = nanswap.move_on().await;
        }
    };
    tokio::select! {
        () = served => {}
        () = moving => {}
    }
}

async fn create(
    State(nanswap): State<Nanswap>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Denied> {
    need_key(&headers, &[Nanswap::KEY])?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(bad("the body must be application/json"));
    }
    let body: OrderBody = serde_json::from_str(&body).map_err(|_| bad("the body is malformed"))?;
    let due = price(body.price_amount.get())?;
    check_currencies(body.price_currency.as_deref(), body.payin_currency.as_deref())?;
    if body.invoice_id.as_ref().is_some_and(|id| id.chars().count() > limits::ID_BYTES) {
        return Err(bad("invoiceId has more than 128 characters"));
    }
    let id = nanswap.make(body, due);
    answer(&nanswap, &id, |order, state| {
        Json(wire::created(&id, order, &state.knobs)).into_response()
    })
}

async fn show(
    State(nanswap): State<Nanswap>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Denied> {
    refuse_key(&headers)?;
    let id = query.get("id").ok_or_else(|| bad("id is missing"))?;
    nanswap.move_one(id).await?;
    answer(&nanswap, id, |order, state| Json(wire::shown(id, order, &state.knobs)).into_response())
}

async fn estimate(
    State(nanswap): State<Nanswap>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Denied> {
    need_key(&headers, &[Nanswap::KEY, Nanswap::PUBLIC_KEY])?;
    let value = |name: &str| query.get(name).map(String::as_str);
    let payin = value("payinCurrency").ok_or_else(|| bad("payinCurrency is missing"))?;
    check_currencies(value("priceCurrency"), Some(payin))?;
    let due = price(value("priceAmount").ok_or_else(|| bad("priceAmount is missing"))?)?;
    let knobs = &nanswap.state().knobs;
    Ok(Json(Estimated {
        expected_amount_from: wire::amount(due, knobs),
        payout_amount: wire::amount(due, knobs),
        payout_currency: value("payoutCurrency").unwrap_or("XNO").to_owned(),
        warning_high_fees: false,
    })
    .into_response())
}

async fn invoices(
    State(nanswap): State<Nanswap>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Denied> {
    need_key(&headers, &[Nanswap::KEY])?;
    let page: usize = match query.get("page") {
        Some(page) => {
            page.parse().ok().filter(|page| *page > 0).ok_or_else(|| bad("no such page"))?
        }
        None => 1,
    };
    let state = nanswap.state();
    let mut orders: Vec<(&String, &Order)> = state.orders.iter().collect();
    orders.sort_by_key(|(_, order)| std::cmp::Reverse(order.place));
    let total = orders.len();
    let skipped = PAGE.saturating_mul(page - 1);
    let invoices = orders.into_iter().skip(skipped).take(PAGE);
    let invoices = invoices.map(|(id, order)| wire::listed(id, order, &state.knobs)).collect();
    Ok(Json(Page { invoices, total, page, pages: total.div_ceil(PAGE) }).into_response())
}

async fn payin_currencies(headers: HeaderMap) -> Result<Response, Denied> {
    refuse_key(&headers)?;
    let list = json!({
        "XNO": {"name": "Nano", "ticker": "XNO", "network": "nano", "feeless": true},
        "BAN": {"name": "Banano", "ticker": "BAN", "network": "ban", "feeless": true},
        "USDG-HOOD": {"name": "Global Dollar", "ticker": "usdg", "network": "hood"},
    });
    Ok(Json(list).into_response())
}

async fn fiat_currencies(headers: HeaderMap) -> Result<Response, Denied> {
    refuse_key(&headers)?;
    Ok(Json(PRICES).into_response())
}

fn answer(
    nanswap: &Nanswap,
    id: &str,
    show: impl FnOnce(&Order, &super::state::State) -> Response,
) -> Result<Response, Denied> {
    let state = nanswap.state();
    let missing = Denied(StatusCode::NOT_FOUND, "no such order");
    Ok(show(state.orders.get(id).ok_or(missing)?, &state))
}

fn price(literal: &str) -> Result<Raw, Denied> {
    Raw::payment_from_xno(literal).map_err(|_| bad("priceAmount is no number above zero"))
}

fn check_currencies(price: Option<&str>, payin: Option<&str>) -> Result<(), Denied> {
    if price.is_some_and(|currency| !PRICES.contains(&currency)) {
        return Err(bad("priceCurrency is not supported"));
    }
    if payin.is_some_and(|currency| !PAYINS.contains(&currency)) {
        return Err(bad("payinCurrency is not supported"));
    }
    Ok(())
}

fn need_key(headers: &HeaderMap, keys: &[&str]) -> Result<(), Denied> {
    let sent = headers.get(KEY_HEADER).and_then(|key| key.to_str().ok());
    if sent.is_some_and(|sent| keys.contains(&sent)) {
        return Ok(());
    }
    Err(Denied(StatusCode::UNAUTHORIZED, "Please include your API Key in the request header"))
}

fn refuse_key(headers: &HeaderMap) -> Result<(), Denied> {
    if headers.contains_key(KEY_HEADER) { Err(bad("this call needs no key")) } else { Ok(()) }
}

/// An error as Nanswap's other API writes it (fact sheet 2.1).
struct Denied(StatusCode, &'static str);

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<Refusal> for Denied {
    fn from(Refusal(status, words): Refusal) -> Self {
        Self(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), words)
    }
}

fn bad(words: &'static str) -> Denied {
    Denied(StatusCode::BAD_REQUEST, words)
}

const KEY_HEADER: &str = "x-nanswap-pay-key";
const PRICES: [&str; 4] = ["USD", "EUR", "GBP", "XNO"];
const PAYINS: [&str; 3] = ["XNO", "BAN", "USDG-HOOD"];
const PAGE: usize = 20;
const TICK: Duration = Duration::from_millis(100);
