//! The files of a home: who may read them, and what happens when they are moved, replaced or set back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use super::support::{Home, SHOP, Server};
use super::{blocks_to_shop, is_sound, keeper_and_forwarder, keyed, signal};

#[test]
fn everything_is_the_owners_alone() {
    let home = Home::new();
    let (_keeper, mut forwarder) = keeper_and_forwarder(&home);
    forwarder.send(keyed("0.1", "a"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.path()), 0o700);
    assert_eq!(mode(&home.file("socket")), 0o700);
    assert_eq!(mode(&home.file("socket").join("keeper")), 0o600);
    for name in ["keystore.json", "ledger-key.pem", "wallet.lock", "anchor.log"] {
        assert_eq!(mode(&home.file(name)), 0o600, "{name}");
    }
}

#[test]
fn a_home_whose_path_is_too_long_for_a_socket_works() {
    let home = Home::new();
    let deep = home.path().join("d".repeat(90)).join("e".repeat(90));
    let server = || {
        let mut server = Server::start(home.command().env("PAYWARDEN_HOME", &deep));
        server.initialize("2025-11-25");
        server
    };
    let mut keeper = server();
    keeper.has_balance("100.0");
    let mut forwarder = server();
    assert_eq!(forwarder.send(keyed("0.5", "a"))["status"], "settled");
    keeper.has_balance("99.5");
    signal(keeper.pid(), Signal::KILL);
    forwarder.has_balance("99.5");
}

#[test]
fn a_store_that_is_moved_or_replaced_while_open_signs_nothing() {
    for replaced in [false, true] {
        let home = Home::new();
        let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
        let (store, away) = (home.file("wallet.redb"), home.file("away.redb"));
        if replaced {
            std::fs::copy(&store, &away).unwrap();
            std::fs::rename(&away, &store).unwrap();
        } else {
            std::fs::rename(&store, &away).unwrap();
        }
        for server in [&mut forwarder, &mut keeper] {
            let text = server.error("wallet_send", keyed("0.5", "a"));
            assert!(text.starts_with("STORE_REPLACED: "), "{replaced}: {text}");
            assert!(text.contains("moved or replaced while it was open"), "{text}");
        }
        assert_eq!(blocks_to_shop(&home), 0, "nothing is signed");
        drop((keeper, forwarder));
        if !replaced {
            std::fs::rename(&away, &store).unwrap();
        }
        // The file itself is whole, and was not written to.
        let mut server = home.initialized();
        assert_eq!(server.send(keyed("0.5", "b"))["status"], "settled");
        server.end().is_clean();
        is_sound(&home);
    }
}

#[test]
fn an_old_copy_of_the_store_is_frozen_with_words() {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance_soon("100.0");
    assert_eq!(server.send(keyed("0.5", "before"))["status"], "settled");
    assert_eq!(server.send(keyed("3", "asked"))["status"], "pending_approval");
    home.json(&["mandates", "create", "tea", "--cap", "2 XNO"]);
    server.end().is_clean();
    let copy = std::fs::read(home.file("wallet.redb")).unwrap();
    let (keeper, mut forwarder) = {
        let mut keeper = home.initialized();
        keeper.has_balance("99.5");
        (keeper, home.initialized())
    };
    assert_eq!(forwarder.send(keyed("1.5", "spent"))["status"], "settled");
    signal(forwarder.pid(), Signal::STOP);
    signal(keeper.pid(), Signal::KILL);
    drop(keeper);
    signal(forwarder.pid(), Signal::KILL);
    drop(forwarder);
    std::fs::write(home.file("wallet.redb"), copy).unwrap();
    let mut server = home.initialized();
    for arguments in [keyed("0.5", "new"), keyed("1.5", "spent")] {
        let sent = server.send(arguments);
        assert_eq!(sent["status"], "denied", "{sent}");
        assert_eq!(sent["reason_code"], "WALLET_FROZEN", "{sent}");
    }
    let mut beside = home.initialized();
    let sent = beside.send(json!({ "recipient_address": SHOP, "amount": "0.1" }));
    assert_eq!(sent["reason_code"], "WALLET_FROZEN");
    let status = home.json(&["status"]);
    assert_eq!(status["frozen"], true);
    let reason = status["reason"].as_str().unwrap();
    assert!(reason.contains("old copy") && reason.contains("anchored"), "{reason}");
    assert_eq!(blocks_to_shop(&home), 2, "nothing was signed since");
    goes_on_without_what_it_forgot(&home, &mut server);
}

/// What was spent under a mandate since the copy, and whether what waited then was paid, nobody knows.
fn goes_on_without_what_it_forgot(home: &Home, server: &mut Server) {
    let found = home.json(&["reconcile"]);
    assert_eq!((&found["restored"], &found["distrustedMandates"]), (&json!(true), &json!(["tea"])));
    let text = String::from_utf8(home.run(&["reconcile"]).stdout).unwrap();
    assert!(text.contains("old copy") && text.contains("not known: tea"), "{text}");
    assert_eq!(home.json(&["mandates", "list"])["mandates"][0]["id"], "tea", "it only looked");
    home.json(&["reconcile", "--acknowledge", found["acknowledgement"].as_str().unwrap()]);
    assert_eq!(home.json(&["status"])["frozen"], false);
    assert_eq!(home.json(&["mandates", "show", "tea"])["mandates"][0]["status"], "revoked");
    assert_eq!(home.json(&["approvals", "list"])["approvals"], json!([]));
    assert_eq!(home.json(&["status"])["accounts"][0]["reserved"], "0");
    assert_eq!(server.send(keyed("0.3", "after"))["status"], "settled");
    // What was anchored and is gone stays told.
    let verified = home.run(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!(verified.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&verified.stdout).contains("differs from the anchored one"));
}
