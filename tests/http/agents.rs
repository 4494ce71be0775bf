//! Port 3123: the envelope of seeds/001 in every answer.

use serde_json::{Value, json};

use crate::client::{Ask, Reply};
use crate::served::Served;
use crate::support::{Home, OTHER_SHOP, SHOP};

/// The envelope, exactly, and its code where it has one.
fn code(reply: &Reply) -> String {
    let value = reply.json();
    let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["data", "error", "success"], "{value}");
    if value["success"] == true {
        assert_eq!(reply.status, 200, "{value}");
        assert!(value["data"].is_object() && value["error"].is_null(), "{value}");
        return "OK".to_owned();
    }
    assert!(value["data"].is_null(), "{value}");
    let error = value["error"].as_object().unwrap();
    assert_eq!(error.len(), 2, "{value}");
    assert!(!error["message"].as_str().unwrap().is_empty());
    error["error"].as_str().unwrap().to_owned()
}

#[test]
fn the_routes_of_the_seed_answer() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let balance = Ask::new("GET", "/wallet/balance").send(served.agents);
    assert_eq!(code(&balance), "OK");
    let data = balance.json()["data"].clone();
    assert_eq!((&data["balance"], &data["pending"]), (&json!("100.0"), &json!("0.0")));
    let account = data["account"].as_str().unwrap();
    let sent = served.send(SHOP, "0.001");
    assert_eq!(code(&sent), "OK", "{}", sent.text());
    let data = sent.json()["data"].clone();
    assert_eq!((&data["amount"], &data["recipient"]), (&json!("0.001"), &json!(SHOP)));
    let asked = json!({ "receive_address": account, "amount": "1.5", "redirect_url": "https://a.example/" });
    let asked = served.agent("/payment/request", &asked);
    assert_eq!(code(&asked), "OK", "{}", asked.text());
    let data = asked.json()["data"].clone();
    let id = data["transaction_id"].as_str().unwrap();
    let path = format!("/payment/status/{id}");
    let status = Ask::new("GET", &path).send(served.agents);
    assert_eq!(code(&status), "OK");
    assert_eq!(status.json()["data"]["is_paid"], false);
    assert_eq!(status.json()["data"]["success"], true);
}

#[test]
fn refusals_have_the_codes_and_statuses_of_the_design() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    for (amount, wanted) in [
        ("abc", "INVALID_NUMBER_FORMAT"),
        ("1e3", "INVALID_NUMBER_FORMAT"),
        ("", "INVALID_NUMBER_FORMAT"),
        ("0", "INVALID_NUMBER_FORMAT"),
        (".1", "INVALID_FRACTIONAL_PART"),
        ("1.", "INVALID_FRACTIONAL_PART"),
        ("-1", "INVALID_NEGATIVE_AMOUNT"),
        ("0.0000000000000000000000000000001", "TOO_MANY_DECIMAL_PLACES"),
        ("340282367", "AMOUNT_TOO_LARGE"),
    ] {
        let reply = served.send(SHOP, amount);
        assert_eq!((code(&reply).as_str(), reply.status), (wanted, 400), "{amount}");
    }
    let reply = served.send("nano_1abc", "1");
    assert_eq!((code(&reply).as_str(), reply.status), ("INVALID_ADDRESS", 400));
    let reply = Ask::new("GET", "/payment/status/none").send(served.agents);
    assert_eq!((code(&reply).as_str(), reply.status), ("INVALID_TRANSACTION_ID", 404));
    let reply = served.send(SHOP, "51");
    assert_eq!((code(&reply).as_str(), reply.status), ("POLICY_DENIED", 403));
    let words = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(words.contains("Payment id ") && words.contains("HARD_LIMIT"), "{words}");
    let reply = served.send(OTHER_SHOP, "3");
    assert_eq!((code(&reply).as_str(), reply.status), ("PENDING_APPROVAL", 409));
    let reply = Ask::new("POST", "/credits/topup/abc").send(served.agents);
    assert_eq!((code(&reply).as_str(), reply.status), ("INVALID_CREDITS_AMOUNT", 400));
    assert_eq!(served.send(SHOP, "0.25").status, 200);
    let reply = served.send(SHOP, "0.25");
    assert_eq!((code(&reply).as_str(), reply.status), ("SUSPECTED_DUPLICATE", 409));
}

#[test]
fn malformed_requests_get_the_envelope_too() {
    let home = Home::new();
    let served = Served::start(&home);
    let post = |media: &str, body: &[u8]| {
        Ask::new("POST", "/wallet/send").raw(media, body).send(served.agents)
    };
    let good = format!("{{\"recipient_address\":\"{SHOP}\",\"amount\":\"1\"}}");
    let twice = format!("{{\"amount\":\"1\",\"recipient_address\":\"{SHOP}\",\"amount\":\"2\"}}");
    for (reply, wanted, status) in [
        (post("application/json", b"{"), "INVALID_JSON", 400),
        (post("application/json", b"[]"), "INVALID_JSON", 400),
        (post("application/json", b"\xff"), "INVALID_JSON", 400),
        (post("application/json", twice.as_bytes()), "INVALID_JSON", 400),
        (post("application/json", b"{}"), "INVALID_ARGUMENTS", 422),
        (post("application/json", b"{\"x\":1}"), "INVALID_ARGUMENTS", 422),
        (post("text/plain", good.as_bytes()), "UNSUPPORTED_MEDIA_TYPE", 415),
        (post("", good.as_bytes()), "UNSUPPORTED_MEDIA_TYPE", 415),
        (post("application/x-www-form-urlencoded", b"a=b"), "UNSUPPORTED_MEDIA_TYPE", 415),
        (Ask::new("POST", "/wallet/send").send(served.agents), "INVALID_ARGUMENTS", 422),
        (Ask::new("GET", "/nothing").send(served.agents), "NOT_FOUND", 404),
        (Ask::new("GET", "/wallet/send").send(served.agents), "METHOD_NOT_ALLOWED", 405),
        (Ask::new("DELETE", "/wallet/balance").send(served.agents), "METHOD_NOT_ALLOWED", 405),
        (Ask::new("GET", "/payment/status/%FF").send(served.agents), "NOT_FOUND", 404),
    ] {
        assert_eq!((code(&reply).as_str(), reply.status), (wanted, status), "{}", reply.text());
    }
    let long = format!("/{}", "x".repeat(5_000));
    let reply = Ask::new("GET", &long).send(served.agents);
    assert_eq!((code(&reply).as_str(), reply.status), ("URI_TOO_LONG", 414));
}

#[test]
fn one_key_is_one_payment() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let body = json!({ "recipient_address": SHOP, "amount": "0.5" });
    let ask = Ask::new("POST", "/wallet/send").header("Idempotency-Key", "order-7").json(&body);
    let (first, second) = (ask.send(served.agents), ask.send(served.agents));
    assert_eq!((code(&first), code(&second)), ("OK".to_owned(), "OK".to_owned()));
    let id = |reply: &Reply| reply.json()["data"]["payment_id"].clone();
    assert_eq!(id(&first), id(&second));
    let mut other = body;
    other["idempotency_key"] = Value::from("order-8");
    let reply = Ask::new("POST", "/wallet/send").header("Idempotency-Key", "order-7").json(&other);
    assert_eq!(code(&reply.send(served.agents)), "INVALID_IDEMPOTENCY_KEY");
}
