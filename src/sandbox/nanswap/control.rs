//! The knobs of the simulated Nanswap Pay over HTTP, below `/sandbox/`, and the webhooks it has sent.
//!
//! The real one has no such paths, so nothing that works with it can come to depend on them.

use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Nanswap;
use super::state::Knobs;
use super::webhook;

/// The paths, without their prefix.
pub(super) fn routes() -> Router<Nanswap> {
    Router::new()
        .route("/knobs", post(knobs))
        .route("/webhooks", get(webhooks))
        .route("/sign", post(sign))
}

/// A webhook that was sent, to whomever.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    pub(super) invoice_id: String,
    pub(super) status: &'static str,
    pub(super) body: String,
    pub(super) signature: String,
}

/// What is left out is as at the start.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Turned {
    processing_ms: u64,
    lease_ms: u64,
    text_amounts: bool,
    address: Option<String>,
    amount: Option<String>,
    payout_address: Option<String>,
    payout_failing: bool,
    webhook_doubled: bool,
}

impl Default for Turned {
    fn default() -> Self {
        let knobs = Knobs::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            processing_ms: ms(knobs.processing),
            lease_ms: ms(knobs.lease),
            text_amounts: knobs.is_text_amounts,
            address: None,
            amount: None,
            payout_address: None,
            payout_failing: false,
            webhook_doubled: false,
        }
    }
}

async fn knobs(State(nanswap): State<Nanswap>, Json(turned): Json<Turned>) -> Json<Value> {
    nanswap.set(|knobs| {
        *knobs = Knobs {
            processing: Duration::from_millis(turned.processing_ms),
            lease: Duration::from_millis(turned.lease_ms),
            is_text_amounts: turned.text_amounts,
            address: turned.address,
            amount: turned.amount,
            payout_address: turned.payout_address,
            is_payout_failing: turned.payout_failing,
            is_webhook_doubled: turned.webhook_doubled,
        };
    });
    Json(json!({}))
}

/// Oldest first.
async fn webhooks(State(nanswap): State<Nanswap>) -> Json<Vec<Sent>> {
    Json(nanswap.state().sent.clone())
}

/// Signs any flat body, as a Nanswap would that was broken into.
async fn sign(body: String) -> Json<Value> {
    Json(json!({ "body": body, "signature": webhook::sign(&body) }))
}
