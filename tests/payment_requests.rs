//! Being paid, as a host sees it: the spawned binary on its own sandbox (seeds/000 example 6).

#![cfg(all(unix, feature = "sandbox"))]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP, Server};

#[test]
fn one_agent_asks_another_pays_and_the_first_sees_it() {
    let home = Home::new();
    let mut server = home.initialized();
    let account = server.facts("wallet_balance", json!({}))["account"].clone();
    let asked = server.facts(
        "payment_request",
        json!({ "receive_address": account, "amount": "0.001", "redirect_url": "https://example.com/thanks" }),
    );
    assert_eq!(asked["receive_address"], account);
    assert_eq!(asked["redirect_url"], "https://example.com/thanks");
    let amount = asked["amount"].as_str().unwrap();
    assert!(amount.starts_with("0.00100") && amount > "0.001", "{amount}");
    let uri = format!(
        "nano:{}?amount={}",
        account.as_str().unwrap(),
        asked["amount_raw"].as_str().unwrap()
    );
    assert_eq!(asked["uri"], uri);
    let look = json!({ "transaction_id": asked["transaction_id"] });
    let open = server.facts("payment_status", look.clone());
    assert_eq!((&open["is_paid"], &open["status"]), (&json!(false), &json!("open")));
    // As example 6 does: what was asked for, not the amount of the answer.
    let paid = server.send(json!({ "recipient_address": account, "amount": "0.001" }));
    assert_eq!(paid["status"], "settled");
    let seen = wait(&mut server, &asked);
    assert_eq!((&seen["success"], &seen["is_paid"]), (&json!(true), &json!(true)));
    assert_eq!((&seen["message"], &seen["status"]), (&json!("Payment confirmed"), &json!("paid")));
    assert_eq!(seen["block_hash"], paid["block_hash"]);
    assert_eq!((&seen["payer"], &seen["received"]), (&account, &json!("0.001")));
    assert_eq!(seen["network"], "sandbox");
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn another_servers_end_loses_no_request_and_the_list_shows_all() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    let first = server
        .facts("payment_request", json!({ "receive_address": SHOP, "amount": 1, "memo": "tea" }));
    let second = server.facts("payment_request", json!({ "receive_address": SHOP, "amount": "1" }));
    assert_ne!(first["amount"], second["amount"]);
    server.end().is_clean();

    let mut server = home.initialized();
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": second["amount"] }));
    assert_eq!(sent["status"], "settled");
    assert_eq!(wait(&mut server, &second)["block_hash"], sent["block_hash"]);
    let all = server.facts("payment_list", json!({}));
    let of = |list: &Value, n: usize| list["requests"][n]["transaction_id"].clone();
    assert_eq!(
        (of(&all, 0), of(&all, 1)),
        (second["transaction_id"].clone(), first["transaction_id"].clone())
    );
    assert_eq!(all["requests"][1]["memo"], "tea");
    let open = server.facts("payment_list", json!({ "open_only": true }));
    assert_eq!(
        (open["requests"].as_array().unwrap().len(), of(&open, 0)),
        (1, first["transaction_id"].clone())
    );
    let page = server.facts("payment_list", json!({ "limit": 1 }));
    let rest = server.facts("payment_list", json!({ "limit": 1, "cursor": page["next_cursor"] }));
    assert_eq!((of(&page, 0), of(&rest, 0)), (of(&all, 0), of(&all, 1)));
    assert_eq!(rest.get("next_cursor"), None);
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn the_answer_holds_a_picture_of_the_uri() {
    let home = Home::new();
    let mut server = home.initialized();
    let result = server.call("payment_request", json!({ "amount": "1.5" }));
    let content = result["content"].as_array().unwrap();
    assert_eq!((content.len(), &content[0]["type"]), (2, &json!("text")));
    assert_eq!(
        (&content[1]["type"], &content[1]["mimeType"]),
        (&json!("image"), &json!("image/png"))
    );
    let png = BASE64.decode(content[1]["data"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    // The keeper's answer comes whole through the socket as well.
    let mut other = home.initialized();
    let result = other.call("payment_request", json!({ "amount": "1.5" }));
    assert_eq!(result["content"][1]["mimeType"], "image/png");
}

#[test]
fn wrong_requests_are_named_and_nothing_is_kept() {
    let home = Home::new();
    let mut server = home.initialized();
    let long = "x".repeat(513);
    let more = format!("https://example.com/{}", "x".repeat(2_048));
    for (arguments, code) in [
        (json!({ "amount": "abc" }), "INVALID_NUMBER_FORMAT"),
        (json!({ "amount": "0" }), "INVALID_NUMBER_FORMAT"),
        (json!({ "amount": "1e3" }), "INVALID_NUMBER_FORMAT"),
        (json!({ "amount": ".1" }), "INVALID_FRACTIONAL_PART"),
        (json!({ "amount": "-1" }), "INVALID_NEGATIVE_AMOUNT"),
        (json!({ "amount": format!("0.{}1", "0".repeat(30)) }), "TOO_MANY_DECIMAL_PLACES"),
        (json!({ "amount": "340282367" }), "AMOUNT_TOO_LARGE"),
        (json!({ "amount": "340282366.92093846346" }), "AMOUNT_TOO_LARGE"),
        (json!({ "amount": "1", "receive_address": "nano_1abc" }), "INVALID_ADDRESS"),
        (json!({ "amount": "1", "redirect_url": "javascript:alert(1)" }), "INVALID_REDIRECT_URL"),
        (json!({ "amount": "1", "redirect_url": more }), "INVALID_REDIRECT_URL"),
        (json!({ "amount": "1", "expires_in_seconds": 9 }), "INVALID_EXPIRY"),
        (json!({ "amount": "1", "memo": long }), "TEXT_TOO_LONG"),
        (json!({ "amount": "1", "colour": "red" }), "INVALID_ARGUMENTS"),
        (json!({ "amount": ["1"] }), "INVALID_ARGUMENTS"),
        (json!({}), "INVALID_ARGUMENTS"),
    ] {
        let text = server.error("payment_request", arguments.clone());
        assert!(text.starts_with(&format!("{code}: ")), "{arguments}: {text}");
    }
    for id in ["", "7", "../../credits", "77df93b1-0000-4000-8000-000000000000", "' OR 1=1"] {
        let text = server.error("payment_status", json!({ "transaction_id": id }));
        assert!(text.starts_with("INVALID_TRANSACTION_ID: "), "{id}: {text}");
    }
    let text = server.error("payment_status", json!({ "transaction_id": "7", "wait_ms": -1 }));
    assert!(text.starts_with("INVALID_ARGUMENTS: "), "{text}");
    for (arguments, code) in [
        (json!({ "limit": 0 }), "INVALID_LIMIT"),
        (json!({ "limit": 101 }), "INVALID_LIMIT"),
        (json!({ "cursor": "x" }), "INVALID_CURSOR"),
    ] {
        let text = server.error("payment_list", arguments);
        assert!(text.starts_with(&format!("{code}: ")), "{text}");
    }
    assert_eq!(server.facts("payment_list", json!({}))["requests"], json!([]));
    let asked =
        server.facts("payment_request", json!({ "amount": "1", "receive_address": OTHER_SHOP }));
    let early = server.facts(
        "payment_status",
        json!({ "transaction_id": asked["transaction_id"], "wait_ms": 50 }),
    );
    assert_eq!(early["is_paid"], false);
}

fn wait(server: &mut Server, asked: &Value) -> Value {
    let waiting = json!({ "transaction_id": asked["transaction_id"], "wait_ms": 20_000 });
    let found = server.facts("payment_status", waiting);
    assert_eq!(found["is_paid"], true, "{found}");
    found
}
