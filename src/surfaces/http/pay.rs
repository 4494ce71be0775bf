//! Port 4022: `POST /pay` with seeds/004's PaymentInput, answered by its PayResult.
//!
//! Who pays follows from the token alone: a body that names an agent is refused.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value};

use super::given::Asked;
use super::plain;
use super::port::Port;
use super::route::{Route, Shape};
use crate::failure::Failure;

/// What the port does.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/pay", "Ask for a payment", post(pay))
            .operation("request_payment")
            .takes(Shape::Named("PaymentInput")),
    ]
}

async fn pay(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let arguments = given.keyed("idempotencyKey").and_then(flat);
    let result = match arguments {
        Ok(arguments) => port.ask(&given, "request_payment", arguments).await,
        Err(failure) => Err(failure),
    };
    match result {
        // A denial is a result, as in seeds/004.
        Ok(answer) => plain::json(StatusCode::OK, &answer.output),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

/// The nested body as the operation's flat arguments. What it does not know the operation refuses.
fn flat(mut body: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    if body.contains_key("agentId") {
        let message = "agentId cannot be set: who asks follows from the token";
        return Err(Failure::invalid("INVALID_ARGUMENTS", message).hint("Leave it out"));
    }
    let amount = inner(&mut body, "amount")?;
    let payee = inner(&mut body, "payee")?;
    lift(&mut body, "amount", amount, &[("amount", "amount"), ("currency", "currency")])?;
    let names =
        [("address", "payeeAddress"), ("label", "payeeLabel"), ("category", "payeeCategory")];
    lift(&mut body, "payee", payee, &names)?;
    Ok(body)
}

fn inner(body: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Failure> {
    match body.remove(name) {
        Some(Value::Object(inner)) => Ok(inner),
        Some(_) => Err(wrong(format!("{name} is not an object"))),
        None => Err(wrong(format!("{name} is missing"))),
    }
}

fn lift(
    body: &mut Map<String, Value>,
    from: &str,
    mut inner: Map<String, Value>,
    names: &[(&str, &str)],
) -> Result<(), Failure> {
    for (name, flat) in names {
        let Some(value) = inner.remove(*name) else { continue };
        if body.insert((*flat).to_owned(), value).is_some() && *flat != "amount" {
            return Err(wrong(format!("{flat} is no field of a payment; give {from}.{name}")));
        }
    }
    match inner.keys().next() {
        None => Ok(()),
        Some(name) => {
            let shown: String = name.chars().take(crate::limits::QUOTE_CHARS).collect();
            Err(wrong(format!("{from} has no field {shown:?}")))
        }
    }
}

fn wrong(message: String) -> Failure {
    Failure::invalid("INVALID_ARGUMENTS", message)
        .hint("A payment is {rail, amount: {amount, currency}, payee: {address, label?, category?}, memo?, mandateId?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Value, Failure> {
        flat(body.as_object().cloned().unwrap()).map(Value::Object)
    }

    #[test]
    fn the_body_of_the_seed_is_flattened() {
        let body = json!({
            "rail": "nano", "amount": { "amount": "500", "currency": "XNO" },
            "payee": { "address": "nano_1", "label": "Example", "category": "c" },
            "memo": "m", "mandateId": "w",
        });
        let flat = json!({
            "rail": "nano", "amount": "500", "currency": "XNO", "payeeAddress": "nano_1",
            "payeeLabel": "Example", "payeeCategory": "c", "memo": "m", "mandateId": "w",
        });
        assert_eq!(read(body).unwrap(), flat);
    }

    #[test]
    fn what_is_no_payment_is_refused() {
        let (amount, payee) =
            (json!({ "amount": "1", "currency": "XNO" }), json!({ "address": "a" }));
        for wrong in [
            json!({}),
            json!({ "amount": "1", "payee": payee }),
            json!({ "amount": amount }),
            json!({ "amount": amount, "payee": payee, "agentId": "x" }),
            json!({ "amount": { "amount": "1", "cents": 1 }, "payee": payee }),
            json!({ "amount": amount, "payee": { "address": "a", "agentId": "x" } }),
            json!({ "amount": amount, "payee": payee, "payeeAddress": "b" }),
            json!({ "amount": amount, "payee": payee, "currency": "USD" }),
        ] {
            assert_eq!(read(wrong.clone()).unwrap_err().code, "INVALID_ARGUMENTS", "{wrong}");
        }
    }
}
