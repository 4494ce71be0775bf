//! The knobs of the simulated Nicky over HTTP, below `/sandbox/`.
//!
//! The real one has no such paths, so nothing that works with it can come to depend on them.

use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::web::Refusal;
use super::Nicky;
use super::state::Knobs;
use crate::money::Raw;

/// The paths, without their prefix.
pub(super) fn routes() -> Router<Nicky> {
    Router::new()
        .route("/requests", post(make))
        .route("/requests/end", post(end))
        .route("/knobs", post(knobs))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Make {
    /// Decimal XNO.
    amount: String,
    #[serde(default = "yes")]
    accepts_xno: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct End {
    short_id: String,
    how: Ending,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Ending {
    Cancel,
    PayByAnother,
}

/// What is left out is as at the start.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Turned {
    pipeline_ms: u64,
    lease_ms: u64,
    text_amounts: bool,
    address: Option<String>,
    amount: Option<String>,
    memo: Option<String>,
    address_changing: bool,
    report_down: bool,
}

impl Default for Turned {
    fn default() -> Self {
        let knobs = Knobs::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            pipeline_ms: ms(knobs.pipeline),
            lease_ms: ms(knobs.lease),
            text_amounts: knobs.is_text_amounts,
            address: None,
            amount: None,
            memo: None,
            address_changing: false,
            report_down: false,
        }
    }
}

/// Makes a request, as its receiver would in Nicky's app.
async fn make(State(nicky): State<Nicky>, Json(make): Json<Make>) -> Result<Json<Value>, Refusal> {
    let total = Raw::payment_from_xno(&make.amount).map_err(|_| Refusal(400, "no such amount"))?;
    let short_id = nicky.ask_for(total, make.accepts_xno);
    Ok(Json(json!({ "shortId": short_id })))
}

async fn end(State(nicky): State<Nicky>, Json(end): Json<End>) -> Json<Value> {
    match end.how {
        Ending::Cancel => nicky.cancel(&end.short_id),
        Ending::PayByAnother => nicky.finish_by_another(&end.short_id),
    }
    Json(json!({}))
}

async fn knobs(State(nicky): State<Nicky>, Json(turned): Json<Turned>) -> Json<Value> {
    nicky.set(|knobs| {
        *knobs = Knobs {
            pipeline: Duration::from_millis(turned.pipeline_ms),
            lease: Duration::from_millis(turned.lease_ms),
            is_text_amounts: turned.text_amounts,
            address: turned.address,
            amount: turned.amount,
            memo: turned.memo,
            is_address_changing: turned.address_changing,
            is_report_down: turned.report_down,
        };
    });
    Json(json!({}))
}

fn yes() -> bool {
    true
}
