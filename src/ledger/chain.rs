//! Sealing events into the chain.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Event, EventError, Head, KeyId};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::limits;

/// The growing end of a chain.
#[derive(Clone, Debug)]
pub struct Chain {
    head: Head,
    last_at: Millis,
}

/// An event with its hash and the bytes that were hashed; the signature is added by the store.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The event.
    pub event: Event,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl Chain {
    /// Continues after `head`, whose event happened at `last_at`.
    pub fn new(head: Head, last_at: Millis) -> Self {
        Self { head, last_at }
    }

    /// The last seq and hash.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Ledger time: the clock, but never earlier than the last event.
    pub fn time(&self, now: Millis) -> Millis {
        now.max(self.last_at)
    }

    /// Seals one event. `key_id` is set on the event that will carry a signature.
    ///
    /// # Errors
    /// When the event is too large or its data cannot be written canonically; the chain is then unchanged.
    pub fn append(
        &mut self,
        now: Millis,
        kind: &str,
        payment_id: Option<String>,
        data: Map<String, Value>,
        key_id: Option<&KeyId>,
    ) -> Result<Sealed, EventError> {
        let at = self.time(now);
        let mut event = Event {
            seq: self.head.seq + 1,
            at: at.to_string(),
            kind: kind.to_owned(),
            payment_id,
            data,
            hash: Digest::GENESIS,
            signature: None,
            key_id: key_id.cloned(),
        };
        let bytes = event.canonical_bytes()?;
        if bytes.len() > limits::EVENT_BYTES {
            return Err(EventError::TooLarge { seq: event.seq, bytes: bytes.len() });
        }
        event.hash = event_hash(&self.head.hash, &bytes);
        self.head = Head { seq: event.seq, hash: event.hash };
        self.last_at = at;
        Ok(Sealed { event, bytes })
    }
}

/// `SHA-256(domain | previous hash | canonical bytes)`.
pub fn event_hash(previous: &Digest, bytes: &[u8]) -> Digest {
    hash_pieces(previous, &[bytes])
}

/// [`event_hash`] of bytes that stand in pieces.
pub(super) fn hash_pieces(previous: &Digest, pieces: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(previous.0);
    pieces.iter().for_each(|piece| hasher.update(piece));
    Digest(hasher.finalize().into())
}

/// Keeps these hashes apart from every other use of SHA-256.
const DOMAIN: &[u8] = b"paywarden-ledger-v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Map<String, Value> {
        Map::from_iter([("memo".to_owned(), Value::from(text))])
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut chain = Chain::new(Head::GENESIS, Millis(0));
        let first = chain.append(Millis(2_000), "a", None, Map::new(), None).unwrap();
        let second = chain.append(Millis(1_000), "b", None, Map::new(), None).unwrap();
        assert_eq!(first.event.at, second.event.at);
        assert_eq!(first.event.at, "1970-01-01T00:00:02.000Z");
        assert_eq!(second.event.seq, 2);
        for (now, time) in [(0, 2_000), (1_999, 2_000), (2_000, 2_000), (2_001, 2_001)] {
            assert_eq!(chain.time(Millis(now)), Millis(time));
        }
    }

    /// As `docs/ledger-format.md` tells any verifier to compute it.
    #[test]
    fn a_hash_is_over_domain_previous_hash_and_bytes() {
        let mut chain = Chain::new(Head::GENESIS, Millis(0));
        let mut previous = Digest([0; 32]);
        for seq in 1..=3 {
            let sealed = chain.append(Millis(seq), "t", None, Map::new(), None).unwrap();
            let hashed = [b"paywarden-ledger-v1\n", &previous.0[..], &sealed.bytes].concat();
            assert_eq!(sealed.event.hash, Digest::of(&hashed));
            assert_eq!(event_hash(&previous, &sealed.bytes), sealed.event.hash);
            assert_eq!(chain.head(), Head { seq, hash: sealed.event.hash });
            previous = sealed.event.hash;
        }
    }

    #[test]
    fn canonical_bytes_sort_keys_and_keep_text_apart() {
        let mut chain = Chain::new(Head::GENESIS, Millis(0));
        let sealed = chain.append(Millis(0), "t", Some("p".into()), data("é\n"), None).unwrap();
        assert_eq!(
            String::from_utf8(sealed.bytes).unwrap(),
            r#"{"at":"1970-01-01T00:00:00.000Z","data":{"memo":"é\n"},"paymentId":"p","seq":1,"type":"t"}"#
        );
    }

    #[test]
    fn an_event_at_the_limit_passes_and_one_past_it_does_not() {
        let mut chain = Chain::new(Head::GENESIS, Millis(0));
        let overhead =
            chain.clone().append(Millis(0), "t", None, data(""), None).unwrap().bytes.len();
        let room = limits::EVENT_BYTES - overhead;
        let past = chain.append(Millis(0), "t", None, data(&"x".repeat(room + 1)), None);
        assert!(matches!(past, Err(EventError::TooLarge { .. })));
        assert_eq!(chain.head(), Head::GENESIS);
        chain.append(Millis(0), "t", None, data(&"x".repeat(room)), None).unwrap();
    }
}
