//! Checking a chain with public keys alone.

use serde::{Deserialize, Serialize};

use super::batch::SignatureBatch;
use super::rotation::{KEY_ROTATED, Rotation};
use super::{Entry, Event, EventError, Head, TrustedKey};

/// What is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifyMode {
    /// Hashes and sequence only.
    Hashes,
    /// Signatures too, and the head must be signed.
    Signatures,
}

/// The verdict, in the words of seeds/004.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Report {
    /// Whether the whole chain holds.
    pub ok: bool,
    /// Events read.
    pub events: u64,
    /// The first seq that does not hold.
    #[serde(rename = "brokenAt", skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<u64>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Head of what was read.
    #[serde(skip)]
    pub head: Head,
    /// How often the signing key changed.
    #[serde(skip)]
    pub rotations: u64,
}

/// The first thing wrong with a chain.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Broken {
    /// Where.
    pub seq: u64,
    /// Why.
    pub reason: String,
}

/// Reads a chain from its first event on, in order.
#[derive(Clone, Debug)]
pub struct Verifier {
    mode: VerifyMode,
    trusted: Vec<TrustedKey>,
    /// Keys that signed, in order; the last one is in force.
    keys: Vec<TrustedKey>,
    first_signed: Option<u64>,
    expected: Vec<Head>,
    head: Head,
    signed_to: u64,
    last_at: String,
    pending: SignatureBatch,
    broken: Option<Broken>,
}

impl Verifier {
    /// Trusts `keys`, each of which may be the ledger's first one or one it was handed to later; `expected` are heads
    /// that left the store earlier and must be in the chain.
    pub fn new(mode: VerifyMode, keys: Vec<TrustedKey>, mut expected: Vec<Head>) -> Self {
        expected.retain(|head| head.seq > 0);
        expected.sort_by_key(|head| std::cmp::Reverse(head.seq));
        Self {
            mode,
            trusted: keys,
            keys: Vec::new(),
            first_signed: None,
            expected,
            head: Head::GENESIS,
            signed_to: 0,
            last_at: String::new(),
            pending: SignatureBatch::default(),
            broken: None,
        }
    }

    /// Checks the next event; after the first break the rest is passed over.
    pub fn push(&mut self, event: &Event) {
        self.push_read(Entry::from_event(event));
    }

    /// The next line of an export, or event of a store, as far as it could be read at all.
    pub fn push_read(&mut self, entry: Result<Entry<'_>, EventError>) {
        match entry {
            Ok(entry) => self.push_entry(&entry),
            Err(error) => self.fail(self.head.seq + 1, error.to_string()),
        }
    }

    /// The keys that signed so far, in order. Believed only if [`Verifier::finish`] finds that the chain holds.
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// Whether the rest of the chain can no longer change the verdict.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Ends the chain: checks what is still queued, the head's signature, the keys and the expected heads.
    pub fn finish(mut self) -> Report {
        self.flush();
        if self.broken.is_none() && self.mode == VerifyMode::Signatures {
            self.check_end();
        }
        if let (None, Some(head)) = (&self.broken, self.expected.pop()) {
            let reason = format!("truncated: the anchored event {} is not in the chain", head.seq);
            self.fail(self.head.seq + 1, reason);
        }
        Report {
            ok: self.broken.is_none(),
            events: self.head.seq,
            broken_at: self.broken.as_ref().map(|b| b.seq),
            reason: self.broken.map(|b| b.reason),
            head: self.head,
            rotations: (self.keys.len() as u64).saturating_sub(1),
        }
    }

    fn push_entry(&mut self, entry: &Entry<'_>) {
        if self.broken.is_some() {
            return;
        }
        let seq = self.head.seq + 1;
        if entry.seq != seq {
            return self.fail(seq, format!("sequence gap: expected {seq}, found {}", entry.seq));
        }
        if entry.is_too_large() {
            return self.fail(seq, "larger than an event may be".to_owned());
        }
        if entry.hash_after(&self.head.hash) != entry.hash {
            return self.fail(seq, "hash mismatch".to_owned());
        }
        if *entry.at < *self.last_at {
            return self.fail(seq, "time runs backwards".to_owned());
        }
        let previous = std::mem::replace(&mut self.head, Head { seq, hash: entry.hash });
        self.last_at.clear();
        self.last_at.push_str(&entry.at);
        self.check_expected();
        if self.mode == VerifyMode::Signatures {
            self.queue_signature(entry);
            if entry.kind == KEY_ROTATED {
                self.rotate(entry, previous);
            }
        }
    }

    fn check_expected(&mut self) {
        while self.expected.last().is_some_and(|head| head.seq <= self.head.seq) {
            let Some(expected) = self.expected.pop() else { return };
            if expected != self.head {
                let reason = "rewritten: the hash differs from the anchored one".to_owned();
                return self.fail(expected.seq, reason);
            }
        }
    }

    fn queue_signature(&mut self, entry: &Entry<'_>) {
        let (signature, id) = match (&entry.signature, &entry.key_id) {
            (None, None) => {
                if entry.seq == 1 {
                    self.take_first_key(entry, None);
                }
                return;
            }
            (Some(signature), Some(id)) => (signature, id),
            _ => return self.fail(entry.seq, "signature missing or without a key id".to_owned()),
        };
        if self.keys.is_empty() {
            self.take_first_key(entry, Some(id));
        }
        if self.keys.last().is_none_or(|key| *key.id().0 != **id) {
            let retired = self.keys.iter().any(|key| *key.id().0 == **id);
            let known = if retired { "retired" } else { "unknown" };
            return self.fail(entry.seq, format!("signed by the {known} key {id}"));
        }
        self.pending.push(entry.seq, entry.hash, *signature);
        self.first_signed.get_or_insert(entry.seq);
        if self.pending.is_full() {
            self.flush();
        }
    }

    /// The key the chain says it began with. It is only believed if a trusted key stands in the line that follows.
    fn take_first_key(&mut self, entry: &Entry<'_>, id: Option<&str>) {
        let named = (entry.seq == 1)
            .then(|| serde_json::from_str::<FirstData>(&entry.data).ok())
            .flatten()
            .and_then(|data| TrustedKey::from_pem(&data.ledger_key).ok());
        let trusted = || self.trusted.iter().find(|key| Some(&*key.id().0) == id).cloned();
        if let Some(key) = named.or_else(trusted) {
            self.keys.push(key);
        }
    }

    fn rotate(&mut self, entry: &Entry<'_>, previous: Head) {
        if entry.signature.is_none() {
            return self.fail(entry.seq, "the key's rotation is not signed".to_owned());
        }
        match Rotation::check(&entry.data, &previous.hash) {
            Ok(key) if self.keys.contains(&key) => {
                self.fail(entry.seq, "rotated to a key that was retired before".to_owned());
            }
            Ok(key) => {
                // What waits was signed by the old key.
                self.flush();
                self.keys.push(key);
            }
            Err(reason) => self.fail(entry.seq, reason),
        }
    }

    fn check_end(&mut self) {
        if self.head.seq > self.signed_to {
            let reason = "signature missing: events after the last signed one".to_owned();
            return self.fail(self.signed_to + 1, reason);
        }
        let trusted = self.keys.iter().any(|key| self.trusted.contains(key));
        if let (false, Some(first)) = (trusted, self.keys.first()) {
            let reason = format!("signed by the unknown key {}", first.id());
            self.fail(self.first_signed.unwrap_or(1), reason);
        }
    }

    /// Checks the signatures that wait.
    pub(super) fn flush(&mut self) {
        let Some(key) = self.keys.last() else { return };
        match self.pending.check(key) {
            None => {}
            Some(Ok(last)) => self.signed_to = last,
            // An earlier break is the one to report.
            Some(Err(seq)) if self.broken.as_ref().is_some_and(|broken| broken.seq <= seq) => {}
            Some(Err(seq)) => {
                self.broken = Some(Broken { seq, reason: "signature invalid".to_owned() });
            }
        }
    }

    fn fail(&mut self, seq: u64, reason: String) {
        if self.broken.is_none() {
            self.broken = Some(Broken { seq, reason });
        }
    }
}

/// Data of a first event that names the ledger's key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FirstData {
    ledger_key: String,
}
