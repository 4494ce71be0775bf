//! Agents and their tokens: two processes on one wallet, each with an agent of its own.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP, Server, contents_below};

#[test]
fn every_process_is_the_agent_of_its_token() {
    let home = Home::new();
    let (one, two) = (register(&home, "one"), register(&home, "two"));
    // The first keeps the wallet, the second forwards.
    let (mut first, mut second) = (agent(&home, &one), agent(&home, &two));
    let paid = first.send(send(SHOP));
    assert_eq!(paid["status"], "settled", "{paid}");
    let other = second.send(send(OTHER_SHOP));
    assert_eq!(other["status"], "settled", "{other}");
    assert_eq!(asked_by(&home, &paid["payment_id"]), "one");
    assert_eq!(asked_by(&home, &other["payment_id"]), "two");
    // Neither sees what the other asked for, and an id that does not exist looks the same.
    for (server, foreign) in [(&mut first, &other), (&mut second, &paid)] {
        let text =
            server.error("get_payment_status", json!({ "paymentId": foreign["payment_id"] }));
        assert!(text.starts_with("UNKNOWN_PAYMENT: "), "{text}");
        let nobody = server.error("get_payment_status", json!({ "paymentId": uuid::Uuid::nil() }));
        assert!(nobody.starts_with("UNKNOWN_PAYMENT: "), "{nobody}");
    }
    // Who asks never comes from arguments.
    for name in ["agentId", "agent_id", "agent"] {
        let mut forged = send(SHOP);
        forged[name] = json!("two");
        let text = first.error("wallet_send", forged);
        assert!(text.starts_with("INVALID_ARGUMENTS: "), "{text}");
    }
}

/// The balance is common, and so is what moved it; what a payment was for is its agent's alone.
#[test]
fn a_history_shows_an_agent_the_notes_of_its_own_payments_alone() {
    let home = Home::new();
    let (one, two) = (register(&home, "one"), register(&home, "two"));
    let mut servers = [agent(&home, &one), agent(&home, &two)];
    let payees = [SHOP, OTHER_SHOP];
    let paid = [0, 1].map(|n| {
        let mut send = send(payees[n]);
        send["memo"] = json!(format!("note of {n}"));
        let paid = servers[n].send(send);
        assert_eq!(paid["status"], "settled", "{paid}");
        paid["payment_id"].clone()
    });
    for (n, server) in servers.iter_mut().enumerate() {
        let history = server.facts("wallet_history", json!({}));
        let text = history.to_string();
        assert!(!text.contains(&format!("note of {}", 1 - n)), "{text}");
        let sent = |payee: &str| {
            let entries = history["entries"].as_array().unwrap();
            entries.iter().find(|entry| entry["counterparty"] == payee).unwrap().clone()
        };
        let (own, other) = (sent(payees[n]), sent(payees[1 - n]));
        assert_eq!((&own["memo"], &own["payment_id"]), (&json!(format!("note of {n}")), &paid[n]));
        assert_eq!((other.get("memo"), other.get("payment_id")), (None, None));
        for field in ["amount", "amount_raw", "block_hash", "at", "kind"] {
            assert!(other[field].is_string(), "{field}: {other}");
        }
    }
    let all = String::from_utf8(home.run(&["--json", "wallet", "history"]).stdout).unwrap();
    assert!(all.contains("note of 0") && all.contains("note of 1"), "{all}");
}

#[test]
fn a_checkout_is_its_agents_alone() {
    let home = Home::new();
    let mut nobody = home.initialized();
    let order =
        json!({ "merchantEndpoint": "sandbox", "currency": "usd", "items": [{ "id": "milk" }] });
    let nobodys = nobody.facts("acp_create_checkout", order.clone());
    let tokens = ["one", "two"].map(|name| register(&home, name));
    let [mut own, mut other] = tokens.map(|token| agent(&home, &token));
    let opened = own.facts("acp_create_checkout", order);
    let asks = |session: &Value| {
        let which = json!({ "merchantEndpoint": "sandbox", "sessionId": session });
        let (mut change, mut pay) = (which.clone(), which.clone());
        change["items"] = json!([{ "id": "soap" }]);
        pay["merchantId"] = json!("grocer-1");
        pay["maxAmount"] = json!("5000");
        pay["currency"] = json!("USD");
        [
            ("acp_checkout_status", which.clone()),
            ("acp_update_checkout", change),
            ("pay_checkout", pay),
            ("acp_cancel_checkout", which),
        ]
    };
    let [look, change, pay, cancel] = asks(&opened["sessionId"]);
    let unknown = asks(&json!("cs_sandbox_none"));
    // Word for word as for one that does not exist.
    for (asked, unknown) in [&look, &change, &pay, &cancel].into_iter().zip(unknown) {
        let text = other.error(asked.0, asked.1.clone());
        assert!(text.starts_with("UNKNOWN_CHECKOUT: "), "{}: {text}", asked.0);
        assert_eq!(text, other.error(unknown.0, unknown.1), "{}", asked.0);
    }
    assert_eq!(own.facts(look.0, look.1.clone())["total"], opened["total"]);
    assert_eq!(own.facts(change.0, change.1)["total"], "363");
    let still = other.error(look.0, look.1);
    assert!(still.starts_with("UNKNOWN_CHECKOUT: "), "{still}");
    assert_eq!(own.facts(cancel.0, cancel.1)["status"], "canceled");
    // One that was opened before there were agents is everybody's, whoever changes it.
    let [look, change, _, cancel] = asks(&nobodys["sessionId"]);
    assert_eq!(own.facts(change.0, change.1)["total"], "363");
    assert_eq!(other.facts(look.0, look.1)["total"], "363");
    assert_eq!(other.facts(cancel.0, cancel.1)["status"], "canceled");
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_mandate_may_be_for_any_agent_that_may_be_let_in() {
    let home = Home::new();
    let longest = "x".repeat(paywarden::limits::AGENT_ID_BYTES);
    for (mandate, id) in [("m1", "bob@home"), ("m2", "shop.bot@home:2_x-1"), ("m3", &longest)] {
        register(&home, id);
        home.json(&["mandates", "create", mandate, "--cap", "1 XNO", "--agent", id]);
    }
}

/// What a payment would be refused with before it is decided, its dry run says as well.
#[test]
fn a_dry_run_is_refused_as_the_payment_would_be() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    server.end().is_clean();
    support::load_policy(&home, |policy| policy.payments_per_minute = 2);
    let mut server = home.initialized();
    let pay = json!({ "rail": "nano", "amount": "1000", "currency": "XNO", "payeeAddress": SHOP });
    assert_eq!(server.facts("check_payment", pay.clone())["outcome"], "allow");
    assert_eq!(server.facts("request_payment", pay.clone())["status"], "settled");
    let head = home.json(&["status"])["ledgerHead"].clone();
    let alike = |server: &mut Server, code: &str| {
        let checked = server.error("check_payment", pay.clone());
        assert!(checked.starts_with(code), "{checked}");
        assert_eq!(home.json(&["status"])["ledgerHead"], head, "a dry run writes nothing");
        assert_eq!(checked, server.error("request_payment", pay.clone()));
    };
    alike(&mut server, "SUSPECTED_DUPLICATE: ");
    let mut another = pay.clone();
    another["payeeAddress"] = json!(OTHER_SHOP);
    assert_eq!(server.facts("request_payment", another.clone())["status"], "settled");
    for asked in [pay, another] {
        let head = home.json(&["status"])["ledgerHead"].clone();
        let checked = server.error("check_payment", asked.clone());
        assert!(checked.starts_with("RATE_LIMITED: "), "{checked}");
        assert_eq!(home.json(&["status"])["ledgerHead"], head, "a dry run writes nothing");
        let refused = server.error("request_payment", asked);
        assert!(refused.starts_with("RATE_LIMITED: "), "{refused}");
    }
}

#[test]
fn once_an_agent_was_let_in_the_door_stays_shut() {
    let home = Home::new();
    let mut open = home.initialized();
    assert_eq!(open.send(send(SHOP))["status"], "settled");
    let token = register(&home, "only");
    assert!(open.error("wallet_send", send(OTHER_SHOP)).starts_with("AGENT_UNKNOWN: "));
    for (tool, arguments) in [
        ("wallet_balance", json!({})),
        ("wallet_history", json!({})),
        ("list_mandates", json!({})),
        ("get_payment_status", json!({ "paymentId": uuid::Uuid::nil() })),
    ] {
        assert!(open.error(tool, arguments).starts_with("AGENT_UNKNOWN: "), "{tool}");
    }
    let mut known = agent(&home, &token);
    assert_eq!(known.send(send(OTHER_SHOP))["status"], "settled");
    let mut forged = agent(&home, &token.replace("pwa_", "pwb_"));
    assert!(forged.error("wallet_send", send(SHOP)).starts_with("AGENT_UNKNOWN: "));

    let rotated = home.json(&["agents", "rotate", "only"])["token"].as_str().unwrap().to_owned();
    assert!(known.error("wallet_send", send(SHOP)).starts_with("AGENT_UNKNOWN: "));
    let mut known = agent(&home, &rotated);
    known.has_balance("99.0");

    assert_eq!(home.json(&["agents", "revoke", "only"])["id"], "only");
    assert!(known.error("wallet_send", send(SHOP)).starts_with("AGENT_REVOKED: "));
    // The last one is gone, and nobody gets in without a token.
    assert!(open.error("wallet_send", send(SHOP)).starts_with("AGENT_UNKNOWN: "));
    let list = home.json(&["agents", "list"]);
    assert_eq!(
        (&list["agents"][0]["id"], &list["agents"][0]["live"]),
        (&json!("only"), &json!(false))
    );

    // Let in again under its old name, with a new token.
    let again = register(&home, "only");
    assert_ne!(again, rotated);
    agent(&home, &again).has_balance("99.0");
    assert!(agent(&home, &rotated).error("wallet_balance", json!({})).starts_with("AGENT_UNKNOWN"));
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn what_a_revoked_agent_asked_for_does_not_wait_for_the_owner() {
    let home = Home::new();
    let (gone, stays) = (register(&home, "gone"), register(&home, "stays"));
    let mut big = send(SHOP);
    big["amount"] = json!("3");
    let mut server = agent(&home, &gone);
    server.has_balance_soon("100.0");
    let asked = server.send(big.clone());
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    big["recipient_address"] = json!(OTHER_SHOP);
    let other = agent(&home, &stays).send(big);
    assert_eq!(other["status"], "pending_approval", "{other}");
    home.json(&["agents", "revoke", "gone"]);
    let waiting = home.json(&["approvals", "list"]);
    let waiting: Vec<&Value> = waiting["approvals"].as_array().unwrap().iter().collect();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["paymentId"], other["payment_id"]);
    let shown = home.json(&["policy", "explain", asked["payment_id"].as_str().unwrap()]);
    assert_eq!(shown["status"], "denied", "{shown}");
    assert_eq!(home.json(&["status"])["accounts"][0]["reserved"], "3");
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn what_lapsed_while_no_server_ran_no_longer_waits() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance_soon("100.0");
    server.end().is_clean();
    support::load_policy(&home, |policy| policy.approval_expiry_ms = 500);
    let mut server = home.initialized();
    let mut big = send(SHOP);
    big["amount"] = json!("3");
    assert_eq!(server.send(big)["status"], "pending_approval");
    drop(server);
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(home.json(&["approvals", "list"])["approvals"], json!([]));
    assert_eq!(home.json(&["status"])["accounts"][0]["reserved"], "0");
}

#[test]
fn agents_are_named_once_and_labelled_freely() {
    let home = Home::new();
    register(&home, "shop.bot@home:2_x-1");
    let refused = |words: &[&str], code: &str, exit: i32| {
        let output = home.run(&[&["--json"], words].concat());
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {output:?}");
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(error["error"]["code"], code, "{words:?}");
    };
    refused(&["agents", "register", "shop.bot@home:2_x-1"], "AGENT_EXISTS", 3);
    for id in [
        "",
        " ",
        "a b",
        "a/b",
        "é",
        "a\u{202e}",
        &"x".repeat(paywarden::limits::AGENT_ID_BYTES + 1),
    ] {
        refused(&["agents", "register", id], "INVALID_AGENT_ID", 2);
    }
    for words in [
        ["agents", "rotate", "nobody"],
        ["agents", "revoke", "nobody"],
        ["agents", "label", "nobody"],
    ] {
        refused(&words, "AGENT_UNKNOWN", 3);
    }
    home.json(&["agents", "label", "shop.bot@home:2_x-1", "Shops"]);
    assert_eq!(home.json(&["agents", "list"])["agents"][0]["label"], "Shops");
    home.json(&["agents", "label", "shop.bot@home:2_x-1"]);
    assert_eq!(home.json(&["agents", "list"])["agents"][0].get("label"), None);
    home.json(&["agents", "revoke", "shop.bot@home:2_x-1"]);
    refused(&["agents", "rotate", "shop.bot@home:2_x-1"], "AGENT_REVOKED", 3);
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn all_agents_together_have_a_limit() {
    let home = Home::new();
    let mut server = home.initialized();
    // Made before it is looked into.
    server.has_balance("100.0");
    server.end().is_clean();
    support::load_policy(&home, |policy| policy.payments_per_minute_overall = 3);
    let tokens = ["one", "two"].map(|name| register(&home, name));
    let mut servers = tokens.map(|token| agent(&home, &token));
    for number in 0..3 {
        let mut send = send(SHOP);
        send["idempotency_key"] = json!(format!("k{number}"));
        assert_eq!(servers[number % 2].send(send)["status"], "settled");
    }
    for server in &mut servers {
        let text = server.error("wallet_send", send(OTHER_SHOP));
        assert!(text.starts_with("RATE_LIMITED: ") && text.contains("all agents"), "{text}");
    }
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn p13_a_token_is_shown_once_and_stands_nowhere() {
    let home = Home::new();
    let token = register(&home, "canary");
    let mut keeper = traced(&home, &token);
    let mut forwarder = traced(&home, &token);
    for (server, payee) in [(&mut keeper, SHOP), (&mut forwarder, OTHER_SHOP)] {
        assert_eq!(server.send(send(payee))["status"], "settled");
        let long = json!({ "recipient_address": payee, "amount": token });
        let _ = server.error("wallet_send", long);
    }
    for words in [
        &["--log", "trace", "agents", "list"][..],
        &["--json", "agents", "list"],
        &["--log", "trace", "doctor"],
        &["--json", "doctor"],
        &["ledger", "export"],
        &["--log", "trace", "status"],
    ] {
        let output =
            home.command().env("PAYWARDEN_AGENT_TOKEN", &token).args(words).output().unwrap();
        absent(&token, &output.stdout);
        absent(&token, &output.stderr);
    }
    let doctor =
        home.command().env("PAYWARDEN_AGENT_TOKEN", &token).args(["--json", "doctor"]).output();
    let facts: Value = serde_json::from_slice(&doctor.unwrap().stdout).unwrap();
    assert_eq!(facts["agentToken"], "set");
    for ended in [forwarder.end(), keeper.end()] {
        absent(&token, ended.stderr.as_bytes());
    }
    for (file, bytes) in contents_below(&home.path()) {
        let found = bytes.windows(token.len()).any(|part| part == token.as_bytes());
        assert!(!found, "the token stands in {}", file.display());
    }
}

fn register(home: &Home, id: &str) -> String {
    let agent = home.json(&["agents", "register", id]);
    let token = agent["token"].as_str().unwrap();
    // 256 bits in base64url.
    assert!(token.starts_with("pwa_") && token.len() == 47, "{token}");
    token.to_owned()
}

fn agent(home: &Home, token: &str) -> Server {
    let mut server = Server::start(home.command().env("PAYWARDEN_AGENT_TOKEN", token));
    server.initialize("2025-11-25");
    server
}

fn traced(home: &Home, token: &str) -> Server {
    let mut command = home.command();
    command.args(["--log", "trace"]).env("PAYWARDEN_AGENT_TOKEN", token);
    let mut server = Server::start(&mut command);
    server.initialize("2025-11-25");
    server
}

fn send(payee: &str) -> Value {
    json!({ "recipient_address": payee, "amount": "0.5" })
}

/// The agent the ledger names for a payment.
fn asked_by(home: &Home, payment: &Value) -> String {
    let output = home.run(&["ledger", "export"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let asked = events.find(|e| e["type"] == "payment.requested" && e["paymentId"] == *payment);
    asked.unwrap()["data"]["request"]["agentId"].as_str().unwrap().to_owned()
}

fn absent(token: &str, text: &[u8]) {
    let found = text.windows(token.len()).any(|part| part == token.as_bytes());
    assert!(!found, "the token is in {}", String::from_utf8_lossy(text));
}
