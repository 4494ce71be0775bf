//! Payment requests through ifenpay, and between two agents on one sandbox (seeds/000 example 6).

use paywarden::sandbox::ifenpay::{Endpoint, Fault};
use serde_json::json;

use crate::stage::Stage;
use crate::support::SHOP;

#[test]
fn ifenpay_makes_and_watches_requests_in_the_words_of_this_wallet() {
    let stage = Stage::new();
    let home = stage.wallet_with(&[("PAYWARDEN_PAYMENT_BACKEND", "ifenpay")]);
    let mut server = home.initialized();
    server.has_balance("100.0");
    let account = server.facts("wallet_balance", json!({}))["account"].clone();
    let asked = server.facts(
        "payment_request",
        json!({ "receive_address": SHOP, "amount": "1.5", "redirect_url": "https://example.com/thanks" }),
    );
    assert_eq!(
        (&asked["amount"], &asked["receive_address"]),
        (&json!("1.500000054"), &json!(SHOP))
    );
    assert!(asked.get("expires_at").is_none() && asked["uri"].as_str().unwrap().contains(SHOP));
    let look = json!({ "transaction_id": asked["transaction_id"] });
    let open = server.facts("payment_status", look.clone());
    assert_eq!((&open["is_paid"], &open["status"]), (&json!(false), &json!("open")));
    assert_eq!(open["untrusted"]["message"], "Payment not found yet");
    assert!(open["message"].as_str().unwrap().starts_with("Not paid yet"), "{open}");
    server.send(json!({ "recipient_address": SHOP, "amount": asked["amount"] }));
    let mut wait = look;
    wait["wait_ms"] = json!(20_000);
    let paid = server.facts("payment_status", wait);
    assert_eq!((&paid["is_paid"], &paid["message"]), (&json!(true), &json!("Payment confirmed")));
    assert_eq!(server.facts("credits_get", json!({}))["credits"], 99, "a request costs one");
    // What ifenpay cannot keep is not accepted for it.
    for odd in [json!({ "memo": "tea" }), json!({ "expires_in_seconds": 60 })] {
        let mut ask = json!({ "receive_address": account, "amount": "1" });
        ask.as_object_mut().unwrap().extend(odd.as_object().unwrap().clone());
        let text = server.error("payment_request", ask);
        assert!(text.starts_with("INVALID_ARGUMENTS: "), "{text}");
    }
}

#[test]
fn no_transaction_id_leads_to_another_place() {
    let stage = Stage::new();
    let home = stage.wallet_with(&[("PAYWARDEN_PAYMENT_BACKEND", "ifenpay")]);
    let mut server = home.initialized();
    server.facts("credits_get", json!({}));
    let before = stage.ifenpay.requests(Endpoint::Any);
    let long = "a".repeat(65);
    for id in
        ["", "../../credits", "..%2F..%2Fwallet%2Fcreate", "a b", "a?b", "a#b", "é", "a/b", &long]
    {
        let text = server.error("payment_status", json!({ "transaction_id": id }));
        assert!(text.starts_with("INVALID_TRANSACTION_ID: "), "{id}: {text}");
    }
    assert_eq!(stage.ifenpay.requests(Endpoint::Any), before, "nobody was asked");
    let text = server.error("payment_status", json!({ "transaction_id": "a".repeat(64) }));
    assert!(text.starts_with("INVALID_TRANSACTION_ID: "), "{text}");
    let asked = server.facts("payment_request", json!({ "receive_address": SHOP, "amount": "1" }));
    let look = json!({ "transaction_id": asked["transaction_id"] });
    for fields in [json!({ "is_paid": "maybe" }), json!({ "is_paid": true, "success": false })] {
        let serde_json::Value::Object(fields) = fields else { panic!("fields are an object") };
        stage.ifenpay.queue(Endpoint::PaymentStatus, Fault::Patch(fields));
        let text = server.error("payment_status", look.clone());
        assert!(text.starts_with("INVALID_DATA: "), "{text}");
    }
}

#[test]
fn one_agent_asks_and_another_pays_from_a_wallet_of_its_own() {
    let stage = Stage::new();
    let (alice, bob) = (stage.wallet(), stage.wallet());
    let (mut alice, mut bob) = (alice.initialized(), bob.initialized());
    let account = alice.facts("wallet_balance", json!({}))["account"].clone();
    bob.has_balance("100.0");
    // As in seeds/000 example 6: the payer sends what was asked, not the answer's amount; and with that amount too.
    for exact in [false, true] {
        let ask = json!({ "receive_address": account, "amount": "0.001" });
        let asked = alice.facts("payment_request", ask);
        let amount = if exact { asked["amount"].clone() } else { json!("0.001") };
        let key = format!("{exact}");
        let sent = bob.send(
            json!({ "recipient_address": account, "amount": amount, "idempotency_key": key }),
        );
        assert_eq!(sent["status"], "settled", "{sent}");
        let look = json!({ "transaction_id": asked["transaction_id"], "wait_ms": 20_000 });
        let paid = alice.facts("payment_status", look);
        assert_eq!((&paid["is_paid"], &paid["block_hash"]), (&json!(true), &sent["block_hash"]));
    }
}
