//! P12: a store that an earlier version made is opened, shows what it holds, goes on, and still verifies.
//!
//! `tests/vectors/store/v1` was made once, by the first version, and is never made anew: `cargo test --test golden_store --
//! --ignored` is for the version that introduces the next one.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Home, OTHER_SHOP, SHOP};

#[test]
fn the_store_of_version_1_opens_continues_and_verifies() {
    let home = Home::new();
    restore(&golden("v1"), &home);
    let expected: Value =
        serde_json::from_slice(&std::fs::read(golden("v1").join("expected.json")).unwrap())
            .unwrap();
    // Before anything is added: the ledger's head is the one that was noted when it was made.
    let head = expected["head"].as_str().unwrap();
    let report = home.json(&["ledger", "verify", "--deep", "--expect-head", head]);
    assert_eq!(report["ok"], true, "{report}");

    let mut server = home.initialized();
    let balance = server.facts("wallet_balance", json!({}));
    assert_eq!(balance["account"], expected["account"]);
    assert_eq!((&balance["balance"], &balance["available"]), (&json!("98.75"), &json!("93.75")));
    let history = server.facts("wallet_history", json!({}));
    let moved: Vec<_> = history["entries"].as_array().unwrap().iter().map(moved).collect();
    assert_eq!(moved, ["send 1.25", "receive 100"]);
    for (payment, status) in
        [("settled", "settled"), ("denied", "denied"), ("waiting", "pending_approval")]
    {
        let asked = json!({ "paymentId": expected[payment]["payment_id"] });
        let found = server.facts("get_payment_status", asked);
        assert_eq!(found["status"], status, "{found}");
    }
    // Its keys still stand for its payments.
    let again = server.send(json!({
        "recipient_address": SHOP, "amount": "1.25", "idempotency_key": "golden-settled", "memo": "tea",
    }));
    assert_eq!(again["block_hash"], expected["settled"]["block_hash"]);

    let approval = expected["waiting"]["approval_id"].as_str().unwrap();
    assert_eq!(home.json(&["approvals", "approve", approval])["status"], "settled");
    let next = json!({ "recipient_address": OTHER_SHOP, "amount": "0.5" });
    assert_eq!(server.send(next)["status"], "settled");
    server.has_balance("93.25");
    server.end().is_clean();
    let report = home.json(&["ledger", "verify", "--deep", "--expect-head", head]);
    assert_eq!(report["ok"], true, "{report}");
}

/// Its approval must not lapse before the test is run: it waits for a hundred years.
#[test]
#[ignore = "makes the golden store of this version; see above"]
fn make_the_golden_store() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    server.end().is_clean();
    lasting_approvals(&home);
    let mut server = home.initialized();
    let settled = server.send(json!({
        "recipient_address": SHOP, "amount": "1.25", "idempotency_key": "golden-settled", "memo": "tea",
    }));
    assert_eq!(settled["status"], "settled");
    let denied = server.send(json!({ "recipient_address": SHOP, "amount": "60" }));
    assert_eq!(denied["status"], "denied");
    let waiting = server.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    assert_eq!(waiting["status"], "pending_approval");
    let account = server.facts("wallet_balance", json!({}))["account"].clone();
    server.end().is_clean();
    let head = home.json(&["status"])["ledgerHead"].clone();
    let noted = json!({
        "account": account, "settled": settled, "denied": denied, "waiting": waiting,
        "head": format!("{}:{}", head["seq"], head["hash"].as_str().unwrap()),
    });
    let dir = golden("v1");
    // Fails where one is: a golden store is never made anew.
    std::fs::create_dir(&dir).unwrap();
    for name in FILES {
        std::fs::copy(home.file(name), dir.join(name)).unwrap();
    }
    let text = serde_json::to_string_pretty(&noted).unwrap();
    std::fs::write(dir.join("expected.json"), format!("{text}\n")).unwrap();
}

fn lasting_approvals(home: &Home) {
    support::load_policy(home, |policy| policy.approval_expiry_ms = 100 * 365 * 24 * 3_600_000);
}

fn restore(golden: &Path, home: &Home) {
    std::fs::create_dir(home.path()).unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for name in FILES {
        std::fs::copy(golden.join(name), home.file(name)).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(home.file(name), private).unwrap();
    }
}

fn moved(entry: &Value) -> String {
    format!("{} {}", entry["kind"].as_str().unwrap(), entry["amount"].as_str().unwrap())
}

fn golden(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/store").join(version)
}

const FILES: [&str; 5] =
    ["wallet.redb", "keystore.json", "ledger-key.pem", "anchor.log", "sandbox-nano.jsonl"];
