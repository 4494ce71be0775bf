//! How every command ends: 0 done, 2 not understood, 3 refused, 4 out of reach; with `--json` always one JSON value.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use clap::{Command, CommandFactory as _};
use paywarden::surfaces::cli::args::Arguments;
use serde_json::{Value, json};
use support::{Home, SHOP};

/// Each in a home of its own where one approval waits, one payment is settled and one mandate is in force.
const TABLE: &[(&str, i32)] = &[
    ("status", 0),
    ("doctor", 0),
    ("completions bash", 0),
    ("schemas --check tool-schemas", 0),
    ("approvals list", 0),
    ("approvals approve {approval}", 0),
    ("approvals reject {approval}", 0),
    ("freeze odd", 0),
    ("ledger show", 0),
    ("ledger show --payment {payment}", 0),
    ("ledger verify --deep", 0),
    ("ledger export", 0),
    ("agents list", 0),
    ("agents register shopper --label Shops", 0),
    ("report", 0),
    ("report --since 2026-01-01", 0),
    ("reconcile", 0),
    ("mandates list", 0),
    ("mandates create coffee --cap 5XNO", 2),
    ("mandates revoke tea", 0),
    ("mandates show tea", 0),
    ("payees list", 0),
    ("payees set {shop} --category food", 0),
    ("merchants list", 0),
    ("merchants set grocer-1 --label Grocer", 0),
    ("merchants set grocer-1 --endpoint https://grocer.example --profile profile_1", 0),
    ("merchants set grocer-1 --endpoint http://grocer.example", 2),
    ("merchants set grocer-1 --profile profile_1", 2),
    ("funding show", 0),
    ("funding clear", 3),
    ("wallet address", 0),
    ("wallet accounts", 0),
    ("wallet history", 0),
    ("wallet representative", 0),
    ("wallet send {shop} 0.5", 0),
    ("wallet send {shop} 60", 3),
    ("policy show", 0),
    ("policy check {draft}", 0),
    ("policy apply {draft}", 0),
    ("policy explain {payment}", 0),
    ("policy simulate --file {draft} --last 5", 0),
    ("completions tcsh", 2),
    ("mandates create", 2),
    ("mandates create tea --cap -1", 2),
    ("mandates grant abc", 2),
    ("payees set", 2),
    ("wallet send {shop} 1e3", 2),
    ("wallet send nowhere 1", 2),
    ("wallet address --index -1", 2),
    ("network", 2),
    ("policy check", 2),
    ("policy show --toml", 2),
    ("report --since soon", 2),
    ("policy check {bad_draft}", 2),
    ("policy apply {bad_draft}", 2),
    ("policy simulate --file {bad_draft}", 2),
    ("policy simulate --file {draft} --since 1 --last 1", 2),
    ("policy explain nothing", 2),
    ("mandates show nothing", 3),
    ("payees remove {shop}", 3),
    ("merchants remove grocer-1", 3),
    ("mandates amend nothing --cap 1", 2),
    ("mandates revoke nothing", 3),
    ("mandates grant ffffffff", 3),
    ("mandates reject ffffffff", 3),
    ("network set", 3),
    ("schemas --check nowhere", 2),
    ("approvals approve abc", 2),
    ("approvals approve no-approval-id-although-36-characters", 2),
    ("unfreeze --account 9", 2),
    ("ledger show --limit 0", 2),
    ("ledger verify --expect-head nonsense", 2),
    ("agents register a/b", 2),
    ("status --work-threads 65", 2),
    ("approvals approve ffffffff", 3),
    ("approvals reject 00000000-0000-0000-0000-000000000000", 3),
    ("unfreeze", 3),
    ("clock accept", 3),
    ("init --network live", 3),
    ("agents rotate nobody", 3),
    ("agents label nobody New", 3),
    ("agents revoke nobody", 3),
    ("unlock", 4),
    ("status --network live", 3),
    ("approvals list --network live", 3),
    ("ledger verify --network live", 3),
    ("agents list --network live", 3),
    ("doctor --network live", 4),
    ("serve --network live", 3),
];

#[test]
fn every_command_ends_with_its_code_and_one_json_value() {
    let mut kept = None;
    for (line, code) in TABLE {
        let (home, facts) = kept.take().unwrap_or_else(lived_in);
        let line = line
            .replace("{approval}", facts["approval_id"].as_str().unwrap())
            .replace("{payment}", facts["settled"].as_str().unwrap())
            .replace("{shop}", SHOP)
            .replace("{draft}", home.file("good.toml").to_str().unwrap())
            .replace("{bad_draft}", home.file("bad.toml").to_str().unwrap());
        let words: Vec<&str> = line.split(' ').collect();
        let output = home.run(&[&["--json"], &words[..]].concat());
        assert_eq!(output.status.code(), Some(*code), "{line}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let lines_of_json = line.starts_with("ledger") || line == "wallet history";
        let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let values: Vec<Value> = values.map(|value| value.unwrap()).collect();
        assert!(lines_of_json || values.len() == 1, "{line}: {text}");
        // A denied payment is a result, not an error.
        let is_result = line == "doctor --network live" || values[0]["status"] == "denied";
        if *code != 0 && !is_result {
            let error = &values[0]["error"];
            assert!(error["code"].is_string() && error["message"].is_string(), "{line}: {text}");
        }
        // What was not done has changed nothing that the next one looks at.
        kept = (*code != 0).then_some((home, facts));
    }
}

#[test]
fn every_command_refuses_an_option_it_does_not_know() {
    let home = Home::new();
    for words in leaves(&Arguments::command(), &[]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let wrong = [&words[..], &["--no-such-option"]].concat();
        let output = home.run(&wrong);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        let output = home.run(&[&["--json"], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(error["error"]["code"], "USAGE", "{words:?}: {error}");
        assert_eq!(
            home.run(&[&words[..], &["--help"]].concat()).status.code(),
            Some(0),
            "{words:?}"
        );
    }
    assert!(!home.path().exists(), "a command that was not understood made a wallet");
}

#[test]
fn a_misspelt_command_is_answered_with_the_right_one() {
    let home = Home::new();
    for (words, right) in [
        (&["statsu"][..], "status"),
        (&["approvels"], "approvals"),
        (&["approvals", "aprove", "abcd"], "approve"),
        (&["agents", "regsiter", "x"], "register"),
        (&["policy", "simulat"], "simulate"),
    ] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(right), "{output:?}");
        let output = home.run(&[&["--json"], words].concat());
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(error["error"]["hint"].as_str().unwrap().contains(right), "{error}");
    }
}

#[test]
fn shells_are_told_every_command() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = home.run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["approvals", "agents", "register", "freeze", "ledger", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert!(!home.path().exists());
}

fn lived_in() -> (Home, Value) {
    let home = Home::new();
    let mut server = home.initialized();
    let paid = server.send(json!({ "recipient_address": SHOP, "amount": "1" }));
    let waits = server.send(json!({ "recipient_address": SHOP, "amount": "3" }));
    server.end().is_clean();
    home.json(&["mandates", "create", "tea", "--cap", "5 XNO"]);
    std::fs::write(home.file("good.toml"), "mode = \"approve-every\"\n").unwrap();
    std::fs::write(home.file("bad.toml"), "mode = \"always\"\n").unwrap();
    (home, json!({ "settled": paid["payment_id"], "approval_id": waits["approval_id"] }))
}

/// Every command that is not only a heading for others.
fn leaves(command: &Command, before: &[String]) -> Vec<Vec<String>> {
    let below: Vec<&Command> =
        command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if below.is_empty() {
        return vec![before.to_vec()];
    }
    let name = |below: &Command| [before, &[below.get_name().to_owned()]].concat();
    below.into_iter().flat_map(|below| leaves(below, &name(below))).collect()
}
