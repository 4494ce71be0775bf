//! `POST /v1/payment_intents`, as far as sellers charge tokens with it: a real seller can be pointed at this Stripe.
//!
//! A seller is known by its key: `sk_test_NAME` is the key of `profile_NAME`. It must never charge for another one.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{
    BAD_KEY, Denied, REUSED_KEY, check_version, form, idempotency_key, needed, number,
};
use super::state::{Charged, Stripe};

/// Charges the token a seller was granted.
pub(super) async fn create(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Denied> {
    let profile = seller(&headers)?;
    check_version(&headers)?;
    let key = format!("{profile}/{}", idempotency_key(&headers)?);
    let known = stripe.state().charged.get(&key).cloned();
    if let Some(Charged { request, answer }) = known {
        let replayed = ([("idempotent-replayed", "true")], Json(answer));
        return if request == body { Ok(replayed.into_response()) } else { Err(REUSED_KEY) };
    }
    let form = form(&headers, &body)?;
    check_names(&form)?;
    if needed(&form, "confirm")? != "true" {
        return Err(Denied(400, "parameter_invalid", "only confirmed intents are simulated"));
    }
    let token = needed(&form, TOKEN).or_else(|_| needed(&form, TOKEN_IN_DATA))?;
    let (amount, currency) = (number(&form, "amount")?, needed(&form, "currency")?);
    let charged = stripe.charge(&token, &profile, amount, &currency);
    let id = charged.map_err(|message| Denied(402, "card_declined", message))?;
    let answer = shown(&id, amount, &currency);
    let charged = Charged { request: body, answer: answer.clone() };
    stripe.state().charged.insert(key, charged);
    Ok(Json(answer).into_response())
}

/// Stripe takes a key as HTTP's basic user name and as a bearer's token.
fn seller(headers: &HeaderMap) -> Result<String, Denied> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.unwrap_or_default();
    let basic = || {
        let pair = STANDARD.decode(sent.strip_prefix("Basic ")?).ok()?;
        String::from_utf8(pair).ok()?.strip_suffix(':').map(str::to_owned)
    };
    let key = sent.strip_prefix("Bearer ").map(str::to_owned).or_else(basic);
    let name = key.as_deref().and_then(|key| key.strip_prefix("sk_test_"));
    name.map(|name| format!("profile_{name}")).ok_or(BAD_KEY)
}

fn check_names(form: &BTreeMap<String, String>) -> Result<(), Denied> {
    let is_known = |name: &String| {
        FIELDS.contains(&name.as_str()) || FOLDERS.iter().any(|folder| name.starts_with(folder))
    };
    if form.keys().all(is_known) {
        return Ok(());
    }
    Err(Denied(400, "parameter_unknown", "a parameter is not known"))
}

fn shown(id: &str, amount: u64, currency: &str) -> Value {
    json!({
        "id": id,
        "object": "payment_intent",
        "livemode": false,
        "status": "succeeded",
        "amount": amount,
        "amount_received": amount,
        "currency": currency,
    })
}

const TOKEN: &str = "shared_payment_granted_token";
const TOKEN_IN_DATA: &str = "payment_method_data[shared_payment_granted_token]";
const FIELDS: [&str; 5] = ["amount", "currency", "confirm", TOKEN, TOKEN_IN_DATA];
const FOLDERS: [&str; 2] = ["automatic_payment_methods[", "metadata["];
