//! What an auditor does with files alone, and what a rotation of the ledger's key leaves behind wherever it is cut short.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use paywarden::limits;
use paywarden::store::AnchorFile;
use serde_json::{Value, json};
use support::{Home, SHOP, soon};

#[test]
fn an_export_is_verified_with_the_public_key_alone() {
    let home = Home::new();
    let settled = pay(&home, "1.5");
    let files = export(&home);
    let (ledger, key, anchor) =
        (files.at("ledger.jsonl"), files.at("ledger.pub"), files.at("anchor.log"));
    let head = out(&home.run(&["ledger", "head"]));
    // No wallet is at hand where it is verified.
    let nowhere = Home::new();
    let base = ["ledger", "verify", "--file", &ledger, "--key", &key];
    let verdict =
        nowhere.json(&[&base[..], &["--anchor", &anchor, "--expect-head", head.trim()]].concat());
    assert_eq!((&verdict["ok"], &verdict["rotations"]), (&json!(true), &json!(0)), "{verdict}");
    assert!(verdict["anchors"].as_u64().unwrap() > 1, "{verdict}");
    assert!(!nowhere.path().exists());

    let whole = fs::read_to_string(&ledger).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let signed =
        lines[..lines.len() - 1].iter().rposition(|line| line.contains("\"signature\"")).unwrap();
    let changed = |name: &str, lines: &[&str]| {
        fs::write(files.at(name), lines.join("\n")).unwrap();
        files.at(name)
    };
    // A tail cut at a signed event shows against a head that was noted, and only so.
    let cut = changed("cut", &lines[..=signed]);
    let base = ["ledger", "verify", "--file", &cut, "--key", &key];
    assert_eq!(nowhere.run(&base).status.code(), Some(0));
    let refused = nowhere.run(&[&base[..], &["--expect-head", head.trim()]].concat());
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(out(&refused).contains("truncated"), "{refused:?}");
    assert_eq!(nowhere.run(&[&base[..], &["--anchor", &anchor]].concat()).status.code(), Some(3));

    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    let removed: Vec<&str> = [&lines[..2], &lines[3..]].concat();
    let torn = &whole[..whole.len() - 20];
    for (name, text, seq) in [
        ("swapped", swapped.join("\n"), 2),
        ("removed", removed.join("\n"), 3),
        ("torn", torn.to_owned(), lines.len() as u64),
        (
            "amount",
            whole.replacen("1500000000000000000000000000000", "1600000000000000000000000000000", 1),
            4,
        ),
    ] {
        let file = changed(name, &[&text]);
        let output = nowhere.run(&["--json", "ledger", "verify", "--file", &file, "--key", &key]);
        assert_eq!(output.status.code(), Some(3), "{name}: {output:?}");
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(verdict["ok"], false, "{name}");
        assert!(verdict["brokenAt"].as_u64().unwrap() >= seq, "{name}: {verdict}");
    }
    assert!(settled["payment_id"].is_string());
}

#[test]
fn wrong_files_are_named() {
    let home = Home::new();
    pay(&home, "1");
    let files = export(&home);
    let (ledger, key) = (files.at("ledger.jsonl"), files.at("ledger.pub"));
    fs::write(files.at("empty"), "").unwrap();
    let (empty, missing) = (files.at("empty"), files.at("missing"));
    let private = home.file("ledger-key.pem").display().to_string();
    for (words, code) in [
        (&["--file", &ledger][..], "KEY_NEEDED"),
        (&["--file", &missing, "--key", &key], "FILE_UNREADABLE"),
        (&["--file", &ledger, "--key", &missing], "FILE_UNREADABLE"),
        (&["--file", &ledger, "--key", &private], "INVALID_KEY"),
        (&["--file", &ledger, "--key", &ledger], "INVALID_KEY"),
        (&["--file", &empty, "--key", &key], "EMPTY_LEDGER"),
        (&["--file", &ledger, "--key", &key, "--anchor", &missing], "FILE_UNREADABLE"),
        (&["--file", &ledger, "--key", &key, "--expect-head", "1"], "INVALID_HEAD"),
    ] {
        let output = home.run(&[&["ledger", "verify"][..], words].concat());
        assert_eq!(output.status.code(), Some(2), "{code}: {output:?}");
        assert!(err(&output).contains(code), "{code}: {output:?}");
    }
    let hashes = home.run(&["ledger", "verify", "--file", &ledger, "--hashes-only"]);
    assert!(out(&hashes).contains("Signatures were not looked at"), "{hashes:?}");
    let other = export(&{
        let other = Home::new();
        pay(&other, "1");
        other
    });
    let output =
        home.run(&["ledger", "verify", "--file", &ledger, "--key", &other.at("ledger.pub")]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(out(&output).contains("unknown key"), "{output:?}");
}

#[test]
fn heads_are_handed_to_a_program_of_the_owners_and_nothing_waits_for_it() {
    let mut home = Home::new();
    let place = home.path().with_file_name("witness");
    let (heads, seen) = (place.with_extension("heads"), place.with_extension("env"));
    program(&place, &format!("cat >> {}\nenv > {}", heads.display(), seen.display()));
    home.set("PAYWARDEN_ANCHOR_COMMAND", place.clone());
    let mut host = home.initialized();
    soon("a head", || fs::read_to_string(&seen).is_ok_and(|text| !text.is_empty()));
    let anchors = AnchorFile::read(&heads).unwrap();
    assert_eq!(anchors.len(), 1, "one head until the pause is over");
    let environment = fs::read_to_string(&seen).unwrap();
    assert!(!environment.contains("PAYWARDEN") && !environment.contains("HOME"), "{environment}");
    host.facts("wallet_send", json!({ "recipient_address": SHOP, "amount": "1" }));
    host.end().is_clean();
    let head = anchors[0].head.to_string();
    let verdict = home.json(&["ledger", "verify", "--expect-head", &head]);
    assert_eq!(verdict["ok"], true, "{verdict}");

    // One that hangs, then fails, is in nobody's way.
    program(&place, "sleep 2\nexit 3");
    let mut host = home.initialized();
    let sent = host.facts("wallet_send", json!({ "recipient_address": SHOP, "amount": "1.5" }));
    assert_eq!(sent["status"], "settled", "{sent}");
    host.end().is_clean();
    let refused = home.run(&["--anchor-command", "witness", "status"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(err(&refused).contains("absolute path"), "{refused:?}");
}

#[test]
fn one_payment_is_exported_by_its_id() {
    let home = Home::new();
    pay(&home, "1");
    let second = pay(&home, "1.25");
    let id = second["payment_id"].as_str().unwrap();
    let exported = out(&home.run(&["ledger", "export", "--payment", id]));
    let events: Vec<Value> = exported.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(events.len() >= 4 && events.iter().all(|event| event["paymentId"] == id), "{exported}");
    assert_eq!(events[0]["type"], "payment.requested");
    let from = events[1]["seq"].to_string();
    let rest = out(&home.run(&["ledger", "export", "--from", &from]));
    let first: Value = serde_json::from_str(rest.lines().next().unwrap()).unwrap();
    assert_eq!(first["seq"], events[1]["seq"]);
}

#[test]
fn rotated_keys_are_followed_and_a_restart_goes_on_with_the_last() {
    let home = Home::new();
    pay(&home, "1");
    let first = export(&home);
    let mut ids = vec![home.json(&["ledger", "key"])["keyId"].clone()];
    for _ in 0..2 {
        let rotated = home.json(&["ledger", "rotate-key"]);
        assert_eq!(Some(&rotated["oldKeyId"]), ids.last());
        ids.push(rotated["keyId"].clone());
        pay(&home, "1");
        assert_eq!(home.json(&["ledger", "key"])["keyId"], rotated["keyId"]);
    }
    assert!(!home.file("ledger-key.next.pem").exists());
    let own = home.json(&["ledger", "verify", "--deep"]);
    assert_eq!((&own["ok"], &own["rotations"]), (&json!(true), &json!(2)), "{own}");
    let last = export(&home);
    for key in [first.at("ledger.pub"), last.at("ledger.pub")] {
        let words = ["ledger", "verify", "--file", &last.at("ledger.jsonl"), "--key", &key];
        let verdict = home.json(&[&words[..], &["--anchor", &last.at("anchor.log")]].concat());
        assert_eq!(verdict["ok"], true, "{verdict}");
    }
    assert_eq!(home.run(&["doctor"]).status.code(), Some(0));
}

#[test]
fn a_rotation_cut_short_is_finished_or_forgotten() {
    let home = Home::new();
    pay(&home, "1");
    let (current, next) = (home.file("ledger-key.pem"), home.file("ledger-key.next.pem"));
    let old = fs::read(&current).unwrap();
    // Before the event: the next key lies there, whole or torn, and nobody is to use it.
    for staged in [&old[..], b"-----BEGIN PRI"] {
        fs::write(&next, staged).unwrap();
        assert_eq!(home.json(&["ledger", "verify"])["ok"], true);
        assert!(!next.exists());
    }
    // After the event, before the file took its place.
    let rotated = home.json(&["ledger", "rotate-key"]);
    fs::rename(&current, &next).unwrap();
    fs::write(&current, &old).unwrap();
    assert_eq!(home.json(&["ledger", "key"])["keyId"], rotated["keyId"]);
    assert!(!next.exists());
    assert_ne!(fs::read(&current).unwrap(), old);
    pay(&home, "1");
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    // A key put back from before the rotation must not sign.
    fs::write(&current, &old).unwrap();
    let output = home.run(&["status"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(err(&output).contains("LEDGER_KEY_MISMATCH"), "{output:?}");
}

#[test]
fn a_receipt_verifies_offline_and_a_changed_one_does_not() {
    let home = Home::new();
    let settled = pay(&home, "1.5");
    let denied = send(&home, "60");
    let files = export(&home);
    let key = files.at("ledger.pub");
    let mut server = home.initialized();
    let nowhere = Home::new();
    for (paid, status) in [(&settled, "settled"), (&denied, "denied")] {
        let asked = json!({ "paymentId": paid["payment_id"] });
        let receipt = server.facts("get_payment_status", asked)["receipt"].clone();
        assert_eq!(receipt["status"], status, "{receipt}");
        let text = serde_json::to_string(&receipt).unwrap();
        let file = files.at("receipt.json");
        fs::write(&file, &text).unwrap();
        let words = ["ledger", "verify-receipt", &file, "--key", &key];
        let good = nowhere.run(&words);
        assert_eq!(good.status.code(), Some(0), "{good:?}");
        assert!(out(&good).contains(status), "{good:?}");
        fs::write(&file, text.replacen(status, "pending", 1)).unwrap();
        let bad = nowhere.run(&words);
        assert_eq!(bad.status.code(), Some(3), "{bad:?}");
        assert!(err(&bad).contains("RECEIPT_BROKEN"), "{bad:?}");
        fs::write(&file, &text[1..]).unwrap();
        assert_eq!(nowhere.run(&words).status.code(), Some(2));
    }
    let waiting = server.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    let found = server.facts("get_payment_status", json!({ "paymentId": waiting["payment_id"] }));
    assert!(found.get("receipt").is_none(), "{found}");
    server.end().is_clean();
}

#[test]
fn a_receipt_of_a_retired_key_is_vouched_for_by_the_ledger() {
    let home = Home::new();
    let receipt = |paid: &Value| {
        let mut server = home.initialized();
        let asked = json!({ "paymentId": paid["payment_id"] });
        let receipt = server.facts("get_payment_status", asked)["receipt"].clone();
        server.end().is_clean();
        receipt
    };
    let before = receipt(&pay(&home, "1"));
    let first = home.run(&["ledger", "key"]).stdout;
    home.json(&["ledger", "rotate-key"]);
    let after = receipt(&pay(&home, "1.5"));
    assert_ne!(before["keyId"], after["keyId"]);
    let files = export(&home);
    let (ledger, last) = (files.at("ledger.jsonl"), files.at("ledger.pub"));
    fs::write(files.at("first.pub"), first).unwrap();
    let nowhere = Home::new();
    let check = |receipt: &Value, key: &str, ledger: &str| {
        fs::write(files.at("receipt.json"), receipt.to_string()).unwrap();
        let file = files.at("receipt.json");
        let words = ["ledger", "verify-receipt", &file, "--key", key];
        let words = match ledger {
            "" => words.to_vec(),
            ledger => [&words[..], &["--ledger", ledger]].concat(),
        };
        nowhere.run(&words)
    };
    for key in [&files.at("first.pub"), &last] {
        for receipt in [&before, &after] {
            let good = check(receipt, key, &ledger);
            assert_eq!(good.status.code(), Some(0), "{good:?}");
            assert!(out(&good).contains("stand in the ledger"), "{good:?}");
        }
    }
    let alone = check(&before, &last, "");
    assert_eq!(alone.status.code(), Some(3), "{alone:?}");
    assert!(err(&alone).contains("--ledger"), "{alone:?}");
    // Good words under a good key, but of a chain that is not this one.
    let whole = fs::read_to_string(&ledger).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cut = before["events"][0]["seq"].as_u64().unwrap() as usize;
    for (name, text) in [
        ("cut", lines[..cut].join("\n")),
        ("swapped", [&lines[1..], &lines[..1]].concat().join("\n")),
    ] {
        fs::write(files.at(name), text).unwrap();
        let bad = check(&before, &last, &files.at(name));
        assert_eq!(bad.status.code(), Some(3), "{name}: {bad:?}");
    }
    let other = Home::new();
    pay(&other, "1");
    let foreign = export(&other);
    let bad = check(&before, &foreign.at("ledger.pub"), &foreign.at("ledger.jsonl"));
    assert_eq!(bad.status.code(), Some(3), "{bad:?}");
}

#[test]
fn lines_and_receipts_end_at_their_bound() {
    let home = Home::new();
    let settled = pay(&home, "1");
    let files = export(&home);
    let (ledger, key) = (files.at("ledger.jsonl"), files.at("ledger.pub"));
    let whole = fs::read_to_string(&ledger).unwrap();
    let (first, rest) = whole.split_once('\n').unwrap();
    // Blanks after an event are no part of it.
    for (over, code) in [(0, 0), (1, 3)] {
        let padded = format!("{}\n{rest}", pad(first, limits::LEDGER_LINE_BYTES + over));
        fs::write(files.at("padded"), padded).unwrap();
        let words = ["ledger", "verify", "--file", &files.at("padded"), "--key", &key];
        assert_eq!(home.run(&words).status.code(), Some(code), "{over} past the bound");
    }
    let mut server = home.initialized();
    let asked = json!({ "paymentId": settled["payment_id"] });
    let receipt = server.facts("get_payment_status", asked)["receipt"].to_string();
    server.end().is_clean();
    for (over, code) in [(0, 0), (1, 2)] {
        let padded = pad(&receipt, limits::RECEIPT_BYTES + over);
        fs::write(files.at("receipt"), padded).unwrap();
        let words = ["ledger", "verify-receipt", &files.at("receipt"), "--key", &key];
        assert_eq!(home.run(&words).status.code(), Some(code), "{over} past the bound");
    }
}

#[test]
fn the_report_shows_what_was_settled_and_what_is_held() {
    let home = Home::new();
    pay(&home, "1.5");
    assert_eq!(send(&home, "60")["status"], "denied");
    assert_eq!(send(&home, "5")["status"], "pending_approval");
    let report = home.json(&["report"]);
    assert_eq!(
        report["payments"],
        json!({ "settled": 1, "failed": 0, "denied": 1, "blocked": 0, "held": 1 })
    );
    let settled = json!({ "XNO": "1500000000000000000000000000000" });
    assert_eq!((&report["settledByCurrency"], &report["pendingApprovals"]), (&settled, &json!(1)));
    let share = json!({
        "settled": 1, "settledByCurrency": settled, "heldByCurrency": { "XNO": "5000000000000000000000000000000" },
        "denied": 1, "failed": 0, "blocked": 0, "pendingApprovals": 1,
    });
    let with = |name: &str, value: Value| {
        let mut share = share.clone();
        share[name] = value;
        json!([share])
    };
    assert_eq!(report["byAgent"], with("agentId", Value::Null));
    assert_eq!(report["byRail"], with("rail", json!("nano")));
    assert_eq!((&report["mandates"], &report["orders"]), (&json!([]), &json!([])));
    let mut since = home.json(&["report", "--since", "2020-01-01"]);
    assert_eq!(since["since"], "2020-01-01T00:00:00.000Z");
    since.as_object_mut().unwrap().remove("since");
    since["generatedAt"] = report["generatedAt"].clone();
    assert_eq!(since, report, "since before the beginning is all there is");
    let later = home.json(&["report", "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(
        later["payments"],
        json!({ "settled": 0, "failed": 0, "denied": 0, "blocked": 0, "held": 1 })
    );
    assert_eq!((&later["settledByCurrency"], &later["pendingApprovals"]), (&json!({}), &json!(1)));
    assert_eq!(later["byAgent"][0]["settled"], 0);
    assert_eq!(later["totals"][0]["held"], "5000000000000000000000000000000");
    let text = out(&home.run(&["report"]));
    assert!(text.contains("1.5 XNO settled, 5 XNO held"), "{text}");
    assert!(
        text.contains("1.5 XNO in 1 payments; 1 denied, 0 blocked, 0 failed, 1 waiting"),
        "{text}"
    );
}

#[test]
fn the_report_shows_mandates_with_their_bars_and_tells_a_freeze_from_a_denial() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    server.end().is_clean();
    for id in ["kept", "ended"] {
        home.json(&["mandates", "create", id, "--cap", "10 XNO"]);
    }
    let mut server = home.initialized();
    let asked = json!({
        "rail": "nano", "amount": "1500000000000000000000000000000", "currency": "XNO",
        "payeeAddress": SHOP, "mandateId": "kept",
    });
    assert_eq!(server.facts("request_payment", asked)["status"], "settled");
    server.end().is_clean();
    home.json(&["mandates", "revoke", "ended"]);
    home.json(&["freeze", "a test"]);
    assert_eq!(send(&home, "0.5")["status"], "denied");
    let report = home.json(&["report"]);
    assert_eq!(report["payments"]["blocked"], 1, "{report}");
    assert_eq!(
        (&report["payments"]["denied"], &report["payments"]["held"]),
        (&json!(0), &json!(0))
    );
    let kept = json!({
        "id": "kept", "currency": "XNO", "cap": "10000000000000000000000000000000",
        "spent": "1500000000000000000000000000000", "held": "0",
        "remaining": "8500000000000000000000000000000", "payments": 1, "revoked": false,
    });
    assert_eq!(report["mandates"][0], kept);
    assert_eq!(
        (&report["mandates"][1]["id"], &report["mandates"][1]["revoked"]),
        (&json!("ended"), &json!(true))
    );
    let text = out(&home.run(&["report"]));
    assert!(text.contains("1.5 XNO spent, 0 XNO held, 8.5 XNO left of 10 XNO"), "{text}");
    assert!(text.contains("ended  revoked"), "{text}");
}

/// An export with what goes beside it, in a directory of its own.
struct Files(tempfile::TempDir);

impl Files {
    fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn export(home: &Home) -> Files {
    let files = Files(tempfile::tempdir().unwrap());
    save(&home.run(&["ledger", "export"]), &files.path("ledger.jsonl"));
    save(&home.run(&["ledger", "key"]), &files.path("ledger.pub"));
    fs::copy(home.file("anchor.log"), files.path("anchor.log")).unwrap();
    files
}

fn save(output: &Output, path: &Path) {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    fs::write(path, &output.stdout).unwrap();
}

fn pad(text: &str, bytes: usize) -> String {
    format!("{text}{}", " ".repeat(bytes - text.len()))
}

fn pay(home: &Home, amount: &str) -> Value {
    let settled = send(home, amount);
    assert_eq!(settled["status"], "settled", "{settled}");
    settled
}

fn send(home: &Home, amount: &str) -> Value {
    let mut server = home.initialized();
    let key = format!("{amount}-{}", uuid::Uuid::new_v4());
    let sent =
        server.send(json!({ "recipient_address": SHOP, "amount": amount, "idempotency_key": key }));
    server.end().is_clean();
    sent
}

fn program(path: &Path, lines: &str) {
    fs::write(path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
