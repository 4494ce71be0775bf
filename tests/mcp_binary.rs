//! The MCP server as a host meets it: the spawned binary in an empty home, over its pipes.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP, Server};

#[test]
fn both_eras_begin_in_an_empty_home() {
    let home = Home::new();
    let mut server = home.server();
    let greeting = server.initialize("2025-11-25");
    assert_eq!(greeting["protocolVersion"], "2025-11-25");
    assert_eq!(greeting["serverInfo"]["name"], "paywarden");
    assert_eq!(greeting["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    server.has_balance("100.0");
    server.end().is_clean();

    let mut server = home.server();
    let modern = json!({ "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let found = server.ask("server/discover", modern.clone())["result"].clone();
    assert!(found["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")));
    let mut params = modern;
    params["name"] = json!("wallet_balance");
    let result = server.ask("tools/call", params)["result"].clone();
    assert_eq!(result["structuredContent"]["balance"], "100.0", "{result}");
    server.end().is_clean();
}

#[test]
fn nothing_but_a_home_directory_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_paywarden"));
    let mut server = Server::start(command.env_clear().env("HOME", dir.path()));
    server.initialize("2025-11-25");
    server.has_balance("100.0");
    let ended = server.end();
    ended.is_clean();
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_send_settles_and_leaves_its_trail() {
    let home = Home::new();
    let mut server = home.initialized();
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.5", "memo": "tea" }));
    assert_eq!(sent["status"], "settled", "{sent}");
    assert_eq!((&sent["amount"], &sent["recipient"]), (&json!("0.5"), &json!(SHOP)));
    assert_eq!(sent["block_hash"].as_str().unwrap().len(), 64);
    assert!(sent["ledger_head"]["seq"].as_u64().unwrap() > 5);
    assert_eq!(sent["ledger_head"]["hash"].as_str().unwrap().len(), 64);
    server.has_balance("99.5");
    let status =
        server.facts("get_payment_status", json!({ "paymentId": sent["payment_id"], "waitMs": 0 }));
    assert_eq!(status["settlement"]["reference"], sent["block_hash"]);
    let trail: Vec<_> = status["trail"].as_array().unwrap().iter().map(|e| &e["type"]).collect();
    let expected = ["payment.requested", "policy.decided", "payment.intent", "payment.settled"]
        .map(Value::from);
    assert_eq!(trail, expected.iter().collect::<Vec<_>>());
    let history = server.facts("wallet_history", json!({}));
    assert_eq!(history["entries"][0]["payment_id"], sent["payment_id"]);
    assert_eq!(history["entries"][1]["kind"], "receive");
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn request_payment_takes_raw() {
    let home = Home::new();
    let mut server = home.initialized();
    let mut asked = json!({
        "rail": "nano", "currency": "XNO", "payeeAddress": SHOP,
        "amount": "1500000000000000000000000000000", "payeeLabel": "Shop",
    });
    let paid = server.facts("request_payment", asked.clone());
    assert_eq!(paid["status"], "settled", "{paid}");
    assert_eq!(paid["settlement"]["settledAmount"]["amount"], asked["amount"]);
    asked["rail"] = json!("carrier-pigeon");
    assert!(server.error("request_payment", asked).starts_with("INVALID_RAIL:"));
    assert_eq!(server.facts("list_mandates", json!({}))["mandates"], json!([]));
    server.has_balance("98.5");
}

#[test]
fn wrong_amounts_and_addresses_are_named_and_nothing_is_signed() {
    let home = Home::new();
    let mut server = home.initialized();
    let head = server.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    let head = head["ledger_head"].clone();
    let long = format!("0.{}1", "0".repeat(30));
    for (amount, code) in [
        (json!("abc"), "INVALID_NUMBER_FORMAT"),
        (json!("1e3"), "INVALID_NUMBER_FORMAT"),
        (json!(""), "INVALID_NUMBER_FORMAT"),
        (json!("0"), "INVALID_NUMBER_FORMAT"),
        (json!(" 1"), "INVALID_NUMBER_FORMAT"),
        (json!("١"), "INVALID_NUMBER_FORMAT"),
        (json!(".1"), "INVALID_FRACTIONAL_PART"),
        (json!("1."), "INVALID_FRACTIONAL_PART"),
        (json!("-1"), "INVALID_NEGATIVE_AMOUNT"),
        (json!(-1), "INVALID_NEGATIVE_AMOUNT"),
        (json!(long), "TOO_MANY_DECIMAL_PLACES"),
        (json!("340282367"), "AMOUNT_TOO_LARGE"),
        (json!([1]), "INVALID_ARGUMENTS"),
        (json!(null), "INVALID_ARGUMENTS"),
    ] {
        let arguments = json!({ "recipient_address": SHOP, "amount": amount });
        let text = server.error("wallet_send", arguments);
        assert!(text.starts_with(&format!("{code}: ")), "{amount}: {text}");
        assert!(text.contains("Nothing was sent."), "{text}");
    }
    for address in ["", "nano_", "nano_1abc", &SHOP.replace("jx", "jz"), "xrb_☠"] {
        let arguments = json!({ "recipient_address": address, "amount": "0.1" });
        let text = server.error("wallet_send", arguments);
        assert!(text.starts_with("INVALID_ADDRESS: "), "{address}: {text}");
    }
    server.has_balance("99.9");
    server.end().is_clean();
    assert_eq!(home.json(&["status"])["ledgerHead"], head);
}

#[test]
fn more_than_the_balance_is_said_so() {
    let home = Home::new();
    let mut server = home.initialized();
    let send = |amount: &str| json!({ "recipient_address": SHOP, "amount": amount });
    for (amount, status) in [("45", "pending_approval"), ("44", "pending_approval")] {
        assert_eq!(server.send(send(amount))["status"], status);
    }
    let text = server.error("wallet_send", send("12"));
    assert!(text.starts_with("INSUFFICIENT_FUNDS: "), "{text}");
    assert!(text.contains("11 XNO can be spent") && text.contains("Nothing was sent."), "{text}");
    let balance = server.facts("wallet_balance", json!({}));
    assert_eq!((&balance["balance"], &balance["available"]), (&json!("100.0"), &json!("11.0")));
}

#[test]
fn a_key_stands_for_one_payment_and_an_equal_one_is_suspected() {
    let home = Home::new();
    let mut server = home.initialized();
    let keyed = json!({ "recipient_address": SHOP, "amount": "0.25", "idempotency_key": "k-1" });
    let first = server.send(keyed.clone());
    let again = server.send(keyed.clone());
    assert_eq!(first["payment_id"], again["payment_id"]);
    assert_eq!(first["block_hash"], again["block_hash"]);
    let mut other = keyed.clone();
    other["amount"] = json!("0.26");
    let text = server.error("wallet_send", other);
    assert!(text.starts_with("IDEMPOTENCY_CONFLICT: "), "{text}");
    assert!(text.contains(first["payment_id"].as_str().unwrap()), "{text}");
    let text = server.error("wallet_send", json!({ "recipient_address": SHOP, "amount": "0.25" }));
    assert!(text.starts_with("SUSPECTED_DUPLICATE: "), "{text}");
    assert!(text.contains(first["payment_id"].as_str().unwrap()), "{text}");
    // Another payee, or a key of its own, is another payment.
    let elsewhere = json!({ "recipient_address": OTHER_SHOP, "amount": "0.25" });
    assert_eq!(server.send(elsewhere)["status"], "settled");
    let meant = json!({ "recipient_address": SHOP, "amount": "0.25", "idempotency_key": "k-2" });
    assert_eq!(server.send(meant)["status"], "settled");
    server.end().is_clean();
    // A key outlives the process.
    let mut server = home.initialized();
    assert_eq!(server.send(keyed)["payment_id"], first["payment_id"]);
    server.has_balance("99.25");
}

#[test]
fn sixty_payments_a_minute_and_no_more() {
    let home = Home::new();
    let mut server = home.initialized();
    let send = |number: u32| {
        let key = format!("k-{number}");
        json!({ "recipient_address": SHOP, "amount": "60", "idempotency_key": key })
    };
    for number in 0..60 {
        let sent = server.send(send(number));
        assert_eq!(
            (&sent["status"], &sent["reason_code"]),
            (&json!("denied"), &json!("HARD_LIMIT"))
        );
        assert!(sent.get("block_hash").is_none());
    }
    let text = server.error("wallet_send", send(60));
    assert!(text.starts_with("RATE_LIMITED: ") && text.contains("Wait"), "{text}");
    // A repeat is no new payment, and looking is free.
    assert_eq!(server.send(send(0))["status"], "denied");
    server.has_balance("100.0");
}

#[test]
fn what_waits_survives_the_server_and_settles_once_approved() {
    let home = Home::new();
    let mut server = home.initialized();
    let asked = server.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    assert!(asked.get("block_hash").is_none());
    let approval = asked["approval_id"].as_str().unwrap();
    assert!(asked["summary"].as_str().unwrap().contains(&format!("approvals approve {approval}")));
    server.has_balance("100.0");
    server.end().is_clean();
    let waiting = home.json(&["approvals", "list"]);
    assert_eq!(waiting["approvals"][0]["approvalId"], approval);
    let answered = home.json(&["approvals", "approve", &approval[..6]]);
    assert_eq!(answered["status"], "settled", "{answered}");
    let mut server = home.initialized();
    let arguments = json!({ "paymentId": asked["payment_id"] });
    let status = server.facts("get_payment_status", arguments);
    assert_eq!(status["status"], "settled");
    assert_eq!(status["blockHash"], answered["blockHash"]);
    server.has_balance("95.0");
    server.end().is_clean();
    assert_eq!(home.run(&["approvals", "approve", approval]).status.code(), Some(3));
}

#[test]
fn an_end_or_a_signal_parks_the_wallet_within_a_second() {
    for signal in [None, Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP)] {
        let home = Home::new();
        let mut server = home.initialized();
        server.has_balance("100.0");
        let ended = match signal {
            None => server.end(),
            Some(signal) => server.signal(signal),
        };
        ended.is_clean();
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn an_end_before_the_first_word_is_clean_too() {
    for signal in [None, Some(Signal::TERM)] {
        let home = Home::new();
        let mut server = home.server();
        if let Some(signal) = signal {
            // The handlers stand once it answers; before that the system's own ending is as good.
            server.ask("ping", json!({}));
            server.signal(signal).is_clean();
        } else {
            server.end().is_clean();
        }
        // Whatever was cut off on the way, the next start finds a whole wallet.
        let mut server = home.initialized();
        server.has_balance("100.0");
        server.end().is_clean();
        assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    }
}

#[test]
fn an_end_while_sends_wait_loses_none() {
    for signal in [None, Some(Signal::TERM), Some(Signal::INT)] {
        let home = Home::new();
        let mut server = home.initialized();
        server.has_balance("100.0");
        let ids = queue_sends(&mut server, 20);
        server.answer(ids[0]);
        let ended = match signal {
            None => server.end(),
            Some(signal) => server.signal(signal),
        };
        ended.is_clean();
        // Each was answered, the last ones as under way.
        let statuses: Vec<_> =
            ids.iter().map(|id| sent(&ended.said, *id)["status"].clone()).collect();
        assert_eq!(statuses[0], "settled");
        assert_eq!(statuses[19], "pending", "{statuses:?}");
        let mut server = home.initialized();
        for id in &ids {
            let payment = sent(&ended.said, *id)["payment_id"].clone();
            let arguments = json!({ "paymentId": payment, "waitMs": 20_000 });
            assert_eq!(server.facts("get_payment_status", arguments)["status"], "settled");
        }
        server.has_balance("99.8");
        server.end().is_clean();
        assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    }
}

#[test]
fn progress_is_told_while_a_send_waits() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    let ids = queue_sends(&mut server, 10);
    let last = *ids.last().unwrap();
    server.answer(last);
    let progress: Vec<_> = server
        .said
        .iter()
        .filter(|message| message["method"] == "notifications/progress")
        .map(|message| message["params"].clone())
        .filter(|params| params["progressToken"] == format!("token-{}", last - ids[0]))
        .collect();
    assert!(!progress.is_empty());
    assert!(progress[0]["message"].as_str().unwrap().starts_with("payment "), "{progress:?}");
    let done: Vec<_> = progress.iter().map(|params| params["progress"].as_f64().unwrap()).collect();
    assert!(done.is_sorted(), "{done:?}");
}

#[test]
fn a_cancelled_call_is_not_answered_and_its_payment_goes_on() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    let ids = queue_sends(&mut server, 8);
    let last = *ids.last().unwrap();
    let cancelled = json!({ "requestId": last, "reason": "changed my mind" });
    let notification = "notifications/cancelled";
    std::thread::sleep(Duration::from_millis(100));
    server.say(&json!({ "jsonrpc": "2.0", "method": notification, "params": cancelled }));
    for id in &ids[..7] {
        if !server.said.iter().any(|message| message["id"] == *id) {
            server.answer(*id);
        }
    }
    server.has_balance_soon("99.92");
    assert!(
        server.said.iter().all(|message| message["id"] != last || message["method"].is_string())
    );
    // The same key finds the payment that the cancelled call began.
    let key = format!("k-{}", last - ids[0]);
    let again = json!({ "recipient_address": SHOP, "amount": "0.01", "idempotency_key": key });
    assert_eq!(server.send(again)["status"], "settled");
    server.has_balance("99.92");
}

#[test]
fn hostile_lines_are_answered_and_the_next_call_works() {
    let home = Home::new();
    let mut server = home.initialized();
    let long =
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"ping","x":"{}"}}"#, "x".repeat(2 << 20));
    for (line, code) in [
        (long.as_bytes(), -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"\xff\xfe\"}", -32700),
        (b"{\"jsonrpc\":", -32700),
        (b"GET / HTTP/1.1", -32700),
        (b"[]", -32600),
        (b"{\"jsonrpc\":\"1.0\",\"id\":9,\"method\":\"ping\"}", -32600),
    ] {
        server.line(line);
        let answer = server.next();
        let found = answer["error"]["code"].as_i64().unwrap();
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
        assert!(found == code || found == -32700, "{shown}: {answer}");
        server.has_balance("100.0");
    }
    let answer = server.ask("tools/call", json!({ "name": "wallet_steal", "arguments": {} }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let answer = server.ask("tools/call", json!({ "name": "wallet.send", "arguments": {} }));
    let words = answer["error"]["message"].as_str().unwrap();
    assert!(words.contains("wallet_send"), "{words}");
    let text = server.error("wallet_balance", json!({ "acount": "0" }));
    assert!(text.starts_with("INVALID_ARGUMENTS: unknown field `acount`"), "{text}");
    // What only the owner may ask for does not exist here.
    let answer = server.ask("tools/call", json!({ "name": "approvals_answer", "arguments": {} }));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    server.has_balance("100.0");
    server.end().is_clean();
}

#[test]
fn no_filter_brings_arguments_results_or_keys_into_the_logs() {
    let home = Home::new();
    for filter in ["debug", "trace", "rmcp=trace", "trace,rmcp::service=trace"] {
        let mut server = home.server_with(&["--log", filter]);
        server.initialize("2025-11-25");
        let memo = "a-memo-nobody-else-may-read";
        let key = format!("key-{}", filter.len());
        server.send(json!({
            "recipient_address": SHOP, "amount": "0.01", "memo": memo, "idempotency_key": key,
        }));
        server.has_balance_soon("99.");
        let ended = server.end();
        ended.is_clean();
        for word in [memo, SHOP, "idempotency_key", "99.9"] {
            assert!(!ended.stderr.contains(word), "{filter}: {}", ended.stderr);
        }
        let said = Value::from(ended.said).to_string();
        for secret in home.secrets() {
            assert!(!ended.stderr.contains(&secret) && !said.contains(&secret), "{filter}");
        }
    }
    let exported = home.run(&["ledger", "export"]);
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.lines().count() > 10);
    for secret in home.secrets() {
        assert!(!exported.contains(&secret));
    }
}

#[test]
fn tools_can_be_named_dotted_and_cut_down() {
    let home = Home::new();
    let mut server = home.server_with(&["--tool-names", "dotted", "--toolsets", "wallet"]);
    server.initialize("2025-11-25");
    let names = listed(&mut server);
    assert_eq!(names, ["wallet.balance", "wallet.history", "wallet.receive", "wallet.send"]);
    assert_eq!(server.facts("wallet.balance", json!({}))["balance"], "100.0");
    server.end().is_clean();
    let mut command = home.command();
    command.env("PAYWARDEN_READ_ONLY", "true");
    let mut server = Server::start(&mut command);
    server.initialize("2025-11-25");
    assert!(listed(&mut server).iter().all(|name| !name.contains("send")));
    let send = json!({ "name": "wallet_send", "arguments": {} });
    assert_eq!(server.ask("tools/call", send)["error"]["code"], -32602);
    server.end().is_clean();
    let output = home.run(&["--toolsets", "walet"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("walet"));
}

#[test]
fn two_servers_on_one_home_are_one_wallet() {
    let home = Home::new();
    let mut first = home.initialized();
    first.has_balance("100.0");
    let mut second = home.initialized();
    second.has_balance("100.0");
    first.has_balance("100.0");
    first.end().is_clean();
    second.has_balance("100.0");
    second.end().is_clean();
}

/// Sends that keep the one account busy for a while; each with a progress token and a key of its own.
fn queue_sends(server: &mut Server, count: u64) -> Vec<u64> {
    let sends = (0..count).map(|number| {
        let arguments = json!({
            "recipient_address": SHOP, "amount": "0.01", "idempotency_key": format!("k-{number}"),
        });
        let meta = json!({ "progressToken": format!("token-{number}") });
        json!({ "name": "wallet_send", "arguments": arguments, "_meta": meta })
    });
    sends.map(|params| server.request("tools/call", params)).collect()
}

fn sent(said: &[Value], id: u64) -> Value {
    let answer = said.iter().find(|message| message["id"] == id && message.get("method").is_none());
    let answer = answer.unwrap_or_else(|| panic!("request {id} was not answered"));
    answer["result"]["structuredContent"].clone()
}

fn listed(server: &mut Server) -> Vec<String> {
    let list = server.ask("tools/list", json!({}))["result"]["tools"].clone();
    let tools = list.as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}
