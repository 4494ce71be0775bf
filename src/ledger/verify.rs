//! Checking a chain with public keys alone.

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey, pkcs8::EncodePublicKey};
use serde::Serialize;

use super::{Event, Head, KeyId, event_hash};
use crate::digest::Digest;

/// A public key whose signatures are believed.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    id: KeyId,
    key: VerifyingKey,
}

impl TrustedKey {
    /// Derives the id from the key.
    ///
    /// # Panics
    /// Never: an Ed25519 key always has an SPKI form.
    pub fn new(key: VerifyingKey) -> Self {
        let der = key.to_public_key_der().expect("an Ed25519 key has an SPKI form");
        let id = Digest::of(der.as_bytes()).to_string()[..16].to_owned();
        Self { id: KeyId(id), key }
    }

    /// Its id as events carry it.
    pub fn id(&self) -> &KeyId {
        &self.id
    }
}

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
#[derive(Debug)]
pub struct Verifier {
    mode: VerifyMode,
    keys: Vec<TrustedKey>,
    expected: Vec<Head>,
    head: Head,
    signed_to: u64,
    last_at: String,
    pending: Vec<(u64, usize, Digest, Signature)>,
    broken: Option<Broken>,
}

impl Verifier {
    /// Trusts `keys`; `expected` are heads that left the store earlier and must be in the chain.
    pub fn new(mode: VerifyMode, keys: Vec<TrustedKey>, mut expected: Vec<Head>) -> Self {
        expected.retain(|head| head.seq > 0);
        expected.sort_by_key(|head| std::cmp::Reverse(head.seq));
        Self {
            mode,
            keys,
            expected,
            head: Head::GENESIS,
            signed_to: 0,
            last_at: String::new(),
            pending: Vec::with_capacity(BATCH),
            broken: None,
        }
    }

    /// Checks the next event; after the first break the rest is only counted.
    pub fn push(&mut self, event: &Event) {
        match event.canonical_bytes() {
            Ok(bytes) => self.push_bytes(event, &bytes),
            Err(error) => self.fail(self.head.seq + 1, error.to_string()),
        }
    }

    /// Like [`Verifier::push`], with the canonical bytes at hand.
    pub fn push_bytes(&mut self, event: &Event, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        let seq = self.head.seq + 1;
        if event.seq != seq {
            return self.fail(seq, format!("sequence gap: expected {seq}, found {}", event.seq));
        }
        if event_hash(&self.head.hash, bytes) != event.hash {
            return self.fail(seq, "hash mismatch".to_owned());
        }
        if event.at < self.last_at {
            return self.fail(seq, "time runs backwards".to_owned());
        }
        self.head = Head { seq, hash: event.hash };
        event.at.clone_into(&mut self.last_at);
        self.check_expected();
        if self.mode == VerifyMode::Signatures {
            self.queue_signature(event);
        }
    }

    /// Ends the chain: checks what is still queued, the head's signature and the expected heads.
    pub fn finish(mut self) -> Report {
        self.flush();
        if self.broken.is_none()
            && self.mode == VerifyMode::Signatures
            && self.head.seq > self.signed_to
        {
            let seq = self.signed_to + 1;
            self.fail(seq, "signature missing: events after the last signed one".to_owned());
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

    fn queue_signature(&mut self, event: &Event) {
        match (&event.signature, &event.key_id) {
            (None, None) => {}
            (Some(signature), Some(id)) => {
                let Some(key) = self.keys.iter().position(|key| key.id == *id) else {
                    return self.fail(event.seq, format!("signed by the unknown key {id}"));
                };
                let signature = Signature::from_bytes(&signature.0);
                self.pending.push((event.seq, key, event.hash, signature));
                if self.pending.len() == BATCH {
                    self.flush();
                }
            }
            _ => self.fail(event.seq, "signature missing or without a key id".to_owned()),
        }
    }

    /// One batch equation for many signatures; only when it fails is each looked at alone.
    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let Some(last) = pending.last() else { return };
        let messages: Vec<&[u8]> = pending.iter().map(|p| &p.2.0[..]).collect();
        let signatures: Vec<Signature> = pending.iter().map(|p| p.3).collect();
        let keys: Vec<VerifyingKey> = pending.iter().map(|p| self.keys[p.1].key).collect();
        if ed25519_dalek::verify_batch(&messages, &signatures, &keys).is_ok() {
            self.signed_to = last.0;
            return;
        }
        let bad = pending.iter().find(|(_, key, hash, signature)| {
            self.keys[*key].key.verify(&hash.0, signature).is_err()
        });
        match bad.map(|p| p.0) {
            // The batch equation and the single one differ on keys with a small-order part only.
            None => self.signed_to = last.0,
            Some(seq) => {
                // An earlier break is the one to report.
                if self.broken.as_ref().is_none_or(|broken| broken.seq > seq) {
                    self.broken = Some(Broken { seq, reason: "signature invalid".to_owned() });
                }
            }
        }
    }

    fn fail(&mut self, seq: u64, reason: String) {
        if self.broken.is_none() {
            self.broken = Some(Broken { seq, reason });
        }
    }
}

const BATCH: usize = 256;
