//! The knobs of the sandbox over HTTP, below `/sandbox/`: the faucet, faults, and what the network does on its own.
//!
//! No real node has these paths, so nothing that works with one can come to depend on them. They must never change
//! what an action answers other than by a fault or by what the ledger holds.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Front;
use super::shapes::{CallShape, FaultShape};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock};
use crate::sandbox::nano::error::SandboxError;

/// The paths, without their prefix.
pub(super) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/faucet", post(faucet))
        .route("/hold", post(hold))
        .route("/release", post(release))
        .route("/confirm", post(confirm))
        .route("/roll_back", post(roll_back))
        .route("/elect", post(elect))
        .route("/insert", post(insert))
        .route("/down", post(down))
        .route("/up", post(up))
        .route("/spelling", post(spelling))
        .route("/state", get(state))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
}

/// Why a knob does not turn; printed as `{"error": {"code", "message"}}`.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
}

type Knob = Result<Json<Value>, Refused>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddFault {
    call: CallShape,
    fault: FaultShape,
    #[serde(default)]
    standing: bool,
    count: Option<u32>,
}

async fn add_fault(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let AddFault { call, fault, standing, count } = read(&body)?;
    let fault = fault.into_fault();
    match (standing, count) {
        (true, None) => front.node.stand(call.into(), fault),
        (true, Some(_)) => return Err(invalid("a fault is either standing or counted")),
        (false, count) => {
            let count = count.unwrap_or(1);
            if count == 0 || count > limits::SANDBOX_FAULTS {
                let most = limits::SANDBOX_FAULTS;
                return Err(invalid(format!("count is {count}, not from 1 to {most}")));
            }
            for _ in 0..count {
                front.node.queue(call.into(), fault.clone());
            }
        }
    }
    Ok(Json(faults(&front)))
}

async fn clear_faults(State(front): State<Arc<Front>>) -> Knob {
    front.node.clear_faults();
    Ok(Json(faults(&front)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gift {
    account: Account,
    amount_raw: Raw,
    #[serde(default)]
    confirmed: bool,
}

async fn faucet(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let Gift { account, amount_raw, confirmed } = read(&body)?;
    let node = front.node.clone();
    // The faucet searches for work.
    let sent = tokio::task::spawn_blocking(move || match confirmed {
        true => node.faucet_confirmed(account, amount_raw),
        false => node.faucet(account, amount_raw),
    });
    let hash = sent.await.map_err(|error| Refused {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "INTERNAL",
        message: error.to_string(),
    })??;
    Ok(Json(json!({ "hash": hash })))
}

/// One block, or with `new` all that arrive from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    hash: Option<BlockHash>,
    #[serde(default)]
    new: bool,
}

async fn hold(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    set_held(&front, &body, true)
}

async fn release(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    set_held(&front, &body, false)
}

fn set_held(front: &Front, body: &[u8], held: bool) -> Knob {
    match read(body)? {
        Held { hash: Some(hash), new: false } if held => front.node.hold(&hash)?,
        Held { hash: Some(hash), new: false } => front.node.release(&hash)?,
        Held { hash: None, new: true } => front.node.hold_new(held),
        _ => return Err(invalid("give either the hash of a block or \"new\": true")),
    }
    Ok(Json(json!({ "held": held })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneBlock {
    hash: BlockHash,
}

async fn confirm(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let OneBlock { hash } = read(&body)?;
    front.node.confirm(&hash)?;
    Ok(Json(json!({ "confirmed": hash })))
}

async fn roll_back(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let OneBlock { hash } = read(&body)?;
    Ok(Json(json!({ "rolled_back": front.node.roll_back(&hash)? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreign {
    block: SignedBlock,
}

async fn elect(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let Foreign { block } = read(&body)?;
    Ok(Json(json!({ "hash": front.node.elect(&block)? })))
}

async fn insert(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let Foreign { block } = read(&body)?;
    Ok(Json(json!({ "hash": front.node.insert(&block)? })))
}

async fn down(State(front): State<Arc<Front>>) -> Knob {
    front.node.down();
    Ok(Json(json!({ "up": false })))
}

async fn up(State(front): State<Arc<Front>>) -> Knob {
    front.node.up();
    Ok(Json(json!({ "up": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spelled {
    node: String,
}

async fn spelling(State(front): State<Arc<Front>>, body: Bytes) -> Knob {
    let Spelled { node } = read(&body)?;
    let spelling = node.parse().map_err(|error| invalid(format!("{error}, not {node:?}")))?;
    front.spell(spelling);
    Ok(Json(json!({ "node": spelling.as_str() })))
}

async fn state(State(front): State<Arc<Front>>) -> Knob {
    let mut state = faults(&front);
    state["node"] = front.spelling().as_str().into();
    state["blocks"] = front.node.block_count().into();
    state["cemented"] = front.node.confirmed_count().into();
    state["confirmation_ms"] = json!(front.node.confirmation_delay().as_millis());
    Ok(Json(state))
}

async fn unknown() -> Refused {
    let (status, code) = (StatusCode::NOT_FOUND, "UNKNOWN_KNOB");
    Refused { status, code, message: format!("the sandbox has {KNOBS}") }
}

async fn wrong_method() -> Refused {
    let (status, code) = (StatusCode::METHOD_NOT_ALLOWED, "WRONG_METHOD");
    Refused { status, code, message: format!("the sandbox has {KNOBS}") }
}

fn faults(front: &Front) -> Value {
    json!({
        "queued_faults": front.node.queued_faults(),
        "standing_faults": front.node.standing_faults(),
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))
}

fn invalid(message: impl Into<String>) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, code: "INVALID", message: message.into() }
}

impl From<SandboxError> for Refused {
    fn from(error: SandboxError) -> Self {
        let (status, code) = match error {
            SandboxError::Confirmed(_) => (StatusCode::CONFLICT, "CONFIRMED"),
            SandboxError::Faucet(_) => (StatusCode::CONFLICT, "FAUCET_EMPTY"),
            SandboxError::Journal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "JOURNAL"),
            SandboxError::Refused(_) => (StatusCode::CONFLICT, "REFUSED"),
            SandboxError::Unknown(_) => (StatusCode::NOT_FOUND, "UNKNOWN_BLOCK"),
        };
        Self { status, code, message: error.to_string() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, Json(error)).into_response()
    }
}

const KNOBS: &str = "POST and DELETE /sandbox/faults, POST /sandbox/faucet, hold, release, confirm, roll_back, \
                     elect, insert, down, up, spelling, and GET /sandbox/state";
