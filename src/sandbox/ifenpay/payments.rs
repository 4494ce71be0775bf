//! Endpoints 7 and 8: payment requests, matched by receiving account and exact amount.
//!
//! One send must never pay two requests, and no send from before a request may pay it.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Ifenpay;
use super::http::{Answer, Refusal, Request, account};
use super::state::Asked;
use crate::money::Raw;

#[derive(Deserialize)]
struct Wanted {
    receive_address: String,
    amount: String,
    #[serde(rename = "redirect_url")]
    _redirect_url: Option<String>,
}

pub(super) fn request(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let wanted: Wanted = request.read()?;
    let address = account(&wanted.receive_address)?;
    let asked = Raw::payment_from_xno(&wanted.amount).map_err(|error| Refusal::of(error.code()))?;
    let since = service.node.clock().now();
    let mut state = service.state();
    let cost = state.settings.request_cost;
    let holder = state.holder_mut(request.key)?;
    if holder.credits < cost {
        return Err(Refusal::auth("FORBIDDEN"));
    }
    holder.credits -= cost;
    let amount = state.unlike(asked)?;
    let id = Uuid::new_v4();
    state.requests.insert(id, Asked { address, amount, since, paid_by: None });
    Ok(json!({
        "receive_address": wanted.receive_address,
        "amount": amount.to_xno(),
        "transaction_id": id,
    }))
}

pub(super) fn status(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let unknown = || Refusal::of("INVALID_TRANSACTION_ID");
    let id: Uuid = request.word.parse().map_err(|_| unknown())?;
    let asked = service.state().requests.get(&id).cloned().ok_or_else(unknown)?;
    let sends = service.node.sends_to(&asked.address);
    let mut state = service.state();
    let paid_by = asked.paid_by.or_else(|| {
        let fits = sends.iter().find(|send| {
            send.confirmed
                && send.amount == asked.amount
                && send.seen_at >= asked.since
                && !state.used.contains(&send.hash)
        });
        fits.map(|send| send.hash)
    });
    state.used.extend(paid_by);
    if let Some(asked) = state.requests.get_mut(&id) {
        asked.paid_by = paid_by;
    }
    let message = if paid_by.is_some() { "Payment confirmed" } else { "Payment not found yet" };
    Ok(json!({
        "success": true,
        "message": message,
        "transaction_id": id,
        "is_paid": paid_by.is_some(),
    }))
}
