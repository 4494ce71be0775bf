//! The knobs of the simulated ifenpay over HTTP, below `/sandbox/`: faults and settings.
//!
//! The real one has no such paths, so nothing that works with it can come to depend on them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Ifenpay;
use super::faults::{Endpoint, Fault};
use super::state::Settings;
use crate::limits;

/// The paths, without their prefix.
pub(super) fn routes() -> Router<Ifenpay> {
    Router::new()
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/settings", post(settings))
        .route("/state", get(state))
}

/// Why a knob does not turn; printed as `{"error": {"code", "message"}}`.
struct Refused(String);

type Knob = Result<Json<Value>, Refused>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddFault {
    endpoint: Endpoint,
    fault: Fault,
    #[serde(default)]
    standing: bool,
    count: Option<u32>,
}

async fn add_fault(State(service): State<Ifenpay>, body: Bytes) -> Knob {
    let AddFault { endpoint, fault, standing, count } = read(&body)?;
    match (standing, count.unwrap_or(1)) {
        (true, _) if count.is_some() => {
            return Err(Refused("a fault is either standing or counted".to_owned()));
        }
        (true, _) => service.stand(endpoint, fault),
        (false, count @ 1..=limits::SANDBOX_FAULTS) => {
            (0..count).for_each(|_| service.queue(endpoint, fault.clone()));
        }
        (false, count) => {
            let most = limits::SANDBOX_FAULTS;
            return Err(Refused(format!("count is {count}, not from 1 to {most}")));
        }
    }
    Ok(state(State(service)).await)
}

async fn clear_faults(State(service): State<Ifenpay>) -> Json<Value> {
    service.clear_faults();
    state(State(service)).await
}

async fn settings(State(service): State<Ifenpay>, body: Bytes) -> Knob {
    let wanted: Settings = read(&body)?;
    service.set(|settings| *settings = wanted);
    Ok(state(State(service)).await)
}

async fn state(State(service): State<Ifenpay>) -> Json<Value> {
    let state = service.state();
    let (queued, standing) = state.faults.counts();
    Json(json!({
        "queued_faults": queued,
        "standing_faults": standing,
        "orders": state.orders.len(),
        "payment_requests": state.requests.len(),
        "account": Ifenpay::account(),
        "api_key": Ifenpay::KEY,
    }))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused(error.to_string()))
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = json!({ "code": "INVALID_ARGUMENTS", "message": self.0 });
        (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
    }
}
