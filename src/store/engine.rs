//! The port a database implements: snapshots to read, and one durable, atomic batch to write.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::StoreError;
use crate::books::{Rows, RowsMut, Table};
use crate::clock::{Millis, NotATime};
use crate::digest::Digest;
use crate::ledger::{self, EventError, EventSignature, Head};

/// A database that can hold the books and the chain.
pub trait Engine: Send + Sync {
    /// The state as of the last durable batch.
    ///
    /// # Errors
    /// When the medium fails.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError>;

    /// Writes rows and events together: after `Ok` both are durable; after an error the caller must stop writing.
    ///
    /// # Errors
    /// When the medium fails; whether the batch is durable is then unknown.
    fn persist(&self, batch: &Batch) -> Result<(), StoreError>;

    /// The format, if it is an older one than this version writes. Such an engine is only read until it is refolded.
    ///
    /// # Errors
    /// When the medium fails.
    fn outdated(&self) -> Result<Option<u32>, StoreError>;

    /// Keeps a copy of what there is, of `format`, where the medium is a file.
    ///
    /// # Errors
    /// The system's.
    fn keep_copy(&self, format: u32) -> Result<(), StoreError>;

    /// Drops all rows, has every event and then `closing` folded anew, and makes rows, `closing` and this version's
    /// format durable together.
    ///
    /// # Errors
    /// The fold's or the medium's; unless the commit itself failed, nothing has changed.
    fn refold(
        &self,
        fold: &mut FoldEvent<'_>,
        closing: Option<&StoredEvent>,
    ) -> Result<(), StoreError>;
}

/// Folds one event into rows.
pub type FoldEvent<'a> = dyn FnMut(&mut dyn RowsMut, &StoredEvent) -> Result<(), StoreError> + 'a;

/// A consistent state to read.
pub trait Snapshot {
    /// The books.
    fn rows(&self) -> &dyn Rows;

    /// Head of the chain and the time of its last event.
    ///
    /// # Errors
    /// When the medium fails or the last event cannot be read.
    fn head(&self) -> Result<(Head, Millis), StoreError>;

    /// Up to `limit` events from seq `from` on.
    ///
    /// # Errors
    /// When the medium fails.
    fn events(&self, from: u64, limit: usize) -> Result<Vec<StoredEvent>, StoreError>;
}

/// What one durable commit writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// The head it goes on from.
    pub after: Head,
    /// Rows to put, or to delete where `None`.
    pub rows: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// Events in chain order.
    pub events: Vec<StoredEvent>,
    /// Time of the last event.
    pub at: Millis,
}

impl Batch {
    /// One without events or rows.
    pub fn new(after: Head, at: Millis) -> Self {
        Self { after, rows: BTreeMap::new(), events: Vec::new(), at }
    }

    /// The head once it is durable.
    pub fn head(&self) -> Head {
        let last = self.events.last();
        last.map_or(self.after, |event| Head { seq: event.seq, hash: event.hash })
    }
}

/// An event as a database keeps it: what was hashed, the hash, the signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEvent {
    /// Its place.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// The signature, on the last event of a commit.
    pub signature: Option<EventSignature>,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl StoredEvent {
    /// The event itself.
    ///
    /// # Errors
    /// When the bytes are not those of an event.
    pub fn decode(&self) -> Result<ledger::Event, EventError> {
        ledger::Event::from_parts(&self.bytes, self.hash, self.signature)
    }

    /// Its time, if it is the event it stands for; reads no more of it than that.
    ///
    /// # Errors
    /// When the bytes are not those of an event, or of another one than `seq`.
    pub fn time(&self) -> Result<Millis, EventError> {
        let unreadable = |detail: String| EventError::Unreadable { detail };
        let stamp: Stamp =
            serde_json::from_slice(&self.bytes).map_err(|e| unreadable(e.to_string()))?;
        // Under a later key the last event would still be the last, and the next one would leave a gap.
        if stamp.seq != self.seq {
            let detail = format!("event {} stands in the place of {}", stamp.seq, self.seq);
            return Err(unreadable(detail));
        }
        stamp.at.parse().map_err(|e: NotATime| unreadable(e.to_string()))
    }

    /// The event as a verifier wants it.
    ///
    /// # Errors
    /// When the bytes are not those of an event.
    pub fn entry(&self) -> Result<ledger::Entry<'_>, EventError> {
        ledger::Entry::from_parts(&self.bytes, self.hash, self.signature)
    }
}

/// What every read of the books wants of the last event.
#[derive(Deserialize)]
struct Stamp {
    at: String,
    seq: u64,
}
