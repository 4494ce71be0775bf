//! An event as a verifier sees it: the bytes that were hashed, and no more of the rest than it takes.

use std::borrow::Cow;
use std::ops::Range;

use super::canonical::each_member;
use super::unique::Unique;
use super::{Event, EventError, EventSignature};
use crate::digest::Digest;
use crate::limits;

/// One event to verify, borrowed from where it was read.
#[derive(Debug)]
pub struct Entry<'a> {
    pub(super) seq: u64,
    pub(super) at: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) key_id: Option<Cow<'a, str>>,
    pub(super) hash: Digest,
    pub(super) signature: Option<EventSignature>,
    /// `data` as JSON text.
    pub(super) data: Cow<'a, str>,
    pub(super) hashed: Hashed<'a>,
}

/// The canonical bytes.
#[derive(Debug)]
pub(super) enum Hashed<'a> {
    /// Cut out of a canonical line, around hash and signature.
    Pieces([&'a [u8]; 3]),
    /// Written anew.
    Whole(Vec<u8>),
}

impl<'a> Entry<'a> {
    /// Reads one exported line, without its newline. A line in canonical form is not copied; any other is parsed and
    /// written anew.
    ///
    /// # Errors
    /// When the line is no event.
    pub fn from_line(line: &'a [u8]) -> Result<Self, EventError> {
        let text = std::str::from_utf8(line)
            .map_err(|e| EventError::Unreadable { detail: e.to_string() })?;
        match scan(text) {
            Some(entry) => Ok(entry),
            None => {
                serde_json::from_str::<Unique>(text).map_err(unreadable)?;
                let event: Event = serde_json::from_str(text).map_err(unreadable)?;
                Self::from_event(&event)
            }
        }
    }

    /// What a store keeps: canonical bytes, hash and signature.
    ///
    /// # Errors
    /// When the bytes are not those of an event.
    pub fn from_parts(
        bytes: &'a [u8],
        hash: Digest,
        signature: Option<EventSignature>,
    ) -> Result<Self, EventError> {
        let members = std::str::from_utf8(bytes).ok().and_then(Members::of);
        let entry = members.filter(|m| m.hash.is_none() && m.signature.is_none());
        match entry.and_then(|members| members.entry(hash, signature, [bytes, &[], &[]])) {
            Some(entry) => Ok(entry),
            None => {
                serde_json::from_slice::<Unique>(bytes).map_err(unreadable)?;
                Self::from_event(&Event::from_parts(bytes, hash, signature)?)
            }
        }
    }

    /// An event at hand.
    ///
    /// # Errors
    /// When it cannot be written canonically.
    pub fn from_event(event: &Event) -> Result<Self, EventError> {
        let data = serde_json::to_string(&event.data)
            .map_err(|e| EventError::NotCanonical { seq: event.seq, detail: e.to_string() })?;
        Ok(Self {
            seq: event.seq,
            at: Cow::Owned(event.at.clone()),
            kind: Cow::Owned(event.kind.clone()),
            key_id: event.key_id.as_ref().map(|id| Cow::Owned(id.0.clone())),
            hash: event.hash,
            signature: event.signature,
            data: Cow::Owned(data),
            hashed: Hashed::Whole(event.canonical_bytes()?),
        })
    }

    pub(super) fn hash_after(&self, previous: &Digest) -> Digest {
        match &self.hashed {
            Hashed::Pieces(pieces) => super::chain::hash_pieces(previous, pieces),
            Hashed::Whole(bytes) => super::chain::hash_pieces(previous, &[bytes]),
        }
    }

    pub(super) fn is_too_large(&self) -> bool {
        let bytes = match &self.hashed {
            Hashed::Pieces(pieces) => pieces.iter().map(|piece| piece.len()).sum(),
            Hashed::Whole(bytes) => bytes.len(),
        };
        bytes > limits::EVENT_BYTES
    }
}

fn unreadable(error: serde_json::Error) -> EventError {
    EventError::Unreadable { detail: error.to_string() }
}

/// A line in canonical form, cut around hash and signature.
fn scan(text: &str) -> Option<Entry<'_>> {
    let members = Members::of(text)?;
    let hash = members.hash.as_ref()?;
    let (hash_end, bytes) = (hash.value.end + 1, text.as_bytes());
    let digest = plain(text, &hash.value)?.parse().ok()?;
    // Both stand before another member, so that the comma after them goes with them.
    let (signature, rest) = match &members.signature {
        Some(member) => {
            let signature = serde_json::from_str(&text[member.value.clone()]).ok()?;
            (Some(signature), [&bytes[hash_end..member.start], &bytes[member.value.end + 1..]])
        }
        None => (None, [&bytes[hash_end..], &[][..]]),
    };
    let pieces = [&bytes[..hash.start], rest[0], rest[1]];
    members.entry(digest, signature, pieces)
}

/// Where the members of an event stand in its text.
struct Members<'a> {
    at: Option<&'a str>,
    data: Option<&'a str>,
    hash: Option<Member>,
    key_id: Option<&'a str>,
    seq: Option<u64>,
    signature: Option<Member>,
    kind: Option<&'a str>,
}

struct Member {
    start: usize,
    value: Range<usize>,
}

impl<'a> Members<'a> {
    /// `None` when the text is not surely the canonical form of an event.
    fn of(text: &'a str) -> Option<Self> {
        let mut members = Self {
            at: None,
            data: None,
            hash: None,
            key_id: None,
            seq: None,
            signature: None,
            kind: None,
        };
        let mut known = true;
        each_member(text, |name, start, value| match name {
            "at" => members.at = plain(text, &value),
            "data" => members.data = Some(&text[value]).filter(|text| text.starts_with('{')),
            "hash" => members.hash = Some(Member { start, value }),
            "keyId" => {
                members.key_id = plain(text, &value);
                known &= members.key_id.is_some();
            }
            "paymentId" => known &= plain(text, &value).is_some(),
            "seq" => members.seq = text[value].parse().ok(),
            "signature" => members.signature = Some(Member { start, value }),
            "type" => members.kind = plain(text, &value),
            _ => known = false,
        })?;
        known.then_some(members)
    }

    fn entry(
        &self,
        hash: Digest,
        signature: Option<EventSignature>,
        pieces: [&'a [u8]; 3],
    ) -> Option<Entry<'a>> {
        Some(Entry {
            seq: self.seq?,
            at: Cow::Borrowed(self.at?),
            kind: Cow::Borrowed(self.kind?),
            key_id: self.key_id.map(Cow::Borrowed),
            hash,
            signature,
            data: Cow::Borrowed(self.data?),
            hashed: Hashed::Pieces(pieces),
        })
    }
}

/// A string without escapes.
fn plain<'a>(text: &'a str, value: &Range<usize>) -> Option<&'a str> {
    let inner = text[value.clone()].strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

#[cfg(test)]
mod tests;
