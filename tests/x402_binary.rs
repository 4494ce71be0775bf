//! Buying by HTTP 402 as a host meets it: the spawned binary in an empty home, over its pipes, at a sandbox seller.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use paywarden::sandbox::nano::Spelling;
use rustix::process::Signal;
use serde_json::{Value, json};
use support::sandbox::Sandbox;
use support::{Home, Server};

#[test]
fn an_agent_sees_the_price_first_and_pays_in_tokens_and_in_nano() {
    let home = Home::new();
    let mut server = home.initialized();
    let base = sellers(&mut server);
    let most = json!("1000000000000000000000000000000");
    for (path, currency, most) in
        [("v2/evm/weather", "USDC", json!("20000")), ("v2/nano/weather", "XNO", most)]
    {
        let asked = asked(&base, path, currency, &most);
        let check = server.facts("check_payment", asked.clone());
        assert_eq!(check["outcome"], "allow", "{check}");
        assert_eq!(check["sellerAsks"]["currency"], currency, "{check}");
        let price = check["sellerAsks"]["amount"].clone();
        let paid = server.facts("request_payment", asked);
        assert_eq!(paid["status"], "settled", "{paid}");
        assert_eq!(paid["settlement"]["settledAmount"]["amount"], price, "{paid}");
        assert_eq!(paid["answer"]["status"], 200, "{paid}");
        assert_eq!(paid["answer"]["receiptClaimsSuccess"], true, "{paid}");
        let body: Value =
            serde_json::from_str(paid["answer"]["untrusted"]["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["city"], "Oslo");
        let id = &paid["paymentId"];
        let status = server.facts("get_payment_status", json!({ "paymentId": id, "waitMs": 0 }));
        assert_eq!(status["status"], "settled", "{status}");
    }
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_dry_run_pays_nothing_and_a_price_above_the_amount_is_refused() {
    let home = Home::new();
    let mut server = home.initialized();
    let base = sellers(&mut server);
    let dear = asked(&base, "v2/evm/dear", "USDC", &json!("20000"));
    let text = server.error("request_payment", dear);
    assert!(text.contains("Nothing was paid"), "{text}");
    let weather = asked(&base, "v1/evm/weather", "USDC", &json!("20000"));
    let heads: Vec<Value> = (0..2)
        .map(|_| {
            let check = server.facts("check_payment", weather.clone());
            assert_eq!(check["outcome"], "allow", "{check}");
            check["ledgerHead"].clone()
        })
        .collect();
    assert_eq!(heads[0], heads[1], "a dry run leaves nothing behind");
    server.end().is_clean();
}

#[test]
fn networks_the_owner_does_not_list_are_not_paid_on() {
    let home = Home::new();
    let mut server = home.server_with(&["--x402-networks", "nano:sandbox"]);
    server.initialize("2025-11-25");
    let base = sellers(&mut server);
    let weather = asked(&base, "v2/evm/weather", "USDC", &json!("20000"));
    let text = server.error("request_payment", weather);
    assert!(text.contains("eip155:84532"), "{text}");
    server.end().is_clean();
}

/// The seller settles and the answer is lost; then the wallet is killed before it can say anything.
#[test]
fn what_a_killed_wallet_paid_for_is_had_after_its_restart() {
    let sandbox = Sandbox::new(Spelling::Cpp);
    let mut home = Home::new();
    home.set("PAYWARDEN_SANDBOX_URL", PathBuf::from(&sandbox.url));
    let mut server = home.initialized();
    let base = sellers(&mut server);
    let mut lost = asked(&base, "v2/evm/settle-then-drop", "USDC", &json!("20000"));
    lost["idempotencyKey"] = "one".into();
    server.request("tools/call", json!({ "name": "request_payment", "arguments": lost }));
    while sandbox.sellers.paid().is_empty() {
        let _ = server.next_within(Duration::from_millis(1));
    }
    server.signal(Signal::KILL);
    let mut server = home.initialized();
    let paid = server.facts("request_payment", lost);
    assert_eq!((&paid["status"], &paid["answer"]["status"]), (&json!("settled"), &json!(200)));
    server.signal(Signal::KILL);
    let mut server = home.initialized();
    let which = json!({ "paymentId": paid["paymentId"], "waitMs": 0 });
    let status = server.facts("get_payment_status", which);
    assert_eq!(status["answer"], paid["answer"], "{status}");
    assert!(status["answer"]["untrusted"]["body"].as_str().unwrap().contains("Oslo"), "{status}");
    assert_eq!(sandbox.sellers.paid().len(), 1);
    server.end().is_clean();
}

/// Where the sandbox's sellers are, as the wallet tells whoever names none.
fn sellers(server: &mut Server) -> String {
    let nowhere = json!({
        "rail": "x402", "amount": "1", "currency": "USDC", "payeeAddress": "nowhere",
    });
    let text = server.error("check_payment", nowhere);
    let from = text.find("http://").unwrap();
    let url = text[from..].split_whitespace().next().unwrap();
    url.split_once("v2/").unwrap().0.to_owned()
}

fn asked(base: &str, path: &str, currency: &str, most: &Value) -> Value {
    json!({
        "rail": "x402", "amount": most, "currency": currency,
        "payeeAddress": format!("{base}{path}"),
    })
}
