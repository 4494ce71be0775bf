//! A home that is damaged, newer, or out of reach: one clear sentence each, and every byte left as it was.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use redb::{Database, TableDefinition};
use serde_json::json;
use support::{Home, contents};

#[test]
fn a_damaged_store_is_named_and_left_alone() {
    let whole = {
        let home = wallet();
        fs::read(home.file("wallet.redb")).unwrap()
    };
    let mut flipped = whole.clone();
    for byte in flipped.iter_mut().skip(4096).step_by(97) {
        *byte ^= 0x5a;
    }
    let cases: [(&str, Vec<u8>); 6] = [
        ("garbage", b"this is no database".repeat(1000)),
        ("one byte", vec![0]),
        ("zeros", vec![0; whole.len()]),
        ("cut in half", whole[..whole.len() / 2].to_vec()),
        ("cut short", whole[..whole.len() - 4096].to_vec()),
        ("flipped", flipped),
    ];
    for (name, bytes) in cases {
        let home = wallet();
        fs::write(home.file("wallet.redb"), &bytes).unwrap();
        refuses(&home, "STORE_CORRUPT", name);
    }
}

#[test]
fn a_newer_store_is_named_and_left_alone() {
    let home = wallet();
    let meta: TableDefinition<'_, &str, u32> = TableDefinition::new("meta");
    fs::remove_file(home.file("wallet.redb")).unwrap();
    {
        let database = Database::create(home.file("wallet.redb")).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(meta).unwrap().insert("format", 99).unwrap();
        write.commit().unwrap();
    }
    refuses(&home, "STORE_NEWER", "format 99");
    let output = home.run(&["doctor"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("STORE_NEWER") && text.contains("format 99"), "{text}");
}

#[test]
fn a_wallet_without_its_keys_makes_no_new_ones() {
    for (file, code) in
        [("keystore.json", "KEYSTORE_MISSING"), ("ledger-key.pem", "LEDGER_KEY_MISSING")]
    {
        let home = wallet();
        fs::remove_file(home.file(file)).unwrap();
        refuses(&home, code, file);
        assert!(!home.file(file).exists());
    }
    let home = wallet();
    fs::write(home.file("keystore.json"), "{\"version\": 1, \"seed\": \"secret-words\"").unwrap();
    refuses(&home, "KEYSTORE_UNUSABLE", "keystore.json");
}

#[test]
fn a_home_that_cannot_be_made_is_one_clear_sentence() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let path = dir.path().join("file/wallet");
    out_of_reach(path.to_str().unwrap());
}

#[test]
fn a_read_only_home_is_one_clear_sentence() {
    if rustix::process::geteuid().is_root() {
        // Permissions do not bind root; the kernel's own read-only file system does.
        return out_of_reach("/proc/paywarden");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    out_of_reach(dir.path().join("wallet").to_str().unwrap());
    out_of_reach(dir.path().to_str().unwrap());
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

/// A wallet that has made a payment.
fn wallet() -> Home {
    let home = Home::new();
    let mut server = home.initialized();
    let send = json!({ "recipient_address": support::SHOP, "amount": "0.1" });
    assert_eq!(server.send(send)["status"], "settled");
    server.end().is_clean();
    home
}

/// Server and commands say why, in one sentence, and change nothing but the lock.
fn refuses(home: &Home, code: &str, case: &str) {
    let before = lasting(home);
    let mut server = home.initialized();
    for tool in ["wallet_balance", "list_mandates"] {
        let text = server.error(tool, json!({}));
        assert!(text.starts_with(&format!("{code}: ")), "{case}: {text}");
        assert!(text.contains("Nothing was sent.") && !text.contains("secret-words"), "{text}");
    }
    let ended = server.end();
    ended.is_clean();
    // A session that ends before the wallet was looked at beside it has told its caller, and logs nothing.
    assert!(ended.stderr.lines().count() <= 1, "{case}: {}", ended.stderr);
    assert!(ended.stderr.is_empty() || ended.stderr.contains(code), "{}", ended.stderr);
    for words in [&["status"][..], &["ledger", "verify"], &["ledger", "export"]] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(1), "{case}: {output:?}");
        assert!(output.stdout.is_empty(), "{case}: {output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("error: ") && text.contains(code), "{case}: {text}");
        assert!(text.lines().count() == 2 && text.contains("\nhint: "), "{case}: {text}");
    }
    let output = home.run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(4), "{case}: {output:?}");
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!facts["problems"].as_array().unwrap().is_empty(), "{case}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{case}");
    assert!(before == lasting(home), "{case}: files have changed");
}

fn lasting(home: &Home) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = contents(&home.path());
    files.retain(|(path, _)| !path.ends_with("wallet.lock"));
    files
}

fn out_of_reach(path: &str) {
    let home = Home::new();
    let mut server = home.server_with(&["--home", path]);
    server.initialize("2025-11-25");
    let text = server.error("wallet_balance", json!({}));
    assert!(text.starts_with("HOME_UNAVAILABLE: "), "{text}");
    assert!(!text.contains('\n') && text.contains("cannot be"), "{text}");
    let ended = server.end();
    ended.is_clean();
    assert!(ended.stderr.lines().count() <= 1, "told once: {}", ended.stderr);
    for words in [&["--home", path, "status"][..], &["--home", path, "freeze"]] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be"), "{output:?}");
    }
    assert_eq!(home.run(&["--home", path, "doctor"]).stderr, b"");
}
