//! The owner's policy through the spawned binary: drafts, what is in force, why, and what another one would do.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use serde_json::{Value, json};
use support::{Home, SHOP};

#[test]
fn what_is_shown_is_a_draft_with_the_same_hash() {
    let home = Home::new();
    home.initialized().end().is_clean();
    let shown = home.json(&["policy", "show"]);
    let toml = home.run(&["policy", "show", "--toml"]);
    let file = home.file("policy.toml");
    std::fs::write(&file, &toml.stdout).unwrap();
    let checked = home.json(&["policy", "check"]);
    assert_eq!(checked["policyHash"], shown["policyHash"]);
    assert_eq!(checked["policyHashInForce"], shown["policyHash"]);
    assert_eq!(checked["changes"], json!([]));
    // What a person is shown is a draft too.
    let plain = home.run(&["policy", "show"]);
    std::fs::write(&file, &plain.stdout).unwrap();
    assert_eq!(home.json(&["policy", "check", file.to_str().unwrap()]), checked);
}

#[test]
fn a_draft_is_without_effect_until_it_is_applied() {
    let home = Home::new();
    let mut server = home.initialized();
    let draft = "require_mandate = false\n[limits.XNO]\nhard_limit = \"5 XNO\"\nauto_approve = \"0.5 XNO\"\n";
    let paid = server.send(json!({ "recipient_address": SHOP, "amount": "1" }));
    assert_eq!(paid["status"], "settled", "{paid}");
    std::fs::write(home.file("policy.toml"), draft).unwrap();
    let paid_too = server.send(json!({ "recipient_address": SHOP, "amount": "1.1" }));
    assert_eq!(paid_too["status"], "settled", "{paid_too}");
    let checked = home.json(&["policy", "check"]);
    let text = checked["changes"].to_string();
    assert!(
        text.contains(r#"{"from":"50 XNO","setting":"limits.XNO.hard_limit","to":"5 XNO"}"#),
        "{text}"
    );

    let applied = home.json(&["policy", "apply"]);
    assert_eq!(
        (&applied["changed"], &applied["policyHash"]),
        (&json!(true), &checked["policyHash"])
    );
    assert_eq!(applied["changes"], checked["changes"]);
    let again = home.json(&["policy", "apply"]);
    assert_eq!((&again["changed"], &again["ledgerHead"]), (&json!(false), &applied["ledgerHead"]));
    let seq = applied["ledgerHead"]["seq"].to_string();
    let event = home.json(&["ledger", "show", "--from", &seq, "--limit", "1"])["events"][0].clone();
    assert_eq!(
        (&event["type"], &event["data"]["policyHash"]),
        (&json!("policy.loaded"), &applied["policyHash"])
    );

    let waits = server.send(json!({ "recipient_address": SHOP, "amount": "0.6" }));
    assert_eq!(waits["status"], "pending_approval", "{waits}");
    let told = home.json(&["policy", "explain", paid["payment_id"].as_str().unwrap()]);
    assert_eq!(told["decisions"][0]["reasonCode"], "ALLOWED");
    assert_eq!(told["decisions"][0]["policyInForce"], false);
    let told = home.json(&["policy", "explain", waits["payment_id"].as_str().unwrap()]);
    let decision = &told["decisions"][0];
    assert_eq!(
        (&decision["outcome"], &decision["policyHash"]),
        (&json!("needs_approval"), &applied["policyHash"])
    );
    assert!(
        decision["rules"].to_string().contains("auto_approve: FAIL (0.6 XNO of at most 0.5 XNO)"),
        "{decision}"
    );
    let text = home.run(&["policy", "explain", waits["payment_id"].as_str().unwrap()]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("needs_approval APPROVAL_REQUIRED") && text.contains("(in force)"),
        "{text}"
    );
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_simulation_tells_what_would_differ_and_writes_nothing() {
    let home = Home::new();
    let mut server = home.initialized();
    for amount in ["1", "0.1", "3", "60"] {
        server.call("wallet_send", json!({ "recipient_address": SHOP, "amount": amount }));
    }
    let file = home.file("new.toml");
    std::fs::write(&file, "require_mandate = false\n[limits.XNO]\nhard_limit = \"0.5 XNO\"\nauto_approve = \"0.5 XNO\"\n").unwrap();
    let head = home.json(&["ledger", "head"]);
    let file = file.to_str().unwrap();
    let found = home.json(&["policy", "simulate", "--file", file]);
    assert_eq!(home.json(&["ledger", "head"]), head);
    let requests = found["requests"].as_u64().unwrap();
    assert_eq!(found["same"].as_u64().unwrap() + found["different"].as_u64().unwrap(), requests);
    let moves = found["moves"].as_array().unwrap();
    let to_deny = |from: &str| {
        moves.iter().any(|one| {
            one["recorded"]["reasonCode"] == from && one["simulated"]["reasonCode"] == "HARD_LIMIT"
        })
    };
    assert!(to_deny("ALLOWED") && to_deny("APPROVAL_REQUIRED"), "{found}");
    let last = home.json(&["policy", "simulate", "--file", file, "--last", "1"]);
    assert_eq!(last["requests"], 1);
    let text = home.run(&["policy", "simulate", "--file", file]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("allow ALLOWED -> deny HARD_LIMIT"), "{text}");
    server.end().is_clean();
}

#[test]
fn a_bad_draft_is_refused_with_its_line_and_what_is_right() {
    let home = Home::new();
    home.json(&["status"]);
    let file = home.file("policy.toml");
    for command in ["check", "apply"] {
        for (draft, words, hint) in [
            (
                "mode = \"tiered\"\nrequire_mandat = true",
                "line 2, require_mandat",
                "require_mandate",
            ),
            ("[limits.XNO]\nhard_limit = \"-1 XNO\"", "line 2, limits.XNO.hard_limit", "0.5 XNO"),
            ("[limits.XNO]\nhard_limit = \"1 USD\"", "the amount is in USD", "XNO"),
            ("mode = \"yolo\"", "line 1, mode", "autonomous"),
        ] {
            std::fs::write(&file, draft).unwrap();
            let error = failed(&home, &["policy", command], 2);
            assert_eq!(error["code"], "INVALID_POLICY", "{error}");
            assert!(error["message"].as_str().unwrap().contains(words), "{error}");
            assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
        }
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert_eq!(failed(&home, &["policy", command], 2)["code"], "POLICY_UNREADABLE");
        std::fs::write(&file, vec![b'#'; 70_000]).unwrap();
        assert_eq!(failed(&home, &["policy", command], 2)["code"], "INVALID_POLICY");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(failed(&home, &["policy", command], 2)["code"], "POLICY_UNREADABLE");
    }
}

fn failed(home: &Home, words: &[&str], code: i32) -> Value {
    let output = home.run(&[&["--json"], words].concat());
    assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    value["error"].clone()
}
