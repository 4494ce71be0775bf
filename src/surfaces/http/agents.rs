//! Port 3123: the seven routes of seeds/000 and 001, each answer in the envelope.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value};

use super::given::{Asked, Named};
use super::port::Port;
use super::route::{Route, Shape};
use super::{envelope, plain};
use crate::failure::Failure;
use crate::limits;

/// What the port does.
pub(super) fn routes() -> Vec<Route> {
    let (get_, post_) = (Method::GET, Method::POST);
    vec![
        Route::new(get_.clone(), "/wallet/balance", "Balance and address", get(balance))
            .operation("wallet.balance"),
        Route::new(post_.clone(), "/wallet/send", "Send XNO", post(send))
            .operation("wallet.send")
            .takes(Shape::Operation),
        Route::new(post_.clone(), "/payment/request", "Ask to be paid", post(request))
            .operation("payment.request")
            .takes(Shape::Operation),
        Route::new(
            get_.clone(),
            "/payment/status/{transaction_id}",
            "Whether a payment request was paid",
            get(payment_status),
        )
        .operation("payment.status"),
        Route::new(get_, "/credits", "Credits and their prices", get(credits))
            .operation("credits.get"),
        Route::new(post_.clone(), "/credits/topup/{credits_amount}", "Buy credits", post(topup))
            .operation("credits.topup"),
        Route::new(post_, "/donate/{amount}", "Donate XNO", post(donate)).operation("donate.send"),
    ]
}

async fn balance(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    envelope::answer(port.ask(&given, "wallet.balance", Map::new()).await)
}

async fn send(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    match given.keyed("idempotency_key") {
        Ok(arguments) => envelope::answer(port.ask(&given, "wallet.send", arguments).await),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

async fn request(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    envelope::answer(port.ask(&given, "payment.request", given.body.clone()).await)
}

async fn payment_status(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let arguments = Map::from_iter([("transaction_id".to_owned(), Value::from(id))]);
    envelope::answer(port.ask(&given, "payment.status", arguments).await)
}

async fn credits(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    envelope::answer(port.ask(&given, "credits.get", Map::new()).await)
}

async fn topup(
    State(port): State<Arc<Port>>,
    Named(credits): Named,
    Extension(given): Asked,
) -> Response {
    let asked = tier(&credits).map(Value::from);
    let arguments = asked.and_then(|tier| with(&given, "credits_amount", tier));
    match arguments {
        Ok(arguments) => envelope::answer(port.ask(&given, "credits.topup", arguments).await),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

async fn donate(
    State(port): State<Arc<Port>>,
    Named(amount): Named,
    Extension(given): Asked,
) -> Response {
    match with(&given, "amount", Value::from(amount)) {
        Ok(arguments) => envelope::answer(port.ask(&given, "donate.send", arguments).await),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

/// What stands in the path, beside the body and the key.
fn with(
    given: &super::given::Given,
    name: &str,
    value: Value,
) -> Result<Map<String, Value>, Failure> {
    let mut arguments = given.keyed("idempotency_key")?;
    match arguments.insert(name.to_owned(), value) {
        None => Ok(arguments),
        Some(_) => {
            let message = format!("{name} stands in the path and must not be in the body too");
            Err(Failure::invalid("INVALID_ARGUMENTS", message))
        }
    }
}

/// A number as a path has it; which numbers are tiers the operation knows.
fn tier(text: &str) -> Result<u64, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_CREDITS_AMOUNT", format!("{shown:?} is no amount of credits"))
            .hint("It is one of 10, 50, 100, 500, 1000, 5000, 10000, 50000, 100000")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_digits() {
        assert_eq!(tier("100").unwrap(), 100);
        for wrong in ["", "abc", "-10", "+10", "1e2", "10.0", "99999999999999999999", "１００"] {
            assert_eq!(tier(wrong).unwrap_err().code, "INVALID_CREDITS_AMOUNT", "{wrong}");
        }
    }
}
