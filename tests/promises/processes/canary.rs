//! P13: no seed, key or secret of the wallet's appears in anything a process prints, logs, answers or writes down for
//! others to read, nor in how it was started.
//!
//! The canaries are known before the first start, so that every output can be searched for them in each form they
//! could take.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::process::{Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paywarden::nano::{Network, Seed};
use paywarden::store::LedgerSigner;
use paywarden::wallet::KeyFile;
use serde_json::json;

use super::fleet::{Fleet, Said, errors_file, output_file};
use super::lift_rate_limit;
use super::support::Home;

#[test]
fn p13_canaries_appear_in_no_output_of_a_storm() {
    let home = home_with_canaries();
    let first = home.run(&["--log", "trace", "status"]);
    assert!(first.status.success(), "{first:?}");
    lift_rate_limit(&home);
    let fleet = Fleet::start_with(home, 3, &["--log", "trace"]);
    for number in 0..12 {
        for slot in 0..3 {
            let said = fleet.send(slot, &format!("{slot}-{number}"), "0.001").unwrap();
            assert!(matches!(said, Said::Facts(_)), "{said:?}");
        }
        if number % 3 == 2 {
            fleet.kill(fleet.keeper().unwrap());
        }
    }
    assert!(matches!(fleet.send(0, "0-0", "0.002"), Ok(Said::Error(_))));
    assert!(matches!(fleet.send(1, "waits", "5"), Ok(Said::Facts(_))));
    assert!(matches!(
        fleet.call(2, "wallet_balance", &json!({ "account": "x" })),
        Ok(Said::Error(_))
    ));
    search("/proc/*/cmdline", &command_lines());
    let keeper = std::fs::read_to_string(fleet.home.file("wallet.lock")).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", keeper.trim())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let mut searched = 0;
    for words in COMMANDS {
        searched += search_output(words, &fleet.home.run(words));
    }
    let home = fleet.end();
    let log = std::fs::read(errors_file(&home)).unwrap();
    assert!(!log.is_empty(), "the trace was on");
    searched += search("standard error", &log);
    searched += search("standard output", &std::fs::read(output_file(&home)).unwrap());
    for name in ["wallet.redb", "anchor.log", "sandbox-nano.jsonl", "wallet.lock"] {
        searched += search(name, &std::fs::read(home.file(name)).unwrap());
    }
    println!("P13: {searched} bytes searched for {} forms of 3 canaries", canaries().len());
}

#[test]
fn p13_canaries_appear_in_no_words_about_broken_files() {
    let home = home_with_canaries();
    assert!(home.run(&["status"]).status.success());
    let keys = std::fs::read_to_string(home.file("keystore.json")).unwrap();
    let pem = std::fs::read_to_string(home.file("ledger-key.pem")).unwrap();
    let seed = canary_hex();
    let broken = [
        ("keystore.json", keys.replace("\"seed\": \"", "\"seed\": ")),
        ("keystore.json", keys.replace(&seed, &format!("{seed}00"))),
        ("keystore.json", keys.replace(&seed, &format!("{seed}\u{fffd}"))),
        ("keystore.json", keys.replace("\"none\"", &format!("\"{seed}\""))),
        ("keystore.json", keys.replace("sandbox", &seed)),
        ("keystore.json", seed.clone()),
        ("ledger-key.pem", pem.replace("-----END", "-----FIN")),
        ("ledger-key.pem", pem.replace("\n-----END", "AAAA\n-----END")),
        ("config.toml", format!("unlock = \"{UNLOCK}\"\n")),
        ("config.toml", format!("{UNLOCK}\n")),
        ("config.toml", format!("network = \"{seed}\"\n")),
    ];
    let whole = |name: &str| match name {
        "keystore.json" => Some(&keys),
        "ledger-key.pem" => Some(&pem),
        _ => None,
    };
    for (number, (name, text)) in broken.iter().enumerate() {
        std::fs::write(home.file(name), text).unwrap();
        for words in [&["--log", "trace", "status"][..], &["--json", "status"], &["doctor"]] {
            let output = home.run(words);
            // A wrong setting has to be quoted to be found; what stands in key files never.
            if *name != "config.toml" || number == 8 {
                search_output(words, &output);
            }
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(!errors.contains("panicked"), "{errors}");
        }
        match whole(name) {
            Some(text) => std::fs::write(home.file(name), text).unwrap(),
            None => std::fs::remove_file(home.file(name)).unwrap(),
        }
    }
    assert!(home.run(&["status"]).status.success());
}

#[test]
fn p13_canaries_do_not_come_out_when_nothing_can_be_printed() {
    let home = home_with_canaries();
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for words in COMMANDS {
        let mut command = home.command();
        command.args(*words).stdin(Stdio::null()).stdout(full());
        let output = command.output().unwrap();
        search_output(words, &output);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("panicked"), "{words:?}: {errors}");
    }
}

/// A home made before the first start, with secrets that can be searched for.
pub(super) fn home_with_canaries() -> Home {
    let mut home = Home::new();
    DirBuilder::new().mode(0o700).create(home.path()).unwrap();
    let write = |name: &str, text: &str| {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(home.file(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    write(
        "keystore.json",
        &KeyFile::unprotected(Network::Sandbox, &Seed::from_bytes(SEED)).to_json(),
    );
    write("ledger-key.pem", &LedgerSigner::from_bytes(&LEDGER_KEY).to_pem());
    write("unlock.txt", UNLOCK);
    home.set("PAYWARDEN_UNLOCK_FILE", home.file("unlock.txt"));
    home
}

/// Every form in which the canaries could stand in an output.
fn canaries() -> Vec<Vec<u8>> {
    let mut forms = vec![UNLOCK.as_bytes().to_vec()];
    forms.extend([SEED, LEDGER_KEY].iter().flat_map(forms_of));
    // The signing key of the account, as it is used.
    let pem = LedgerSigner::from_bytes(&LEDGER_KEY).to_pem();
    forms.push(pem.lines().nth(1).unwrap().as_bytes().to_vec());
    forms
}

/// Every form a key could stand in. A part is as bad as the whole: half of it is searched for.
pub(super) fn forms_of(bytes: &[u8; 32]) -> Vec<Vec<u8>> {
    let mut hex = String::new();
    bytes.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    let decimal: Vec<_> = bytes.iter().map(ToString::to_string).collect();
    vec![
        hex[..32].to_uppercase().into_bytes(),
        hex[..32].to_owned().into_bytes(),
        decimal[..16].join(", ").into_bytes(),
        decimal[..16].join(",").into_bytes(),
        STANDARD.encode(&bytes[..15]).into_bytes(),
        bytes[..16].to_vec(),
    ]
}

fn canary_hex() -> String {
    let mut hex = String::new();
    SEED.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    hex
}

fn search_output(words: &[&str], output: &Output) -> usize {
    let what = words.join(" ");
    search(&what, &output.stdout) + search(&what, &output.stderr)
}

/// Fails if any canary is in it; gives its length.
pub(super) fn search(what: &str, text: &[u8]) -> usize {
    search_for(&canaries(), what, text)
}

pub(super) fn search_for(canaries: &[Vec<u8>], what: &str, text: &[u8]) -> usize {
    for canary in canaries {
        let found = text.windows(canary.len()).position(|part| part == canary.as_slice());
        if let Some(at) = found {
            let around = &text[at.saturating_sub(60)..(at + 10).min(text.len())];
            panic!("a canary is in {what}: {}", String::from_utf8_lossy(around));
        }
    }
    text.len()
}

fn command_lines() -> Vec<u8> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.collect::<Vec<_>>().join(&b'\n')
}

pub(super) const SEED: [u8; 32] = *b"\xCA\x11\xA5\xEE\xD0\x01\x02\x03canary-of-the-sandbox-wa";
const LEDGER_KEY: [u8; 32] = *b"\x1E\xD6\xE8\x0F\x8C\x99\x17\x71canary-of-the-ledger-key";
const UNLOCK: &str = "canary-unlock-secret-of-nobody";
const COMMANDS: &[&[&str]] = &[
    &["--log", "trace", "status"],
    &["--json", "status"],
    &["--log", "trace", "doctor"],
    &["--json", "doctor"],
    &["--log", "trace", "approvals", "list"],
    &["--log", "trace", "approvals", "approve", "0000"],
    &["--log", "trace", "ledger", "show"],
    &["ledger", "export"],
    &["--log", "trace", "ledger", "verify", "--deep"],
    &["--network", "dev", "status"],
    &["--network", "live", "init"],
    &["no-such-command", "--log", "trace"],
];
