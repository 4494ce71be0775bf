//! What every reader of foreign text must hold, whatever the bytes: one function a target.
//!
//! Shared by the cargo-fuzz targets and by `tests/fuzz.rs`, which runs the kept seeds and mutations of them on a stable
//! compiler. A target asserts more than that nothing panics: what was accepted is written back and read again as the
//! same thing, and keeps the bounds of `limits`.

mod canned;
mod lines;
mod providers;
mod store;

use paywarden::clock::Millis;
use paywarden::ledger::{Entry, Verifier, VerifyMode};
use paywarden::limits;
use paywarden::money::Raw;
use paywarden::nano::{Account, NanoUri, SignedBlock};
use paywarden::policy::Policy;
use paywarden::providers::Amount;
use paywarden::providers::nanswap::{self, Webhook};
use paywarden::rails::acp::Session;
use paywarden::rails::stripe::mpp;
use paywarden::rails::x402;
use paywarden::secret::Secret;

/// A target: its name, which is also that of its folder of seeds, and what it holds.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 15] = [
    ("account", account),
    ("acp_session", acp_session),
    ("amount", amount),
    ("block_json", block_json),
    ("ifenpay", providers::ifenpay),
    ("json_line", lines::json_lines),
    ("ledger_line", ledger_line),
    ("mpp", mpp_challenge),
    ("nanswap", providers::nanswap),
    ("nicky", providers::nicky),
    ("policy", policy),
    ("store", store::operations),
    ("uri", uri),
    ("webhook", webhook),
    ("x402", x402_demand),
];

/// An address has one canonical spelling, and a wrong one is never read as another.
pub fn account(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(account) = text.parse::<Account>() else { return };
    let written = account.to_string();
    assert_eq!(written.parse::<Account>().as_ref(), Ok(&account));
    let (_, typed) = text.split_once('_').expect("an address has a prefix");
    let (_, canonical) = written.split_once('_').expect("an address has a prefix");
    assert_eq!(typed, canonical, "two spellings of one key");
}

/// A merchant's cart adds up or is refused.
pub fn acp_session(bytes: &[u8]) {
    let Ok(session) = Session::read(bytes, None) else { return };
    let total = session.total();
    let cart = session.cart("merchant", "merchant.example");
    assert!(cart.line_items.len() <= limits::LINE_ITEMS);
    let _ = (total, session.continue_url("merchant.example"));
}

/// Amounts are exact, never negative, and have one canonical spelling.
pub fn amount(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(raw) = Raw::from_xno(text) {
        assert_eq!(Raw::from_xno(&raw.to_xno()), Ok(raw));
    }
    if let Ok(amount) = text.parse::<Amount>() {
        let written = amount.to_string();
        assert_eq!(written.parse::<Amount>().as_ref(), Ok(&amount));
        if let Ok(raw) = amount.to_raw() {
            assert!(!raw.is_zero());
        }
    }
}

/// A block that can be read has the hash of what was read.
pub fn block_json(bytes: &[u8]) {
    let Ok(block) = serde_json::from_slice::<SignedBlock>(bytes) else { return };
    let written = serde_json::to_vec(&block).expect("a block can be written");
    let again: SignedBlock = serde_json::from_slice(&written).expect("a written block can be read");
    assert_eq!(block.hash(), again.hash());
    let _ = block.verify();
}

/// A line of an export is an event or an error, and no single line verifies without the key.
pub fn ledger_line(bytes: &[u8]) {
    for mode in [VerifyMode::Signatures, VerifyMode::Hashes] {
        let mut verifier = Verifier::new(mode, Vec::new(), Vec::new());
        for line in bytes.split(|byte| *byte == b'\n') {
            verifier.push_read(Entry::from_line(line));
        }
        let _ = verifier.finish();
    }
}

/// A payment challenge that can be read names an amount and an end.
pub fn mpp_challenge(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let _ = mpp::Challenge::read([text], Millis(0));
    let _ = mpp::Receipt::read(text);
}

/// A draft that is accepted says the same when it is written back.
pub fn policy(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(policy) = Policy::from_toml(text) else { return };
    let again = Policy::from_toml(&policy.to_toml()).expect("a written draft can be read");
    assert_eq!(policy.hash(), again.hash());
}

/// A URI never yields an amount past the supply.
pub fn uri(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(uri) = text.parse::<NanoUri>() else { return };
    assert_eq!(uri.to_string().parse::<NanoUri>().as_ref(), Ok(&uri));
}

/// A body without its signature is never believed; with it, it is read or refused.
pub fn webhook(bytes: &[u8]) {
    let secret = Secret::new("a secret of this test".to_owned());
    assert!(nanswap::verify(bytes, &"0".repeat(128), &secret).is_err());
    let Some(body) = text(bytes) else { return };
    let Ok(signature) = nanswap::sign(body, &secret) else { return };
    let verified = nanswap::verify(bytes, &signature, &secret).expect("our own signature");
    let _ = Webhook::read(&verified);
}

/// A demand is read within its caps or refused.
pub fn x402_demand(bytes: &[u8]) {
    let _ = x402::read_demand([bytes], b"{}");
    let _ = x402::read_demand([], bytes);
    let _ = x402::read_receipt(bytes);
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Runs one target by its name.
///
/// # Panics
/// When the target finds something, or there is none of that name.
pub fn run(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
    target(bytes);
}
