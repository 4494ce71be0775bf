//! The owner's commands as they are typed: output, exit codes, and what they leave behind.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use paywarden::ledger::{Event, TrustedKey, Verifier, VerifyMode};
use paywarden::limits;
use paywarden::operations::{Access, Audience, registry};
use paywarden::surfaces::cli::schemas::files;
use paywarden::surfaces::mcp::{Options, offered_tools};
use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP};

#[test]
fn help_and_usage() {
    let home = Home::new();
    let help = home.run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = out(&help);
    for word in ["approvals", "freeze", "ledger", "doctor", "demo", "Examples:", "Exit codes:"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(
        out(&home.run(&["--version"])),
        format!("paywarden {}\n", env!("CARGO_PKG_VERSION"))
    );
    for words in [
        &["approve"][..],
        &["--tool-name", "dotted", "status"],
        &["approvals"],
        &["approvals", "approve"],
        &["ledger", "show", "--limit", "0"],
        &["ledger", "show", "--limit", "1001"],
        &["--network", "mainnet", "status"],
        &["--work-threads", "65", "status"],
        &["approvals", "approve", "abc"],
        &["ledger", "verify", "--expect-head", "nonsense"],
        &["ledger", "show", "--payment", "nonsense"],
    ] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        let text = err(&output);
        assert!(text.contains("error: ") || text.contains("Usage: "), "{words:?}: {output:?}");
    }
}

#[test]
fn without_init_other_networks_are_refused_and_nothing_is_made() {
    let home = Home::new();
    for network in ["dev", "beta", "live"] {
        let output = home.run(&["--network", network, "status"]);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        assert!(err(&output).contains("NOT_INITIALISED") && err(&output).contains(network));
        let output = home.run(&["--network", network, "--json", "status"]);
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = &error["error"];
        assert_eq!(error["code"], "NOT_INITIALISED");
        assert_eq!(
            (&error["sent"], &error["retry"]),
            (&json!("nothing"), &json!("after_operator"))
        );
        assert_eq!(home.run(&["--network", network, "doctor"]).status.code(), Some(4));
    }
    assert!(!home.path().exists());
}

#[test]
fn status_shows_the_wallet_at_a_glance() {
    let home = Home::new();
    let text = out(&home.run(&["status"]));
    for words in ["play money", "live", "100 XNO", "tiered", "0 waiting", "ledger "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let status = home.json(&["status"]);
    assert_eq!((&status["frozen"], &status["network"]), (&json!(false), &json!("sandbox")));
    assert_eq!(status["accounts"][0]["balance"], "100");
}

#[test]
fn an_approval_shows_the_mandate_and_what_the_agent_claims() {
    let home = Home::new();
    home.json(&["mandates", "create", "food", "--cap", "20 XNO"]);
    let mut server = home.initialized();
    server.has_balance("100.0");
    let asked = json!({
        "rail": "nano", "amount": "5000000000000000000000000000000", "currency": "XNO",
        "payeeAddress": SHOP, "mandateId": "food", "payeeCategory": "groceries", "intent": "dinner",
        "lineItems": [{ "name": "rice\u{202e}", "quantity": 2, "unitAmount": "1000000000000000000000000000000" }],
    });
    assert_eq!(server.facts("request_payment", asked)["status"], "pending_approval");
    server.end().is_clean();
    let waiting = home.json(&["approvals", "list"])["approvals"][0].clone();
    assert_eq!((&waiting["mandateId"], &waiting["mandateVersion"]), (&json!("food"), &json!(1)));
    assert_eq!(waiting["claimedCategory"], "groceries");
    assert_eq!(waiting["claimedIntent"], "dinner");
    let one = json!({ "amount": "1000000000000000000000000000000", "currency": "XNO" });
    let item = json!([{ "name": "rice\u{202e}", "quantity": 2, "unitAmount": one }]);
    assert_eq!(waiting["claimedItems"], item);
    let text = out(&home.run(&["approvals", "list"]));
    for words in [
        "food (version 1)",
        "\"groceries\" (the agent's words)",
        "\"2 x rice\\u{202e}, 1 XNO each\" (the agent's words)",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn approvals_are_listed_approved_and_rejected() {
    let home = Home::new();
    let first = ask_for(&home, &json!({ "recipient_address": SHOP, "amount": "5" }));
    let memo = "lunch\u{202e}dessert\nApproved: yes\u{200b}";
    let second =
        ask_for(&home, &json!({ "recipient_address": OTHER_SHOP, "amount": "7", "memo": memo }));
    let text = out(&home.run(&["approvals", "list"]));
    assert!(text.contains("2 payments wait"), "{text}");
    assert!(text.contains("lunch\\u{202e}dessert\\u{a}Approved: yes\\u{200b}"), "{text}");
    assert!(text.contains("5 XNO") && text.contains(SHOP) && text.contains("threshold"), "{text}");
    let json = home.run(&["--json", "approvals", "list"]);
    assert!(!out(&json).contains(['\u{202e}', '\u{200b}']));
    let listed: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(listed["approvals"][1]["memo"], memo);

    let id = |asked: &Value| asked["approval_id"].as_str().unwrap().to_owned();
    let approved = home.run(&["approvals", "approve", &id(&first)[..4]]);
    assert_eq!(approved.status.code(), Some(0), "{approved:?}");
    assert!(out(&approved).starts_with("Approved. Settled: 5 XNO"), "{approved:?}");
    let rejected = home.run(&["approvals", "reject", &id(&second), "--reason", "too dear"]);
    assert_eq!(rejected.status.code(), Some(0), "{rejected:?}");
    let text = out(&rejected);
    assert!(text.starts_with("Rejected. ") && text.contains("too dear"), "{rejected:?}");
    assert_eq!(out(&home.run(&["approvals", "list"])), "Nothing waits for you.\n");
    for words in [
        &["approvals", "approve", &id(&first)][..],
        &["approvals", "reject", &id(&second)],
        &["approvals", "approve", "0000"],
    ] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(err(&output).contains("APPROVAL_NOT_WAITING"), "{output:?}");
    }
    assert_eq!(home.json(&["status"])["accounts"][0]["balance"], "95");
}

#[test]
fn an_approval_is_judged_again() {
    let home = Home::new();
    let asked = ask_for(&home, &json!({ "recipient_address": SHOP, "amount": "5" }));
    let id = asked["approval_id"].as_str().unwrap();
    home.json(&["freeze", "first a look"]);
    let output = home.run(&["approvals", "approve", id]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(err(&output).contains("WALLET_FROZEN"), "{output:?}");
    home.json(&["unfreeze"]);
    assert_eq!(home.json(&["approvals", "approve", id])["status"], "settled");
}

#[test]
fn a_freeze_holds_until_it_is_lifted() {
    let home = Home::new();
    let frozen = home.run(&["freeze", "odd behaviour"]);
    assert_eq!(frozen.status.code(), Some(0), "{frozen:?}");
    assert!(out(&frozen).contains("odd behaviour"), "{frozen:?}");
    assert!(!home.file("frozen").exists());
    assert!(out(&home.run(&["status"])).contains("FROZEN"));
    let mut server = home.initialized();
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    assert_eq!(
        (&sent["status"], &sent["reason_code"]),
        (&json!("denied"), &json!("WALLET_FROZEN"))
    );
    server.end().is_clean();
    assert_eq!(home.run(&["freeze"]).status.code(), Some(0));
    assert_eq!(home.json(&["status"])["reason"], "odd behaviour", "the first reason stays");
    assert_eq!(out(&home.run(&["unfreeze"])), "The wallet signs again.\n");
    let output = home.run(&["unfreeze"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(err(&output).contains("NOT_FROZEN"));
    assert_eq!(home.run(&["unfreeze", "--account", "0"]).status.code(), Some(3));
    assert_eq!(home.run(&["unfreeze", "--account", "9"]).status.code(), Some(2));
    let mut server = home.initialized();
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    assert_eq!(sent["status"], "settled");
}

#[test]
fn a_freeze_works_beside_a_running_server() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    let frozen = home.run(&["freeze", "stop it"]);
    assert_eq!(frozen.status.code(), Some(0), "{frozen:?}");
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    assert_eq!(
        (&sent["status"], &sent["reason_code"]),
        (&json!("denied"), &json!("WALLET_FROZEN"))
    );
    assert!(!home.file("frozen").exists(), "the freeze is on the ledger");
    assert_eq!(home.run(&["unfreeze"]).status.code(), Some(0));
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.3" }));
    assert_eq!(sent["status"], "settled");
    server.end().is_clean();
    let kinds: Vec<_> = events(&home).iter().map(|event| event.kind.clone()).collect();
    let freezes = kinds.iter().filter(|kind| kind.ends_with("frozen")).collect::<Vec<_>>();
    assert_eq!(freezes, ["wallet.frozen", "wallet.unfrozen"]);
}

/// A stop must not wait for better words.
#[test]
fn a_freeze_takes_any_words() {
    let home = Home::new();
    let (long, odd) = ("é".repeat(400), "a\nb\t\u{1b}[2Jc");
    for (words, kept) in
        [(odd, "a b  [2Jc"), (&*long, &*"é".repeat(256)), ("\u{7}", "frozen by operator")]
    {
        let frozen = home.json(&["freeze", words]);
        assert_eq!((&frozen["frozen"], &frozen["reason"]), (&json!(true), &json!(kept)));
        assert_eq!(home.json(&["status"])["reason"], kept);
        home.json(&["unfreeze"]);
    }
}

#[test]
fn a_marker_nobody_booked_is_booked_before_it_is_lifted() {
    let home = Home::new();
    home.json(&["status"]);
    fs::write(home.file("frozen"), "by hand").unwrap();
    assert_eq!(home.run(&["unfreeze"]).status.code(), Some(0));
    let events = events(&home);
    let frozen = events.iter().find(|event| event.kind == "wallet.frozen").unwrap();
    assert_eq!(frozen.data["reason"], "by hand");
    assert_eq!(events.last().unwrap().kind, "wallet.unfrozen");
    assert_eq!(home.json(&["status"])["frozen"], false);
}

#[test]
fn a_wallet_can_be_frozen_before_it_is_made() {
    let home = Home::new();
    assert_eq!(home.run(&["freeze", "not yet"]).status.code(), Some(0));
    assert_eq!(home.json(&["status"])["frozen"], true);
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    assert_eq!(home.run(&["unfreeze"]).status.code(), Some(0));
    let mut server = home.initialized();
    server.has_balance_soon("100.0");
}

#[test]
fn the_ledger_is_shown_verified_and_exported() {
    let home = Home::new();
    let mut server = home.initialized();
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    server.end().is_clean();
    let events = events(&home);
    verify(&events);
    let head = events.last().unwrap();
    let head = format!("{}:{}", head.seq, head.hash);

    let text = out(&home.run(&["ledger", "show", "--limit", "2"]));
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("payment.settled"), "the last page: {text}");
    let from = home.run(&["ledger", "show", "--from", "1", "--limit", "3"]);
    assert!(out(&from).contains("wallet.created") && err(&from).contains("--from 4"), "{from:?}");
    let payment = sent["payment_id"].as_str().unwrap();
    let shown = home.json(&["ledger", "show", "--payment", payment]);
    let shown: Vec<Event> = serde_json::from_value(shown["events"].clone()).unwrap();
    assert_eq!(
        shown,
        events
            .iter()
            .filter(|e| e.payment_id.as_deref() == Some(payment))
            .cloned()
            .collect::<Vec<_>>()
    );

    let first = ["ledger", "show", "--payment", payment, "--limit", "1"];
    let one = home.run(&first);
    assert_eq!(out(&one).lines().count(), 1, "{one:?}");
    let on = format!("--payment {payment} --from {}", shown[0].seq + 1);
    assert!(err(&one).contains(&on), "{one:?}");

    let ok = home.run(&["ledger", "verify", "--deep", "--expect-head", &head]);
    assert_eq!(ok.status.code(), Some(0), "{ok:?}");
    assert!(out(&ok).contains("The ledger holds"), "{ok:?}");
    let wrong = format!("3:{}", "0".repeat(64));
    let broken = home.run(&["ledger", "verify", "--expect-head", &head, "--expect-head", &wrong]);
    assert_eq!(broken.status.code(), Some(3), "{broken:?}");
    assert!(out(&broken).contains("BROKEN"), "{broken:?}");

    let file = home.file("export.jsonl");
    let export = ["ledger", "export", "--out", file.to_str().unwrap()];
    assert_eq!(home.run(&export).status.code(), Some(0));
    assert_eq!(fs::read(&file).unwrap(), home.run(&["ledger", "export"]).stdout);
    assert_eq!(home.run(&export).status.code(), Some(2), "a file is never written over");
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let home = Home::new();
    home.json(&["status"]);
    for words in [&["ledger", "export"][..], &["ledger", "show"], &["doctor"]] {
        let mut child = home
            .command()
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()), "{words:?}");
    }
}

#[test]
fn doctor_shows_everything_and_never_makes_anything() {
    let home = Home::new();
    let before = home.run(&["doctor"]);
    assert_eq!(before.status.code(), Some(0), "{before:?}");
    assert!(!home.path().exists());
    let mut server = home.initialized();
    server.has_balance("100.0");
    let beside = out(&home.run(&["doctor"]));
    assert!(beside.contains(&format!("pid {}", server.pid())), "{beside}");
    server.end().is_clean();
    let facts = home.json(&["doctor"]);
    assert_eq!(facts["store"]["verified"], true);
    assert_eq!(facts["unlock"], "sandbox: not needed");
    assert_eq!(facts["tools"]["count"], offered_tools(&Options::default()).unwrap().len());
    let origin = facts["settings"].as_array().unwrap().iter().find(|one| one["name"] == "home");
    assert_eq!(origin.unwrap()["origin"], "environment PAYWARDEN_HOME");
    for secret in home.secrets() {
        assert!(!facts.to_string().contains(&secret));
    }
    fs::write(home.file("config.toml"), "netwerk = \"live\"\n").unwrap();
    make_readable(&home.file("keystore.json"));
    fs::write(home.file("frozen"), "a look first").unwrap();
    let output = home.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    for words in ["line 1", "netwerk", "chmod 600", "FROZEN: a look first", "Problem 2"] {
        assert!(out(&output).contains(words), "{words}: {}", out(&output));
    }
}

#[test]
fn doctor_names_a_broken_sandbox() {
    let home = Home::new();
    home.json(&["status"]);
    fs::write(home.file("sandbox-nano.jsonl"), "{}\n").unwrap();
    let output = home.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(out(&output).contains("sandbox-nano.jsonl cannot be used: line 1"), "{output:?}");
    assert_eq!(fs::read(home.file("sandbox-nano.jsonl")).unwrap(), b"{}\n");
    let output = home.run(&["status"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(err(&output).contains("SANDBOX_UNUSABLE"), "{output:?}");
}

#[test]
fn there_is_nothing_to_unlock_where_nobody_has_the_wallet_open() {
    let home = Home::new();
    for made in [false, true] {
        if made {
            home.json(&["status"]);
        }
        let output = home.run(&["unlock"]);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        assert!(err(&output).contains("NOTHING_TO_UNLOCK"), "{output:?}");
    }
}

#[test]
fn the_demo_tells_the_whole_story() {
    let home = Home::new();
    let dir = tempfile::tempdir().unwrap();
    let mut demo = home.command();
    // Settings of the owner's must not get into it.
    demo.args(["demo"]).env("TMPDIR", dir.path()).env("PAYWARDEN_TOOL_NAMES", "dotted");
    let output = demo.stdin(Stdio::null()).output().unwrap();
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text.matches('✓').count(), 10, "{text}");
    for words in ["100.0 XNO", "settled in", "pending_approval", "HARD_LIMIT", "94.5 XNO", "All 10"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "its home is gone");
    assert!(!home.path().exists());

    let mut demo = home.command();
    let output = demo.args(["--json", "demo"]).env("TMPDIR", "/proc").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(out(&output).contains("DEMO_HOME"), "{output:?}");
}

#[test]
fn schemas_are_in_step_with_the_tools() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tool-schemas");
    let home = Home::new();
    if home_is_to_be_updated() {
        for entry in fs::read_dir(&dir).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        home.json(&["schemas", "--out", dir.to_str().unwrap()]);
    }
    let check = home.run(&["schemas", "--check", dir.to_str().unwrap()]);
    assert_eq!(check.status.code(), Some(0), "UPDATE=1 rewrites them: {}", out(&check));

    let copy = home.path().join("schemas");
    let copy = copy.to_str().unwrap();
    home.json(&["schemas", "--out", copy]);
    fs::write(Path::new(copy).join("wallet_send.json"), "{}").unwrap();
    fs::write(Path::new(copy).join("wallet_steal.json"), "{}").unwrap();
    fs::remove_file(Path::new(copy).join("wallet_balance.json")).unwrap();
    let check = home.run(&["schemas", "--check", copy]);
    assert_eq!(check.status.code(), Some(3));
    let expected = "wallet_balance.json is missing\nwallet_send.json differs\n\
        wallet_steal.json belongs to no tool\n";
    assert_eq!(out(&check), expected);
    assert_eq!(home.run(&["schemas", "--check", "/nowhere"]).status.code(), Some(2));
}

#[test]
fn the_tools_fit_their_budgets() {
    let all = offered_tools(&Options::default()).unwrap();
    assert!(all.len() <= limits::MCP_TOOLS, "{} tools", all.len());
    assert_eq!(files().unwrap().len(), all.len());
    let bytes = |tools: &Vec<_>| serde_json::to_vec(&json!({ "tools": tools })).unwrap().len();
    assert!(bytes(&all) <= limits::MCP_TOOLS_BYTES, "{} bytes", bytes(&all));
    // Groups that are still to come do not count yet.
    let mut core: Vec<String> = ["wallet", "payment", "guard"].map(str::to_owned).into();
    core.retain(|name| registry().iter().any(|one| one.spec().toolset == name));
    let few = offered_tools(&Options { toolsets: Some(core), ..Options::default() }).unwrap();
    assert!(bytes(&few) <= CORE_TOOLS_BYTES, "{} bytes", bytes(&few));
    println!(
        "{} tools {} bytes, {} core tools {} bytes",
        all.len(),
        bytes(&all),
        few.len(),
        bytes(&few)
    );
    for operation in registry() {
        let spec = operation.spec();
        let length = spec.description.chars().count();
        assert!(length <= limits::DESCRIPTION_CHARS, "{}: {length}", spec.name);
        let spends = spec.access == Access::Spend && spec.audience == Audience::Agent;
        let input = Value::Object(operation.input_schema()).to_string();
        let keyed = input.contains("idempotency_key") || input.contains("idempotencyKey");
        assert!(!spends || keyed, "{} moves money and takes no idempotency key", spec.name);
    }
}

/// Has a payment asked for by a server that then ends.
fn ask_for(home: &Home, arguments: &Value) -> Value {
    let mut server = home.initialized();
    let asked = server.send(arguments.clone());
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    server.end().is_clean();
    asked
}

fn events(home: &Home) -> Vec<Event> {
    let exported = home.run(&["ledger", "export"]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    out(&exported).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// As anyone could with the export alone.
fn verify(events: &[Event]) {
    let key = events[0].data["ledgerKey"].as_str().unwrap();
    let key = TrustedKey::from_pem(key).unwrap();
    let mut verifier = Verifier::new(VerifyMode::Signatures, vec![key], Vec::new());
    for event in events {
        verifier.push(event);
    }
    let report = verifier.finish();
    assert!(report.ok, "{report:?}");
}

fn make_readable(path: &Path) {
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(path, readable).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the switch of whoever runs the test")]
fn home_is_to_be_updated() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Budget of `--toolsets wallet,payment,guard`, in bytes of JSON.
const CORE_TOOLS_BYTES: usize = 18_000;
