//! Wallets on a network outside their process: the sandbox over HTTP and its websocket, as a user has them.

#![cfg(feature = "sandbox")]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use paywarden::sandbox::nano::{Call, Fault, Spelling};
use serde_json::json;
use support::Home;
use support::sandbox::Sandbox;

fn wallet(sandbox: &Sandbox) -> Home {
    let mut home = Home::new();
    home.set("PAYWARDEN_SANDBOX_URL", PathBuf::from(&sandbox.url));
    home
}

#[test]
fn two_wallets_on_one_sandbox_pay_each_other() {
    for spelling in [Spelling::Cpp, Spelling::RsNano] {
        let sandbox = Sandbox::new(spelling);
        let (alice, bob) = (wallet(&sandbox), wallet(&sandbox));
        let address = |home: &Home| {
            let status = home.json(&["status"]);
            assert_eq!(status["accounts"][0]["balance"], "100", "{spelling:?}: {status}");
            status["accounts"][0]["address"].as_str().unwrap().to_owned()
        };
        let (_, to) = (address(&alice), address(&bob));
        let mut agent = alice.initialized();
        let sent = agent.facts("wallet_send", json!({ "recipient_address": to, "amount": "1.5" }));
        assert_eq!(sent["status"], "settled", "{spelling:?}: {sent}");
        agent.has_balance("98.5");
        let mut agent = bob.initialized();
        agent.has_balance_soon("101.5");
        let doctor = bob.json(&["doctor"]);
        assert!(doctor["problems"].as_array().unwrap().is_empty(), "{doctor}");
    }
}

#[test]
fn a_lost_reply_and_a_dead_node_lose_nothing() {
    let sandbox = Sandbox::new(Spelling::Cpp);
    let home = wallet(&sandbox);
    assert_eq!(home.json(&["status"])["accounts"][0]["balance"], "100");
    let mut agent = home.initialized();
    agent.has_balance("100.0");
    sandbox.node.queue(Call::Process, Fault::LostReply);
    let ask = json!({ "recipient_address": support::SHOP, "amount": "1", "idempotency_key": "a" });
    let sent = agent.facts("wallet_send", ask.clone());
    assert_eq!(sent["status"], "settled", "{sent}");
    sandbox.node.down_for(Duration::from_secs(2));
    let text =
        agent.error("wallet_send", json!({ "recipient_address": support::SHOP, "amount": "2" }));
    assert!(text.starts_with("REQUEST_ERROR: ") && text.contains("Nothing was sent"), "{text}");
    // The same key answers from the books alone.
    assert_eq!(agent.facts("wallet_send", ask)["status"], "settled");
    sandbox.node.up();
}

#[test]
fn a_wallet_does_not_look_for_its_money_on_another_sandbox() {
    let sandbox = Sandbox::new(Spelling::Cpp);
    let own = Home::new();
    assert_eq!(own.json(&["status"])["accounts"][0]["balance"], "100");
    let output = own.run(&["--sandbox-url", &sandbox.url, "status"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("SANDBOX_ELSEWHERE"), "{output:?}");
    let joined = Home::new();
    let output = joined.run(&["--sandbox-url", &sandbox.url, "status"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = joined.run(&["status"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("PAYWARDEN_SANDBOX_URL"),
        "{output:?}"
    );
}
