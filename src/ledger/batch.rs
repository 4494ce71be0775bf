//! Many signatures checked with one equation, and the first bad one found by halving.

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

use super::{EventSignature, TrustedKey};
use crate::digest::Digest;

/// Signatures that wait to be checked together, in chain order.
#[derive(Debug)]
pub(super) struct SignatureBatch {
    seqs: Vec<u64>,
    hashes: Vec<Digest>,
    signatures: Vec<Signature>,
    keys: Vec<VerifyingKey>,
}

impl SignatureBatch {
    pub(super) fn new() -> Self {
        Self {
            seqs: Vec::with_capacity(BATCH),
            hashes: Vec::with_capacity(BATCH),
            signatures: Vec::with_capacity(BATCH),
            keys: Vec::with_capacity(BATCH),
        }
    }

    pub(super) fn push(
        &mut self,
        seq: u64,
        key: &TrustedKey,
        hash: Digest,
        signature: &EventSignature,
    ) {
        self.seqs.push(seq);
        self.hashes.push(hash);
        self.signatures.push(Signature::from_bytes(&signature.0));
        self.keys.push(key.verifying());
    }

    pub(super) fn is_full(&self) -> bool {
        self.seqs.len() >= BATCH
    }

    /// Checks all and forgets them: the last seq, or as an error the first one that is badly signed. `None` if there
    /// was nothing to check.
    pub(super) fn check(&mut self) -> Option<Result<u64, u64>> {
        let last = *self.seqs.last()?;
        let checked = self.first_bad().map_or(Ok(last), |index| Err(self.seqs[index]));
        self.seqs.clear();
        self.hashes.clear();
        self.signatures.clear();
        self.keys.clear();
        Some(checked)
    }

    fn first_bad(&self) -> Option<usize> {
        let (mut from, mut to) = (0, self.seqs.len());
        if self.hold(from, to) {
            return None;
        }
        while to - from > 1 {
            let middle = from + (to - from) / 2;
            if self.hold(from, middle) { from = middle } else { to = middle }
        }
        // The batch equation and the single one differ on keys with a small-order part only; the single one counts.
        if self.keys[from].verify(&self.hashes[from].0, &self.signatures[from]).is_err() {
            return Some(from);
        }
        (0..self.seqs.len())
            .find(|&at| self.keys[at].verify(&self.hashes[at].0, &self.signatures[at]).is_err())
    }

    fn hold(&self, from: usize, to: usize) -> bool {
        let messages: Vec<&[u8]> = self.hashes[from..to].iter().map(|hash| &hash.0[..]).collect();
        let (signatures, keys) = (&self.signatures[from..to], &self.keys[from..to]);
        ed25519_dalek::verify_batch(&messages, signatures, keys).is_ok()
    }
}

const BATCH: usize = 256;
