//! Credits and donations, requests made through ifenpay, and ifenpay in the place of a node: as a host sees them.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod gateway;
mod hostile;
mod requests;
mod stage;
#[path = "../support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use support::Home;

#[test]
fn everything_works_on_the_sandbox_with_nothing_configured() {
    let home = Home::new();
    let mut server = home.initialized();
    let credits = server.facts("credits_get", json!({}));
    assert_eq!(
        (&credits["credits"], &credits["current_credits_price_10"]),
        (&json!(100), &json!(0.1))
    );
    assert_eq!(credits["current_credits_price_100000"], json!(1000.0));
    let ask = json!({ "credits_amount": 10, "idempotency_key": "ten" });
    let bought = server.facts("credits_topup", ask.clone());
    let expected = (&json!(10), &json!(110), &json!("settled"));
    assert_eq!(
        (&bought["topped_up_credits"], &bought["new_credits_balance"], &bought["status"]),
        expected
    );
    // The same key buys nothing more, and says the same.
    let again = server.facts("credits_topup", ask);
    assert_eq!(
        (&again["payment_id"], &again["new_credits_balance"]),
        (&bought["payment_id"], &json!(110))
    );
    let text =
        server.error("credits_topup", json!({ "credits_amount": 50, "idempotency_key": "ten" }));
    assert!(text.starts_with("IDEMPOTENCY_CONFLICT: "), "{text}");
    // Without a key an equal wish is taken for a repeat; every order has another amount.
    let text = server.error("credits_topup", json!({ "credits_amount": 10 }));
    assert!(text.starts_with("SUSPECTED_DUPLICATE: "), "{text}");
    for wrong in [json!(0), json!(9), json!(11), json!(1_000_000), json!(u64::MAX)] {
        let text = server.error("credits_topup", json!({ "credits_amount": wrong }));
        assert!(text.starts_with("INVALID_CREDITS_AMOUNT: "), "{text}");
    }
    for wrong in [json!(-10), json!("10"), json!(10.5), json!(null)] {
        let text = server.error("credits_topup", json!({ "credits_amount": wrong }));
        assert!(text.starts_with("INVALID_ARGUMENTS: "), "{text}");
    }
    let given = server.facts("donate_send", json!({ "amount": "0.1" }));
    assert_eq!((&given["success"], &given["amount"]), (&json!(true), &json!("0.1")));
    assert_eq!(given["message"], "Thank you for your donation!");
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);

    // The key is kept for the owner alone and stands nowhere else.
    let file = home.file("ifenpay-access.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let access: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let key = access["apiKey"].as_str().unwrap().as_bytes().to_vec();
    for (path, bytes) in support::contents_below(&home.path()) {
        let known = bytes.windows(key.len()).any(|part| part == key);
        assert_eq!(known, path == file, "{}", path.display());
    }
    // The simulators of the next process know nothing of it, and the wallet registers anew.
    let mut server = home.initialized();
    assert_eq!(server.facts("credits_get", json!({}))["credits"], 100);
}

#[test]
fn a_real_network_offers_no_credits_without_a_key() {
    let home = Home::new();
    let names = |words: &[&str], key: bool| {
        let mut command = home.command();
        command.args(["--network", "dev"]).args(words);
        if key {
            command.env("IFENPAY_API_KEY", "hunter2");
        }
        let mut server = support::Server::start(&mut command);
        server.initialize("2025-11-25");
        let tools = server.ask("tools/list", json!({}))["result"]["tools"].clone();
        let ended = server.end();
        assert!(!ended.stderr.contains("hunter2"));
        tools.to_string().contains("credits_topup")
    };
    assert_eq!((names(&[], false), names(&[], true)), (false, true));
    let doctor =
        home.run(&["--network", "dev", "--json", "--payment-backend", "ifenpay", "doctor"]);
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("there is no key for it"), "{doctor}");
}
