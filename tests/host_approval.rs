//! Approvals answered by the host's user: the spawned binary with a host that asks, in both eras of the protocol.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::time::Duration;

use paywarden::policy::HostApproval;
use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP, Server};

#[test]
fn a_yes_in_the_host_pays_and_is_on_the_ledger_as_such() {
    let home = Home::new();
    let mut server = asking(&home);
    let mut send = three_xno();
    send["memo"] = json!("tea\nMandate: everything\u{202e}");
    let (call, form) = ask(&mut server, &send);
    let message = form["params"]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("Pay 3 XNO to {SHOP}?\n")), "{message}");
    assert!(message.contains("Asked because: ") && message.contains("Mandate: none"), "{message}");
    let memo = r#"Memo, in the agent's words: "tea\u{a}Mandate: everything\u{202e}""#;
    assert!(message.contains(memo), "{message}");
    assert_eq!(form["params"]["requestedSchema"]["required"], json!(["approved"]));
    say(&mut server, &form, &accept(json!(true)));
    let sent = facts(&mut server, call);
    assert_eq!(sent["status"], "settled", "{sent}");
    server.has_balance("97.0");
    server.end().is_clean();
    assert_eq!(resolutions(&home), [("host".to_owned(), true)]);
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn only_a_clear_answer_counts() {
    let home = Home::new();
    let mut server = asking(&home);
    for (number, unclear) in [
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!({"action": "accept"}),
        accept(json!("true")),
        accept(json!(1)),
        accept(Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let mut send = three_xno();
        send["idempotency_key"] = json!(format!("unclear-{number}"));
        let (call, form) = ask(&mut server, &send);
        say(&mut server, &form, &unclear);
        assert_eq!(facts(&mut server, call)["status"], "pending_approval", "{unclear}");
    }
    assert_eq!(waiting(&home).len(), 6);
    let (call, form) = ask(&mut server, &json!({ "recipient_address": OTHER_SHOP, "amount": "3" }));
    say(&mut server, &form, &accept(json!(false)));
    let refused = facts(&mut server, call);
    assert_eq!(
        (&refused["status"], &refused["reason_code"]),
        (&json!("denied"), &json!("APPROVAL_REJECTED"))
    );
    assert_eq!(resolutions(&home), [("host".to_owned(), false)]);
    server.has_balance("100.0");
}

#[test]
fn a_host_that_cannot_ask_or_a_policy_that_does_not_let_it_leaves_it_to_the_owner() {
    let home = Home::new();
    let mut server = home.initialized();
    assert_eq!(server.send(three_xno())["status"], "pending_approval");
    let mut urls = home.server();
    urls.initialize_with("2025-11-25", json!({ "elicitation": { "url": {} } }));
    let send = json!({ "recipient_address": OTHER_SHOP, "amount": "3" });
    assert_eq!(urls.send(send)["status"], "pending_approval");
    urls.end().is_clean();
    server.end().is_clean();
    // Above the cap of one payment.
    let mut server = asking(&home);
    let much = json!({ "recipient_address": SHOP, "amount": "10.000000000000000000000000000001" });
    assert_eq!(server.send(much)["status"], "pending_approval");
    server.end().is_clean();
    support::load_policy(&home, |policy| policy.host_approval = HostApproval::default());
    let mut server = asking(&home);
    let send = json!({ "recipient_address": OTHER_SHOP, "amount": "4" });
    assert_eq!(server.send(send)["status"], "pending_approval");
}

#[test]
fn a_day_has_its_cap() {
    let home = Home::new();
    let mut server = asking(&home);
    for number in 0..5 {
        let send = json!({
            "recipient_address": SHOP, "amount": "10", "idempotency_key": format!("k{number}"),
        });
        let (call, form) = ask(&mut server, &send);
        say(&mut server, &form, &accept(json!(true)));
        assert_eq!(facts(&mut server, call)["status"], "settled");
    }
    assert_eq!(server.send(three_xno())["status"], "pending_approval");
    server.has_balance("50.0");
}

#[test]
fn caps_are_counted_where_the_answer_is_taken() {
    let home = Home::new();
    allow_a_day(&home, 5);
    let mut server = asking(&home);
    let open: Vec<_> = (0..2)
        .map(|number| {
            let mut send = three_xno();
            send["idempotency_key"] = json!(format!("k{number}"));
            ask(&mut server, &send)
        })
        .collect();
    for (_, form) in &open {
        say(&mut server, form, &accept(json!(true)));
    }
    let mut ends: Vec<_> = open
        .iter()
        .map(|(call, _)| facts(&mut server, *call)["status"].as_str().unwrap().to_owned())
        .collect();
    ends.sort();
    assert_eq!(ends, ["pending_approval", "settled"]);
    server.has_balance("97.0");
}

#[test]
fn the_stateless_era_asks_with_the_result() {
    let home = Home::new();
    let mut server = home.server();
    let asked = modern(&mut server, &three_xno(), None);
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let request = &asked["inputRequests"]["approval"];
    assert_eq!(request["method"], "elicitation/create");
    let state = asked["requestState"].as_str().unwrap().to_owned();
    assert_eq!(waiting(&home), std::slice::from_ref(&state));
    let yes = |state: &str| Some((state.to_owned(), json!({ "approval": accept(json!(true)) })));

    // Other arguments, another state, no state at all of ours: nothing is answered.
    let other = json!({ "recipient_address": OTHER_SHOP, "amount": "3" });
    for (send, state, code) in [
        (&other, state.clone(), "REQUEST_STATE_MISMATCH"),
        (
            &json!({ "recipient_address": SHOP, "amount": "3.0" }),
            state.clone(),
            "REQUEST_STATE_MISMATCH",
        ),
        (&three_xno(), uuid::Uuid::new_v4().to_string(), "REQUEST_STATE_UNKNOWN"),
        (&three_xno(), "../../x\u{202e}".to_owned(), "REQUEST_STATE_UNKNOWN"),
    ] {
        let wrong = modern(&mut server, send, yes(&state));
        let text = wrong["content"][0]["text"].as_str().unwrap();
        assert!(text.starts_with(code), "{text}");
    }
    assert_eq!(waiting(&home).len(), 1);

    let paid = modern(&mut server, &three_xno(), yes(&state));
    assert_eq!(paid["structuredContent"]["status"], "settled", "{paid}");
    // Once more: the same payment, and nothing happens.
    let again = modern(&mut server, &three_xno(), yes(&state));
    assert_eq!(again["structuredContent"]["payment_id"], paid["structuredContent"]["payment_id"]);
    let no = Some((state, json!({ "approval": accept(json!(false)) })));
    assert_eq!(modern(&mut server, &three_xno(), no)["structuredContent"]["status"], "settled");
    assert_eq!(resolutions(&home), [("host".to_owned(), true)]);
    let balance = server.ask("tools/call", modern_params("wallet_balance", &json!({})));
    assert_eq!(balance["result"]["structuredContent"]["balance"], "97.0", "{balance}");
    server.end().is_clean();
}

#[test]
fn a_declined_input_leaves_the_stateless_call_waiting() {
    let home = Home::new();
    let mut server = home.server();
    let asked = modern(&mut server, &three_xno(), None);
    let state = asked["requestState"].as_str().unwrap().to_owned();
    for responses in [
        json!({ "approval": { "action": "decline" } }),
        json!({ "approval": accept(json!("true")) }),
        json!({ "somebody else": accept(json!(true)) }),
        json!({}),
    ] {
        let left = modern(&mut server, &three_xno(), Some((state.clone(), responses)));
        assert_eq!(left["structuredContent"]["status"], "pending_approval", "{left}");
        assert_eq!(left["structuredContent"]["approval_id"], json!(state));
    }
    assert_eq!(resolutions(&home), []);
    assert_eq!(home.json(&["approvals", "approve", &state])["status"], "settled");
}

#[test]
fn whoever_answers_first_has_answered() {
    let home = Home::new();
    let mut server = asking(&home);
    let (call, form) = ask(&mut server, &three_xno());
    let id = waiting(&home).remove(0);
    assert_eq!(home.json(&["approvals", "approve", &id])["status"], "settled");
    assert_eq!(facts(&mut server, call)["status"], "settled");
    say(&mut server, &form, &accept(json!(false)));
    server.has_balance("97.0");
    let closed = server.said.iter().any(|message| {
        message["method"] == "notifications/cancelled"
            && message["params"]["requestId"] == form["id"]
    });
    assert!(closed, "the form was not closed");
    assert_eq!(resolutions(&home), [("cli".to_owned(), true)]);
}

#[test]
fn host_and_owner_racing_answer_once() {
    let home = Home::new();
    let mut server = asking(&home);
    for round in 0..6 {
        let mut send = three_xno();
        send["idempotency_key"] = json!(format!("race-{round}"));
        let (call, form) = ask(&mut server, &send);
        let id = waiting(&home).remove(0);
        let mut owner = home.command();
        owner.args(["--json", "approvals", if round % 2 == 0 { "reject" } else { "approve" }, &id]);
        let owner = owner.stdout(std::process::Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(3 * round));
        say(&mut server, &form, &accept(json!(true)));
        let status = facts(&mut server, call)["status"].clone();
        let owner = owner.wait_with_output().unwrap();
        let resolved = resolutions(&home);
        assert_eq!(resolved.len() as u64, round + 1, "{resolved:?}");
        let (channel, approved) = resolved.last().unwrap();
        assert_eq!(status, if *approved { "settled" } else { "denied" });
        let exit = if channel == "cli" { 0 } else { 3 };
        assert_eq!(owner.status.code(), Some(exit), "{owner:?}");
    }
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_freeze_in_the_meantime_is_honoured() {
    let home = Home::new();
    let mut server = asking(&home);
    let (call, form) = ask(&mut server, &three_xno());
    assert!(home.run(&["freeze", "odd"]).status.success());
    say(&mut server, &form, &accept(json!(true)));
    assert_eq!(facts(&mut server, call)["status"], "pending_approval");
    assert!(home.run(&["unfreeze"]).status.success());
    assert_eq!(resolutions(&home), []);
    server.has_balance("100.0");
}

#[test]
fn a_host_is_asked_a_bounded_number_of_times() {
    let home = Home::new();
    let mut server = asking(&home);
    let mut send = three_xno();
    send["idempotency_key"] = json!("one");
    for _ in 0..paywarden::limits::HOST_QUESTIONS {
        let (call, form) = ask(&mut server, &send);
        say(&mut server, &form, &json!({"action": "decline"}));
        assert_eq!(facts(&mut server, call)["status"], "pending_approval");
    }
    assert_eq!(server.send(send)["status"], "pending_approval");
}

#[test]
fn a_long_poll_returns_with_the_next_status() {
    let home = Home::new();
    let mut server = home.initialized();
    let sent = server.send(three_xno());
    let wait = json!({ "paymentId": sent["payment_id"], "waitMs": 30_000 });
    let call =
        server.request("tools/call", json!({ "name": "get_payment_status", "arguments": wait }));
    assert!(server.next_within(Duration::from_millis(300)).is_none(), "nothing has changed");
    home.json(&["approvals", "reject", sent["approval_id"].as_str().unwrap()]);
    assert_eq!(facts(&mut server, call)["status"], "denied");
    // A final payment changes no more.
    let wait = json!({ "paymentId": sent["payment_id"], "waitMs": 55_000 });
    assert_eq!(server.facts("get_payment_status", wait)["status"], "denied");
    for wrong in [json!(55_001), json!(-1), json!("5"), json!(1.5), json!(u64::MAX)] {
        let arguments = json!({ "paymentId": sent["payment_id"], "waitMs": wrong });
        let text = server.error("get_payment_status", arguments);
        assert!(text.starts_with("INVALID_"), "{text}");
    }
}

fn asking(home: &Home) -> Server {
    let mut server = home.server();
    server.initialize_with("2025-11-25", json!({ "elicitation": {} }));
    server
}

fn three_xno() -> Value {
    json!({ "recipient_address": SHOP, "amount": "3" })
}

fn accept(approved: Value) -> Value {
    json!({ "action": "accept", "content": { "approved": approved } })
}

/// Calls `wallet_send` and gives its id with the form the server opens.
fn ask(server: &mut Server, send: &Value) -> (u64, Value) {
    let call = server.request("tools/call", json!({ "name": "wallet_send", "arguments": send }));
    loop {
        let message = server.next();
        if message["method"] == "elicitation/create" {
            return (call, message);
        }
        assert!(message.get("method").is_some(), "{message}");
    }
}

fn say(server: &mut Server, form: &Value, result: &Value) {
    server.say(&json!({ "jsonrpc": "2.0", "id": form["id"], "result": result }));
}

fn facts(server: &mut Server, call: u64) -> Value {
    // It may have been read already, while another answer was waited for.
    let read = server.said.iter().find(|m| m["id"] == call && m.get("method").is_none()).cloned();
    let answer = read.unwrap_or_else(|| server.answer(call));
    answer["result"]["structuredContent"].clone()
}

fn modern(server: &mut Server, send: &Value, input: Option<(String, Value)>) -> Value {
    let mut params = modern_params("wallet_send", send);
    if let Some((state, responses)) = input {
        params["requestState"] = json!(state);
        params["inputResponses"] = responses;
    }
    let answer = server.ask("tools/call", params);
    assert!(answer.get("error").is_none(), "{answer}");
    answer["result"].clone()
}

fn modern_params(tool: &str, arguments: &Value) -> Value {
    json!({ "name": tool, "arguments": arguments, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
    }})
}

/// Ids of the approvals that wait.
fn waiting(home: &Home) -> Vec<String> {
    let list = home.json(&["approvals", "list"]);
    let approvals = list["approvals"].as_array().unwrap().iter();
    approvals.map(|approval| approval["approvalId"].as_str().unwrap().to_owned()).collect()
}

/// Every answer on the ledger: from where, and which.
fn resolutions(home: &Home) -> Vec<(String, bool)> {
    let output = home.run(&["ledger", "export"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let resolved = events.filter(|event| event["type"] == "approval.resolved");
    resolved
        .map(|event| {
            let data = &event["data"];
            (data["channel"].as_str().unwrap().to_owned(), data["approved"].as_bool().unwrap())
        })
        .collect()
}

/// A wallet whose host may approve so much in a day.
fn allow_a_day(home: &Home, xno: u128) {
    let mut server = home.initialized();
    // Made before it is looked into.
    server.has_balance("100.0");
    server.end().is_clean();
    support::load_policy(home, |policy| {
        for limits in policy.host_approval.limits.values_mut() {
            limits.per_day = xno * 10_u128.pow(30);
        }
    });
}
