//! The checkout tools as an agent meets them: the spawned binary in an empty home, with the sandbox's own merchant.

#![cfg(all(unix, feature = "sandbox"))]
mod support;

use serde_json::{Value, json};
use support::{Home, Server};

fn create(server: &mut Server, items: &Value) -> Value {
    let arguments = json!({ "merchantEndpoint": "sandbox", "currency": "usd", "items": items });
    server.facts("acp_create_checkout", arguments)
}

#[test]
fn a_checkout_is_opened_changed_looked_at_and_given_up() {
    let home = Home::new();
    let mut server = home.initialized();
    let opened = create(&mut server, &json!([{ "id": "bread", "quantity": 2 }, { "id": "milk" }]));
    assert_eq!(
        (&opened["status"], &opened["payable"]),
        (&json!("ready_for_payment"), &json!(true))
    );
    assert_eq!((&opened["total"], &opened["currency"]), (&json!("682"), &json!("USD")));
    assert_eq!(opened["totalText"], "6.82 USD");
    assert_eq!(opened["merchantId"], "grocer-1");
    assert_eq!(
        opened["lineItems"][0],
        json!({ "id": "bread", "quantity": 2, "unitAmount": "250" })
    );
    assert_eq!(opened["untrusted"]["lineItems"][0]["category"], "groceries");
    let which = json!({ "merchantEndpoint": "sandbox", "sessionId": opened["sessionId"] });
    let mut change = which.clone();
    change["items"] = json!([{ "id": "soap", "quantity": 1 }]);
    assert_eq!(server.facts("acp_update_checkout", change)["total"], "363");
    let seen = server.facts("acp_checkout_status", which.clone());
    assert_eq!((&seen["total"], &seen["payable"]), (&json!("363"), &json!(true)));
    let canceled = server.facts("acp_cancel_checkout", which.clone());
    assert_eq!((&canceled["status"], &canceled["payable"]), (&json!("canceled"), &json!(false)));
    let again = server.error("acp_cancel_checkout", which);
    assert!(again.starts_with("CHECKOUT_CLOSED: "), "{again}");
    server.end().is_clean();
    let events = home.json(&["ledger", "show", "--limit", "100"]).to_string();
    assert!(events.contains("checkout.asked") && !events.contains("sandbox-merchant-token"));
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let home = Home::new();
    let mut server = home.initialized();
    for (arguments, code) in [
        (
            json!({ "merchantEndpoint": "http://127.0.0.1:1", "currency": "USD", "items": [{ "id": "a" }] }),
            "ENDPOINT_REFUSED",
        ),
        (
            json!({ "merchantEndpoint": "https://169.254.169.254", "currency": "USD", "items": [{ "id": "a" }] }),
            "ENDPOINT_REFUSED",
        ),
        (
            json!({ "merchantEndpoint": "nowhere", "currency": "USD", "items": [{ "id": "a" }] }),
            "INVALID_ENDPOINT",
        ),
        (
            json!({ "merchantEndpoint": "sandbox", "currency": "XNO", "items": [{ "id": "bread" }] }),
            "INVALID_CURRENCY",
        ),
        (json!({ "merchantEndpoint": "sandbox", "currency": "USD", "items": [] }), "INVALID_ITEMS"),
        (
            json!({ "merchantEndpoint": "sandbox", "currency": "USD", "items": [{ "id": "bread", "quantity": 0 }] }),
            "INVALID_ITEMS",
        ),
        (
            json!({ "merchantEndpoint": "sandbox", "currency": "USD", "items": [{ "id": "bread", "quantity": -1 }] }),
            "INVALID_ARGUMENTS",
        ),
        (
            json!({ "merchantEndpoint": "sandbox", "currency": "USD", "items": [{ "id": "gold" }] }),
            "MERCHANT_REFUSED",
        ),
        (
            json!({ "merchantEndpoint": "sandbox", "currency": "USD", "items": [{ "id": "bread" }], "buyerEmail": "x" }),
            "INVALID_EMAIL",
        ),
    ] {
        let said = server.error("acp_create_checkout", arguments);
        assert!(said.starts_with(&format!("{code}: ")), "{code}: {said}");
    }
    for id in ["../x", "", "a b"] {
        let which = json!({ "merchantEndpoint": "sandbox", "sessionId": id });
        let said = server.error("acp_checkout_status", which);
        assert!(said.starts_with("INVALID_SESSION_ID: "), "{said}");
    }
    server.end().is_clean();
}
