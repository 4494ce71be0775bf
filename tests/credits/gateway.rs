//! A wallet whose owner has an API key of ifenpay and no node.

use std::path::PathBuf;

use paywarden::sandbox::ifenpay::Ifenpay;
use serde_json::json;

use crate::stage::Stage;
use crate::support::terminal::Terminal;
use crate::support::{Home, SHOP};

#[test]
fn a_sandbox_wallet_pays_through_ifenpay() {
    let mut home = Home::new();
    home.set("PAYWARDEN_GATEWAY", PathBuf::from("ifenpay"));
    let mut server = home.initialized();
    server.has_balance_soon("100");
    let sent = server.send(json!({ "recipient_address": SHOP, "amount": "1.5" }));
    assert_eq!(sent["status"], "settled", "{sent}");
    server.has_balance_soon("98.5");
    let bought = server.facts("credits_topup", json!({ "credits_amount": 10 }));
    assert_eq!(bought["new_credits_balance"], 110, "{bought}");
    server.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_new_wallet_registers_with_ifenpay_and_needs_no_node() {
    let stage = Stage::new();
    let home = Home::new();
    let words =
        format!("--network dev --gateway ifenpay --ifenpay-api-url {} init --yes", stage.api);
    let Some(mut terminal) = Terminal::start(&home, &words) else { return };
    let (said, code) = terminal.secrets(UNLOCK, OPERATOR).end();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("It has no node yet"), "{said}");
    // What init was told is in force: nothing of it is said again.
    let listed = home.json(&["--network", "dev", "wallet", "address"]);
    let account = listed["address"].as_str().unwrap().parse().unwrap();
    let gift = paywarden::money::Raw::from_xno("3").unwrap();
    stage.node.faucet_confirmed(account, gift).unwrap();
    let secret = home.path().with_file_name("unlock");
    std::fs::write(&secret, UNLOCK).unwrap();
    let mut command = home.command();
    command.args(["--network", "dev"]).env("PAYWARDEN_UNLOCK_FILE", &secret);
    let mut server = crate::support::Server::start(&mut command);
    server.network = "dev";
    server.initialize("2025-11-25");
    server.has_balance_soon("3");
    assert_eq!(server.facts("credits_get", json!({}))["credits"], 100);
    server.end().is_clean();
    let doctor = home.run(&["--network", "dev", "--json", "doctor"]);
    let doctor: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!(doctor["node"], "ifenpay, in the place of a node", "{doctor}");
}

#[test]
fn on_live_no_host_points_the_wallet_at_another_gateway_or_ifenpay() {
    let stage = Stage::new();
    let home = Home::new();
    let words = format!("--network live --gateway ifenpay --ifenpay-api-url {} init", stage.api);
    let Some(mut terminal) = Terminal::start(&home, &words) else { return };
    terminal.secrets(UNLOCK, OPERATOR).confirm();
    let (said, code) = terminal.end();
    assert_eq!(code, Some(0), "{said}");
    let asked = |settings: &[&str]| {
        home.run(&[&["--network", "live"], settings, &["wallet", "address"]].concat())
    };
    assert_eq!(asked(&[]).status.code(), Some(0));
    assert_eq!(
        asked(&["--gateway", "ifenpay", "--ifenpay-api-url", &stage.api]).status.code(),
        Some(0)
    );
    for other in [
        ["--gateway", "node"],
        ["--ifenpay-api-url", "http://127.0.0.1:1"],
        ["--ifenpay-api-url", "https://api.ifenpay.com"],
    ] {
        let output = asked(&other);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{other:?}: {said}");
        assert!(said.contains("NETWORK_FIXED") && said.contains("network set"), "{said}");
    }
}

#[test]
fn the_wallet_that_ifenpays_toolset_left_behind_is_taken_over() {
    let stage = Stage::new();
    let home = Home::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/ifenpay/ai.bin");
    let words = format!(
        "--network dev --gateway ifenpay --ifenpay-api-url {} init --import-ifenpay {file} --acknowledge-history",
        stage.api
    );
    for password in ["AUTOGEN_sandboy", "AUTOGEN_sandbox"] {
        let Some(mut terminal) = Terminal::start(&home, &words) else { return };
        terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", password);
        let (said, code) = terminal.end();
        let right = password == "AUTOGEN_sandbox";
        assert_eq!(code, Some(if right { 0 } else { 2 }), "{said}");
        assert_eq!(said.contains("IMPORT_INVALID"), !right, "{said}");
        assert!(!said.contains(password) && !said.contains(Ifenpay::KEY), "{said}");
        assert_eq!(home.file("wallet.redb").exists(), right);
    }
    let listed = home.json(&["--network", "dev", "wallet", "address"]);
    let first = "nano_1bwjtpipkzc7aj6hmuodncjmfsb4tou9word8bj9jxcm68cheipad54q66xe";
    assert_eq!(listed["address"], first);
    let access = std::fs::read_to_string(home.file("ifenpay-access.json")).unwrap();
    assert!(access.contains(Ifenpay::KEY), "the key of the file is kept");
}

const UNLOCK: &str = "unlock secret of this test";
const OPERATOR: &str = "operator secret of this test";
