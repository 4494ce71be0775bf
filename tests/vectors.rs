//! Every vector of `tests/vectors/nano*.json` against this implementation, in both directions where there are two, and
//! every one of `tests/vectors/nanswap-webhook*.json`.
//!
//! Files are found when the test runs: a file dropped in is tested without a change here, and a vector of a kind
//! nobody checks is an error unless it says `"optional": true`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use paywarden::money::Raw;
use paywarden::nano::mnemonic::{Phrase, bip44_key, legacy_phrase, legacy_seed};
use paywarden::nano::work::value;
use paywarden::nano::{
    Account, BlockHash, Difficulty, Link, NanoUri, PrivateKey, Root, Seed, Signature, SignedBlock,
    StateBlock, Subtype, Work, verify,
};
use paywarden::providers::nanswap;
use paywarden::secret::Secret;
use serde_json::Value;

#[test]
fn seeds_derive_the_keys() {
    check("seed", |vector| {
        let seed = Seed::from_hex(vector.text("seed")).unwrap();
        assert_eq!(seed.expose(), &vector.bytes::<32>("seed"));
        expect_key(&seed.derive(vector.index()), vector);
    });
}

#[test]
fn mnemonics_derive_the_bip44_keys() {
    check("mnemonic", |vector| {
        let Some(phrase) = parse_phrase(vector) else {
            return;
        };
        let passphrase = vector.text("passphrase");
        assert_eq!(vector.text("path"), format!("44'/165'/{}'", vector.index()));
        let bip39_seed = phrase.bip39_seed(passphrase);
        assert_eq!(*bip39_seed, vector.bytes("bip39_seed"));
        expect_key(&bip44_key(&phrase, passphrase, vector.index()).unwrap(), vector);
    });
}

#[test]
fn legacy_mnemonics_spell_the_seeds() {
    check("legacy_mnemonic", |vector| {
        let Some(phrase) = parse_phrase(vector) else {
            return;
        };
        let seed = legacy_seed(&phrase).unwrap();
        assert_eq!(seed.expose(), &vector.bytes::<32>("seed"));
        assert_eq!(*legacy_phrase(&seed), vector.text("mnemonic"));
        expect_key(&seed.derive(vector.index()), vector);
    });
}

#[test]
fn addresses_are_read_and_written() {
    check("address", |vector| {
        let parsed = vector.text("address").parse::<Account>();
        if vector.flag("valid") != Some(true) {
            assert!(parsed.is_err(), "an invalid address was read");
            return;
        }
        let account = parsed.unwrap();
        assert_eq!(account.as_bytes(), &vector.bytes::<32>("public"));
        let written = account.to_string();
        assert_eq!(written, vector.text("address").replacen("xrb_", "nano_", 1));
        let uri: NanoUri = format!("nano:{written}").parse().unwrap();
        assert_eq!(uri.account, account);
    });
}

#[test]
fn blocks_have_the_hash_and_the_signature() {
    check("block", |vector| {
        let key = PrivateKey::from_bytes(vector.bytes("private"));
        let block = StateBlock {
            account: vector.parse("account"),
            previous: vector.parse("previous"),
            representative: vector.parse("representative"),
            balance: vector.parse("balance"),
            link: vector.parse("link"),
        };
        assert_eq!(key.account(), block.account);
        assert_eq!(block.account.as_bytes(), &vector.bytes::<32>("public"));
        assert_eq!(block.representative.as_bytes(), &vector.bytes::<32>("representative_public"));
        assert_eq!(block.link.as_account(), vector.parse("link_as_account"));
        assert_eq!(block.link, Link::from(vector.parse::<Account>("link_as_account")));
        assert_eq!(block.root(), vector.parse("work_root"));
        assert_eq!(block.hash(), vector.parse("hash"));
        vector.parse::<Subtype>("subtype");

        let signature = vector.parse::<Signature>("signature");
        assert!(verify(&block.account, &block.hash(), &signature));
        if vector.has_deterministic_signature() {
            assert_eq!(key.sign(&block.hash()), signature);
        }
        expect_json(SignedBlock { block, signature, work: None }, vector);
    });
}

#[test]
fn signatures_are_verified() {
    check("signature", |vector| {
        let account = Account::from_bytes(vector.bytes("public"));
        let hash: BlockHash = vector.parse("hash");
        let signature: Signature = vector.parse("signature");
        assert_eq!(signature.to_string(), vector.text("signature").to_uppercase());
        // What implementations disagree on is refused here: its verdict is null and its policy says so.
        let valid = vector.flag("valid").unwrap_or(false);
        assert_eq!(verify(&account, &hash, &signature), valid);
    });
}

#[test]
fn work_is_worth_its_value() {
    check("work", |vector| {
        let root: Root = vector.parse("root");
        let work: Work = vector.parse("work");
        let threshold: Difficulty = vector.parse("threshold");
        let expected: Difficulty = vector.parse("value");
        assert_eq!(work.to_string(), vector.text("work").to_lowercase());
        assert_eq!(value(work, &root), expected.0);
        assert_eq!(Some(threshold.is_met_by(work, &root)), vector.flag("valid"));
    });
}

#[test]
fn amounts_are_exact() {
    check("amount", |vector| {
        let xno = vector.text("nano");
        if vector.flag("valid") == Some(false) {
            assert!(Raw::from_xno(xno).is_err(), "an invalid amount was read");
            return;
        }
        let raw: Raw = vector.parse("raw");
        assert_eq!(Raw::from_xno(xno), Ok(raw));
        assert_eq!(raw.to_xno(), xno);
        assert_eq!(raw.to_string(), vector.text("raw"));
    });
}

#[test]
fn every_vector_is_of_a_kind_that_is_checked() {
    let mut counts = BTreeMap::new();
    let mut skipped = 0;
    let vectors = load();
    for vector in &vectors {
        let kind = vector.kind();
        if KINDS.contains(&kind) {
            *counts.entry(kind).or_insert(0) += 1;
        } else {
            assert!(vector.flag("optional") == Some(true), "nobody checks {vector:?}");
            skipped += 1;
        }
    }
    let total = vectors.len();
    report(&format!("{total} vectors: {counts:?}, {skipped} optional ones of other kinds"));
    assert_eq!(counts.values().sum::<usize>() + skipped, total);
    assert_eq!(counts.len(), KINDS.len(), "a kind has no vector");
}

#[test]
fn webhooks_are_signed_as_the_published_code_signs() {
    let mut count = 0;
    for json in files("nanswap-webhook").iter().flat_map(|file| list(&file.1, "vectors")) {
        let (body, secret) = webhook(&json);
        let claimed = json["expected_hex"].as_str().expect("a signature");
        let verified = nanswap::verify(body.as_bytes(), claimed, &secret);
        let name = &json["name"];
        // What is optional has two readings, and is refused.
        let is_optional = json["optional"].as_bool() == Some(true);
        assert_eq!(verified.is_ok(), !is_optional, "{name}: {:?}", verified.err());
        if !is_optional {
            assert_eq!(nanswap::sign(&body, &secret).as_deref(), Ok(claimed), "{name}");
        }
        count += 1;
    }
    report(&format!("webhook: {count} vectors checked"));
    assert!(count > 0, "no vector of a webhook");
}

#[test]
fn webhooks_that_were_tampered_with_are_refused() {
    let mut count = 0;
    for json in files("nanswap-webhook").iter().flat_map(|file| list(&file.1, "negative")) {
        let (body, secret) = webhook(&json);
        let claimed = json["signature"].as_str().expect("a signature");
        let verified = nanswap::verify(body.as_bytes(), claimed, &secret);
        let may_accept = json["receiver_may_accept"].as_bool() == Some(true);
        assert!(verified.is_err() || may_accept, "{}", json["name"]);
        count += 1;
    }
    report(&format!("webhook: {count} negative vectors checked"));
    assert!(count > 0, "no negative vector of a webhook");
}

fn webhook(json: &Value) -> (String, Secret) {
    let text = |field: &str| json[field].as_str().expect(field).to_owned();
    (text("raw_body"), Secret::new(text("secret")))
}

/// Runs `check_one` on every vector of a kind and demands that there are some.
fn check(kind: &str, check_one: impl Fn(&Vector)) {
    assert!(KINDS.contains(&kind), "{kind} is missing in the list of kinds");
    let vectors: Vec<_> = load().into_iter().filter(|vector| vector.kind() == kind).collect();
    for vector in &vectors {
        // Shown only if the check fails, and then it names the vector.
        eprintln!("{vector:?}");
        check_one(vector);
    }
    report(&format!("{kind}: {} vectors checked", vectors.len()));
    assert!(!vectors.is_empty(), "no vector of kind {kind}");
}

/// Written past the capture of test output: a run that checked little must be seen.
fn report(line: &str) {
    writeln!(io::stderr(), "{line}").expect("stderr is open");
}

fn expect_key(key: &PrivateKey, vector: &Vector) {
    assert_eq!(key.expose(), &vector.bytes::<32>("private"));
    let account = key.account();
    assert_eq!(account.as_bytes(), &vector.bytes::<32>("public"));
    assert_eq!(account, vector.parse("address"));
    assert_eq!(account.to_string(), vector.text("address").replacen("xrb_", "nano_", 1));
}

/// The phrase of a vector; a vector that says it is not valid must not parse.
fn parse_phrase(vector: &Vector) -> Option<Phrase> {
    let parsed = Phrase::parse(vector.text("mnemonic"));
    if vector.flag("valid") == Some(false) {
        assert!(parsed.is_err(), "an invalid phrase was read");
        return None;
    }
    let phrase = parsed.expect("a valid phrase");
    assert_eq!(*phrase.expose(), vector.text("mnemonic"));
    Some(phrase)
}

/// The node's JSON holds the fields of the vector and reads back as the same block.
fn expect_json(block: SignedBlock, vector: &Vector) {
    let json = serde_json::to_value(block).expect("a block is JSON");
    for field in ["previous", "balance", "link", "signature"] {
        assert_eq!(json[field], vector.json[field], "{field}");
    }
    let read: SignedBlock = serde_json::from_value(json).expect("the JSON of a block");
    assert_eq!(read, block);
    assert!(read.verify());
}

/// One vector and the file it stands in.
#[derive(Debug)]
struct Vector {
    #[expect(dead_code, reason = "names the file when a check fails")]
    file: String,
    json: Value,
}

impl Vector {
    fn kind(&self) -> &str {
        self.text("kind")
    }

    fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {self:?}"))
    }

    fn flag(&self, field: &str) -> Option<bool> {
        self.json[field].as_bool()
    }

    fn index(&self) -> u32 {
        let index = self.json["index"].as_u64().expect("an index");
        u32::try_from(index).expect("an index of 32 bits")
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, field: &str) -> T {
        self.text(field).parse().unwrap_or_else(|error| panic!("{field}: {error:?}"))
    }

    /// Read without the code under test.
    fn bytes<const N: usize>(&self, field: &str) -> [u8; N] {
        let text = self.text(field);
        assert_eq!(text.len(), 2 * N, "{field}");
        let byte = |at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hexadecimal");
        std::array::from_fn(byte)
    }

    /// Libraries that add randomness to the nonce sign otherwise each time.
    fn has_deterministic_signature(&self) -> bool {
        let mut sources = self.json["sources"].as_array().into_iter().flatten();
        sources.any(|source| source == "nanolib" || source == "nanocurrency")
    }
}

fn load() -> Vec<Vector> {
    let read = |(file, json): &(String, Value)| {
        let list = list(json, "vectors");
        list.into_iter().map(|json| Vector { file: file.clone(), json }).collect::<Vec<_>>()
    };
    files("nano").iter().flat_map(read).collect()
}

/// Every file of `tests/vectors` with this beginning.
fn files(prefix: &str) -> Vec<(String, Value)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut paths: Vec<_> = fs::read_dir(&directory)
        .expect("tests/vectors")
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(prefix) && name.ends_with(".json")
        })
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let file = path.display().to_string();
        let json = serde_json::from_slice(&fs::read(path).expect(&file)).expect(&file);
        (file, json)
    };
    paths.iter().map(read).collect()
}

/// The list under `name`, or the file itself if it is one.
fn list(json: &Value, name: &str) -> Vec<Value> {
    let list = json.get(name).unwrap_or(json);
    list.as_array().unwrap_or_else(|| panic!("no list of {name}")).clone()
}

/// The kinds with a test of their own above.
const KINDS: [&str; 8] =
    ["address", "amount", "block", "legacy_mnemonic", "mnemonic", "seed", "signature", "work"];
