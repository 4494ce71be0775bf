//! The life of a wallet that holds more than play money, as its owner types it: made, imported, checked, exported.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use paywarden::nano::mnemonic::{Phrase, legacy_seed};
use paywarden::nano::{DEV_GENESIS_PRIVATE_KEY, Network};
use paywarden::secret::Secret;
use paywarden::wallet::{IMPORTED, KeyFile};
use serde_json::Value;
use support::Home;
use support::terminal::{Terminal, shown_words};

#[test]
fn init_shows_the_phrase_once_and_makes_the_wallet_when_it_is_confirmed() {
    let home = Home::new();
    let out = home.path().with_file_name("out.json");
    let words = format!("--network dev --json init > {}", out.display());
    let Some(mut terminal) = Terminal::start(&home, &words) else { return };
    let phrase = terminal.secrets(UNLOCK, OPERATOR).confirm();
    let (said, code) = terminal.end();
    assert_eq!((phrase.len(), code), (24, Some(0)), "{said}");
    for secret in [UNLOCK, OPERATOR] {
        assert!(!said.contains(secret), "a secret is echoed: {said}");
    }
    assert_eq!(shown_words(&said).len(), 24, "shown once: {said}");
    let made: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let seed = legacy_seed(&Phrase::parse(&phrase.join(" ")).unwrap()).unwrap();
    assert_eq!(made["account"], seed.derive(0).account().to_string(), "{made}");
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(!written.contains(&phrase.join(" ")), "the phrase is in no file: {written}");

    let keys = std::fs::read_to_string(home.file("keystore.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!(keys["protection"], "argon2id-xchacha20poly1305", "{keys}");
    assert_eq!((&keys["network"], &keys["kind"]), (&"dev".into(), &"seed".into()));
    assert!(keys.get("seed").is_none(), "{keys}");
    let mode = std::fs::metadata(home.file("keystore.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let before = support::contents(&home.path());
    let (said, code) = Terminal::start(&home, "--network dev init").unwrap().end();
    assert!(said.contains("WALLET_EXISTS") && code == Some(3), "{said}");
    assert_eq!(support::contents(&home.path()), before);
}

#[test]
fn nothing_is_made_when_the_phrase_or_a_secret_is_not_confirmed() {
    let home = Home::new();
    let Some(mut terminal) = Terminal::start(&home, "--network dev init") else { return };
    terminal.answer(": ", UNLOCK).answer(": ", "unlock-secret-mistyped");
    let (said, _) = terminal.end();
    assert!(said.contains("SECRETS_DIFFER"), "{said}");
    let mut terminal = Terminal::start(&home, "--network dev init").unwrap();
    terminal.secrets(UNLOCK, OPERATOR);
    for _ in 0..2 * paywarden::limits::PHRASE_TRIES {
        terminal.answer("of your copy: ", "nonsense");
    }
    let (said, code) = terminal.end();
    assert!(said.contains("PHRASE_NOT_CONFIRMED") && code == Some(3), "{said}");
    // The terminal goes away in the middle.
    let mut terminal = Terminal::start(&home, "--network dev init").unwrap();
    terminal.secrets(UNLOCK, OPERATOR);
    drop(terminal);
    let (said, code) = Terminal::start(&home, "--network live init --yes").unwrap().end();
    assert!(said.contains("CONFIRMATION_NEEDED") && code == Some(3), "{said}");
    // And without a terminal nobody is asked.
    let mut bare = home.command();
    bare.args(["--network", "dev", "init"]).stdin(Stdio::null());
    drop(bare.output());
    assert!(!home.path().exists(), "nothing is made");
}

#[test]
fn a_phrase_with_two_meanings_is_asked_about_and_its_past_acknowledged() {
    for (choice, passphrase, first) in [
        (
            "1",
            None,
            legacy_seed(&Phrase::parse(WORDS).unwrap()).unwrap().derive(0).account().to_string(),
        ),
        ("2", Some("some password"), BIP44_FIRST.to_owned()),
    ] {
        let home = Home::new();
        let Some(mut terminal) = Terminal::start(&home, "--network dev init --import") else {
            return;
        };
        terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", &WORDS.to_uppercase());
        terminal.answer("1 or 2: ", choice);
        if let Some(passphrase) = passphrase {
            terminal.answer("is none): ", passphrase);
        }
        terminal.answer("go on: ", "yes");
        let (said, code) = terminal.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&first) && said.contains("cannot be asked"), "{said}");
        assert!(!said.to_lowercase().contains("edge defense"), "{said}");
        // The copy on paper leads to it, and another does not.
        assert_eq!(check_copy(&home, passphrase, WORDS), Some(0));
        assert_eq!(check_copy(&home, None, &WORDS.replace("edge", "edges")), Some(2));
    }
}

#[test]
fn without_acknowledgement_nothing_is_imported() {
    let home = Home::new();
    let words = "--network live init --import --kind seed";
    let Some(mut terminal) = Terminal::start(&home, words) else { return };
    terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", &"ab".repeat(32));
    terminal.answer("go on: ", "no");
    let (said, code) = terminal.end();
    assert!(said.contains("HISTORY_NOT_ACKNOWLEDGED") && code == Some(3), "{said}");
    assert!(!home.path().exists());
    let mut terminal = Terminal::start(&home, words).unwrap();
    terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", &"ab".repeat(31));
    let (said, code) = terminal.end();
    assert!(said.contains("IMPORT_INVALID") && code == Some(2), "{said}");
    assert!(!said.contains("abab") && !home.path().exists(), "{said}");
}

#[test]
fn the_sandbox_and_other_networks_share_no_key() {
    let sandbox = Home::new();
    sandbox.json(&["status"]);
    let dir = sandbox.path().parent().unwrap().to_owned();
    std::fs::rename(sandbox.path(), dir.join("sandbox")).unwrap();
    let keys = std::fs::read_to_string(dir.join("sandbox/keystore.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let words = "--network dev init --import --acknowledge-history";
    let Some(mut terminal) = Terminal::start(&sandbox, words) else { return };
    terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", keys["seed"].as_str().unwrap());
    let (said, code) = terminal.end();
    assert!(said.contains("SANDBOX_KEYS") && code == Some(3), "{said}");
    assert!(!sandbox.path().exists());
    // Nor does its key file open under another name.
    std::fs::create_dir(sandbox.path()).unwrap();
    std::fs::copy(dir.join("sandbox/keystore.json"), sandbox.file("keystore.json")).unwrap();
    let output = sandbox.run(&["--network", "dev", "wallet", "backup"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("KEYSTORE_UNUSABLE"), "{output:?}");
}

#[test]
fn the_operator_changes_the_node_and_takes_in_a_test_key() {
    let home = Home::new();
    let Some(mut terminal) = Terminal::start(&home, "--network dev init --yes") else { return };
    let (said, code) = terminal.secrets(UNLOCK, OPERATOR).end();
    assert_eq!(code, Some(0), "{said}");
    let set = "--network dev --node-url https://rpc.example/hunter2 network set";
    for (secret, code) in [(UNLOCK, 3), (OPERATOR, 0)] {
        let mut terminal = Terminal::start(&home, set).unwrap();
        let (said, ended) = terminal.answer("Operator secret: ", secret).end();
        assert_eq!(ended, Some(code), "{said}");
        assert_eq!(said.contains("https://rpc.example/…"), code == 0, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let access = std::fs::metadata(home.file("node-access.json")).unwrap();
    assert_eq!(access.permissions().mode() & 0o777, 0o600);
    let none = home.run(&["--network", "dev", "network", "set"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("NODE_URL_MISSING"), "{none:?}");

    let key: String = DEV_GENESIS_PRIVATE_KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let genesis = Network::Dev.genesis_account().to_string();
    for secret in [OPERATOR, UNLOCK, UNLOCK] {
        let words = "--network dev wallet import --private-key --acknowledge-history";
        let mut terminal = Terminal::start(&home, words).unwrap();
        terminal.answer("Operator secret: ", OPERATOR).answer("Unlock secret: ", secret);
        if secret == UNLOCK {
            terminal.answer("not shown: ", &key);
        }
        let (said, code) = terminal.end();
        assert_eq!(code == Some(0), secret == UNLOCK, "{said}");
        assert_eq!(said.contains(&genesis), secret == UNLOCK, "{said}");
        assert!(!said.contains(&key), "{said}");
    }
    let text = std::fs::read_to_string(home.file("keystore.json")).unwrap();
    let file = KeyFile::parse(&text, Network::Dev).unwrap();
    let keys = file.keys(Some(&Secret::new(UNLOCK.to_owned()))).unwrap().unwrap();
    assert_eq!(keys.account(IMPORTED), Some(Network::Dev.genesis_account()));
    assert_eq!(keys.account(IMPORTED + 1), None, "taken in once");
}

#[test]
fn the_sandbox_lists_and_adds_accounts_and_shows_addresses() {
    let home = Home::new();
    let first = home.json(&["wallet", "address"]);
    let added = home.json(&["wallet", "accounts", "add"]);
    assert_eq!(added["index"], 1);
    let listed = home.json(&["wallet", "accounts"]);
    let accounts = listed["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 2, "{listed}");
    assert_eq!(
        (&accounts[0]["address"], &accounts[0]["balance"]),
        (&first["address"], &"100".into())
    );
    assert!(accounts[0]["representative"].as_str().unwrap().starts_with("nano_"), "{listed}");
    assert_eq!(accounts[1]["address"], added["address"]);
    let shown = home.run(&["wallet", "address", "--index", "1"]);
    assert_eq!(String::from_utf8(shown.stdout).unwrap().trim(), added["address"].as_str().unwrap());
    let unknown = home.run(&["wallet", "address", "--index", "7"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("accounts add"), "{unknown:?}");
    // It can be paid from another process, and pays back after it was closed and opened again.
    let mut server = home.initialized();
    let to = added["address"].as_str().unwrap();
    let paid = server.send(serde_json::json!({ "recipient_address": to, "amount": "1" }));
    assert_eq!(paid["status"], "settled");
    let received = server.facts("wallet_receive", serde_json::json!({ "account": "1" }));
    assert!(received.is_object());
    server.end().is_clean();
    assert_eq!(home.json(&["wallet", "accounts"])["accounts"][1]["balance"], "1");
    let report = home.json(&["ledger", "verify", "--deep"]);
    assert_eq!(report["ok"], true, "{report}");
}

#[test]
fn the_sandboxs_keys_are_not_backed_up_exported_to_pipes_or_added_to() {
    let home = Home::new();
    home.json(&["status"]);
    let backup = home.path().with_file_name("backup.json");
    for (words, code) in [
        (&["wallet", "backup", "--to", backup.to_str().unwrap()][..], "NOT_SEALED"),
        (&["wallet", "import", "--private-key"], "PRIVATE_KEYS_REFUSED"),
        (&["network", "set", "--node-url", "https://rpc.example"], "NOT_NEEDED"),
    ] {
        let output = home.run(words);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(code), "{output:?}");
    }
    assert!(!backup.exists());
    let seed = home.secrets().remove(1);
    let Some(mut terminal) = Terminal::start(&home, "wallet export > /dev/null") else { return };
    let (said, code) = terminal.end();
    assert!(said.contains(&seed) && code == Some(0), "shown at the terminal: {said}");
    let exported = home.json(&["ledger", "show", "--limit", "1"]);
    assert_eq!(exported["events"][0]["type"], "keys.exported", "{exported}");
    assert!(!exported.to_string().contains(&seed));
}

/// `wallet backup`: whether the copy is good; `None` where the wallet or what was typed cannot be opened.
fn check_copy(home: &Home, passphrase: Option<&str>, words: &str) -> Option<i32> {
    let mut terminal = Terminal::start(home, "--network dev wallet backup").unwrap();
    terminal.answer("not shown: ", words);
    if let Some(passphrase) = passphrase {
        terminal.answer("is none): ", passphrase);
    }
    terminal.end().1
}

const UNLOCK: &str = "unlock-secret-of-the-host";
const OPERATOR: &str = "operator-secret-of-the-owner";
const WORDS: &str = "edge defense waste choose enrich upon flee junk siren film clown finish luggage leader kid quick brick print evidence swap drill paddle truly occur";
const BIP44_FIRST: &str = "nano_1pu7p5n3ghq1i1p4rhmek41f5add1uh34xpb94nkbxe8g4a6x1p69emk8y1d";
