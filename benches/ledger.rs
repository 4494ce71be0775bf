//! The figures of an audit: `cargo bench --bench ledger`.
//!
//! One core reads an export as `paywarden ledger verify --file` does: lines as they stand in the file, the public key
//! and nothing else. Nothing here is a test: a slow machine is not an error.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use paywarden::clock::Millis;
use paywarden::ledger::{
    Chain, Entry, EventSignature, Head, Report, TrustedKey, Verifier, VerifyMode,
};
use serde_json::{Map, Value, json};

const EVENTS: u64 = 200_000;
const RUNS: usize = 5;

fn main() {
    println!("| figure | events/s | bar |");
    println!("|---|---|---|");
    let each = export(1);
    row("every event signed", &each, VerifyMode::Signatures, "45,000");
    row("hashes only", &each, VerifyMode::Hashes, "300,000");
    let second = export(2);
    row("every second signed, as payments made one by one", &second, VerifyMode::Signatures, "");
    let spaced: Vec<String> = each.iter().map(|line| line.replacen(':', ": ", 1)).collect();
    row("hashes only, lines not in canonical form", &spaced, VerifyMode::Hashes, "");
    bisect(each);
}

fn row(name: &str, lines: &[String], mode: VerifyMode, bar: &str) {
    let best = (0..RUNS).map(|_| {
        let started = cpu_time();
        let report = verify(lines, mode);
        assert!(report.ok, "{report:?}");
        cpu_time() - started
    });
    let best = best.min().expect("at least one run");
    println!("| {name} | {:.0} | {bar} |", lines.len() as f64 / best.as_secs_f64());
}

/// How much longer a ledger takes whose last signature is wrong.
fn bisect(mut lines: Vec<String>) {
    let last = lines.len() - 1;
    let from = lines[last - 1].find("\"signature\"").expect("a signed event");
    let to = lines[last].find("\"signature\"").expect("a signed event");
    let other = lines[last - 1][from..from + SIGNATURE_MEMBER].to_owned();
    lines[last].replace_range(to..to + SIGNATURE_MEMBER, &other);
    let started = cpu_time();
    let report = verify(&lines, VerifyMode::Signatures);
    assert_eq!(report.broken_at, Some(EVENTS));
    let rate = lines.len() as f64 / (cpu_time() - started).as_secs_f64();
    println!("| every event signed, the last one badly | {rate:.0} | |");
}

fn verify(lines: &[String], mode: VerifyMode) -> Report {
    let mut verifier = Verifier::new(mode, vec![TrustedKey::new(key().verifying_key())], vec![]);
    for line in lines {
        verifier.push_read(Entry::from_line(line.as_bytes()));
    }
    verifier.finish()
}

/// Events like those of payments, every `nth` signed, as lines of an export.
fn export(nth: u64) -> Vec<String> {
    let (key, id) = (key(), TrustedKey::new(key().verifying_key()).id().clone());
    let mut chain = Chain::new(Head::GENESIS, Millis(1_795_233_600_000));
    let events = (1..=EVENTS).map(|seq| {
        let signed = seq % nth == 0;
        let (kind, data) = if seq % 2 == 0 { ("policy.decided", decided()) } else { settled() };
        let payment = Some("3f2a6e1c-8f0e-4c57-9f3e-0a3e5f0c9a11".to_owned());
        let at = Millis(1_795_233_600_000 + seq);
        let sealed = chain.append(at, kind, payment, data, signed.then_some(&id)).expect("fits");
        let mut event = sealed.event;
        event.signature = signed.then(|| EventSignature(key.sign(&event.hash.0).to_bytes()));
        serde_json_canonicalizer::to_string(&event).expect("canonical")
    });
    events.collect()
}

fn decided() -> Map<String, Value> {
    object(json!({
        "outcome": "allow", "reasonCode": "ALLOWED", "reason": "within what agents may do alone",
        "policyHash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "stage": "new",
        "rules": [
            { "rule": "hard_limit", "pass": true, "detail": "1.25 XNO of at most 50 XNO" },
            { "rule": "auto_approve", "pass": true, "detail": "1.25 XNO of at most 2 XNO" },
        ],
    }))
}

fn settled() -> (&'static str, Map<String, Value>) {
    let hash = "991CF190094C00F0B68E2E5F75F6BEE95A2E0BD93CEAA4A6734DB9F19B728948";
    let amount = json!({ "amount": "1250000000000000000000000000000", "currency": "XNO" });
    let settlement = json!({ "rail": "nano", "reference": hash, "settledAmount": amount });
    ("payment.settled", object(json!({ "settlement": settlement })))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Of this thread: what else the machine does meanwhile is not counted.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// `"signature":"` and 88 characters of base64.
const SIGNATURE_MEMBER: usize = 13 + 88;
