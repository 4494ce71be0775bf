//! One record: a batch as bytes, in whole pages, so that a torn write never touches the record before it.

use super::super::engine::{Batch, StoredEvent};
use super::super::redb::{decode, encode as encode_event};
use crate::books::Table;
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ledger::Head;

/// A record that says of itself that it is one.
pub(super) struct Record<'a> {
    /// The head it goes on from.
    pub after: Head,
    /// The head once its batch is durable.
    pub head: Head,
    sum: Digest,
    /// Everything that was summed.
    body: &'a [u8],
}

/// The record that begins here, not yet known to be whole.
pub(super) fn at(bytes: &[u8]) -> Option<Record<'_>> {
    let mut reader = Reader(bytes);
    if reader.array::<4>()? != MARK {
        return None;
    }
    let sum = Digest(reader.array()?);
    let len = reader.len()?;
    let body = reader.take(len)?;
    let mut reader = Reader(body);
    Some(Record { after: reader.head()?, head: reader.head()?, sum, body })
}

impl Record<'_> {
    /// How many bytes it takes up.
    pub(super) fn len(&self) -> usize {
        (HEAD_BYTES + self.body.len()).next_multiple_of(PAGE_BYTES)
    }

    /// Whether it is what was written.
    pub(super) fn is_whole(&self) -> bool {
        Digest::of(self.body) == self.sum
    }

    /// Its batch, if it is whole.
    pub(super) fn decode(&self) -> Option<Batch> {
        if !self.is_whole() {
            return None;
        }
        let mut reader = Reader(&self.body[HEADS_BYTES..]);
        let at = Millis(u64::from_le_bytes(reader.array()?));
        let mut batch = Batch::new(self.after, at);
        for place in 1..=reader.len()? as u64 {
            batch.events.push(reader.event(self.after.seq.checked_add(place)?)?);
        }
        for _ in 0..reader.len()? {
            let table = std::str::from_utf8(reader.bytes()?).ok()?;
            let table = Table::ALL.into_iter().find(|known| known.name() == table)?;
            let key = reader.bytes()?.to_vec();
            let value = match reader.array::<1>()? {
                [0] => None,
                _ => Some(reader.bytes()?.to_vec()),
            };
            batch.rows.insert((table, key), value);
        }
        (batch.head() == self.head && reader.0.is_empty()).then_some(batch)
    }
}

/// A batch as it stands in the journal, filled up to whole pages.
pub(super) fn encode(batch: &Batch) -> Vec<u8> {
    let mut out = vec![0; HEAD_BYTES];
    for head in [batch.after, batch.head()] {
        out.extend_from_slice(&head.seq.to_le_bytes());
        out.extend_from_slice(&head.hash.0);
    }
    out.extend_from_slice(&batch.at.0.to_le_bytes());
    put_len(&mut out, batch.events.len());
    for event in &batch.events {
        put(&mut out, &encode_event(event));
    }
    put_len(&mut out, batch.rows.len());
    for ((table, key), value) in &batch.rows {
        put(&mut out, table.name().as_bytes());
        put(&mut out, key);
        out.push(u8::from(value.is_some()));
        if let Some(value) = value {
            put(&mut out, value);
        }
    }
    let body = out.len() - HEAD_BYTES;
    let sum = Digest::of(&out[HEAD_BYTES..]);
    out[..4].copy_from_slice(&MARK);
    out[4..36].copy_from_slice(&sum.0);
    out[36..HEAD_BYTES].copy_from_slice(&len_bytes(body));
    out.resize(out.len().next_multiple_of(PAGE_BYTES), 0);
    out
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&len_bytes(len));
}

fn len_bytes(len: usize) -> [u8; 4] {
    u32::try_from(len).expect("a batch is far below 4 GiB").to_le_bytes()
}

/// Takes apart what may be anything.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn len(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.len()?;
        self.take(len)
    }

    fn head(&mut self) -> Option<Head> {
        Some(Head { seq: u64::from_le_bytes(self.array()?), hash: Digest(self.array()?) })
    }

    fn event(&mut self, seq: u64) -> Option<StoredEvent> {
        decode(seq, self.bytes()?).ok()
    }
}

/// What a write may tear: the smallest unit no record shares with another.
pub(super) const PAGE_BYTES: usize = 4096;
const MARK: [u8; 4] = *b"pwj1";
/// Mark, sum, length.
const HEAD_BYTES: usize = 4 + 32 + 4;
/// Place and hash of the heads before and after it.
const HEADS_BYTES: usize = 2 * (8 + 32);
