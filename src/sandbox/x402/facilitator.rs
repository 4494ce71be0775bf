//! The facilitator's API, for sellers of other packages that are to be tried against the sandbox.
//!
//! Must never settle for a network that it does not say it supports.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::check::{self, Reason};
use super::scene::Version;
use super::state::Sellers;
use super::{evm, nano};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    x402_version: u64,
    payment_payload: Value,
    payment_requirements: Value,
}

pub(super) async fn supported() -> Json<Value> {
    let kind = |version: u64, network: &str| json!({ "x402Version": version, "scheme": "exact", "network": network });
    Json(json!({
        "kinds": [kind(2, evm::CHAIN), kind(2, nano::NETWORK), kind(1, "base-sepolia")],
        "extensions": [],
        "signers": {},
    }))
}

pub(super) async fn verify(State(sellers): State<Sellers>, Json(call): Json<Call>) -> Json<Value> {
    Json(match judge(&sellers, &call).await {
        Ok(good) => json!({ "isValid": true, "payer": good.payer }),
        Err(reason) => json!({ "isValid": false, "invalidReason": reason }),
    })
}

pub(super) async fn settle(State(sellers): State<Sellers>, Json(call): Json<Call>) -> Json<Value> {
    let network = call.payment_requirements["network"].clone();
    let settled = match judge(&sellers, &call).await {
        Ok(good) => check::settle(&sellers, &good, "/facilitator").await.map(|tx| (tx, good.payer)),
        Err(reason) => Err(reason),
    };
    Json(match settled {
        Ok((transaction, payer)) => {
            json!({ "success": true, "transaction": transaction, "network": network, "payer": payer })
        }
        Err(reason) => {
            json!({ "success": false, "errorReason": reason, "transaction": "", "network": network })
        }
    })
}

async fn judge(sellers: &Sellers, call: &Call) -> Result<check::Good, Reason> {
    let version = match call.x402_version {
        1 => Version::V1,
        2 => Version::V2,
        _ => return Err("invalid_x402_version"),
    };
    if call.payment_payload["x402Version"] != call.x402_version {
        return Err("invalid_x402_version");
    }
    let wanted = &call.payment_requirements;
    let networks = [evm::CHAIN, nano::NETWORK, "base-sepolia"];
    if !networks.iter().any(|network| wanted["network"] == *network) {
        return Err("invalid_network");
    }
    if wanted["network"] != nano::NETWORK && wanted["asset"] != evm::TOKEN {
        return Err("invalid_payment_requirements");
    }
    let is_for_it = match version {
        Version::V1 => call.payment_payload["network"] == wanted["network"],
        Version::V2 => call.payment_payload["accepted"] == *wanted,
    };
    if !is_for_it {
        return Err("invalid_payment_requirements");
    }
    check::verify(sellers, &call.payment_payload["payload"], wanted, version).await
}
