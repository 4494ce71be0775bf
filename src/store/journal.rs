//! The head of a store's file: what was committed since redb last made its own pages durable.
//!
//! One record, synced once, makes a batch durable; redb's own commit takes two syncs and writes its table of free pages,
//! so that it is made for one batch in many (docs/adr/0006). The journal must never take a record over one that redb
//! has not made durable yet, and never give out one that is not whole or does not go on from where redb ends.

mod record;

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::StoreError;
use super::engine::Batch;
use super::redb::{FORMAT, corrupt, failed, unavailable};
use crate::ledger::Head;
use crate::limits;
use record::PAGE_BYTES;

/// The records of one file.
#[derive(Debug)]
pub(super) struct Journal {
    file: Arc<dyn StorageBackend>,
    /// How much of what was laid out is used.
    room: usize,
    /// Where the next record goes, in bytes from the first.
    end: Mutex<usize>,
    shut: Arc<AtomicBool>,
}

/// The part of a file that is redb's.
#[derive(Debug)]
pub(super) struct Pages {
    file: Arc<dyn StorageBackend>,
    begin: u64,
    /// Nothing may be written any more. What a failed sync was to write is taken for written by the next one, so that
    /// redb, which pushes its pages out between syncs, must not go on from it, not even to close.
    shut: Arc<AtomicBool>,
}

/// Parts a file in journal and pages; an empty one is laid out first. A store from before there was a journal is pages
/// alone. Of the journal's [`limits::JOURNAL_BYTES`], `room` is used.
///
/// # Errors
/// When the medium fails, or the file ends within its journal.
pub(super) fn split(
    file: impl StorageBackend,
    room: usize,
) -> Result<(Option<Journal>, Pages), StoreError> {
    let file: Arc<dyn StorageBackend> = Arc::new(file);
    let len = file.len().map_err(unavailable)?;
    let mut mark = [0; MARK.len()];
    if len >= mark.len() as u64 {
        file.read(0, &mut mark).map_err(unavailable)?;
    }
    // What a crash leaves of a layout that had not got its mark.
    let is_new = len == 0 || (len == PAGES_AT && mark == [0; MARK.len()]);
    if is_new {
        lay_out(&*file).map_err(unavailable)?;
    } else if mark[..15] == MARK[..15] && mark[15] > MARK[15] {
        let found = u32::from(mark[15] - b'0');
        return Err(StoreError::Newer { found, ours: FORMAT });
    } else if mark != MARK {
        return Ok((None, Pages { file, begin: 0, shut: Arc::default() }));
    } else if len < PAGES_AT {
        return Err(corrupt("the file ends within its journal"));
    }
    let room = room.min(limits::JOURNAL_BYTES);
    let shut = Arc::<AtomicBool>::default();
    let (end, pages) = (Mutex::new(0), Arc::clone(&shut));
    let journal = Journal { file: Arc::clone(&file), room, end, shut };
    Ok((Some(journal), Pages { file, begin: PAGES_AT, shut: pages }))
}

/// Writes the journal's room and then the mark: with room that is there a sync has no size to write.
fn lay_out(file: &dyn StorageBackend) -> io::Result<()> {
    file.set_len(PAGES_AT)?;
    file.write(RECORDS_AT, &vec![0; limits::JOURNAL_BYTES])?;
    file.sync_data()?;
    file.write(0, &MARK)?;
    file.sync_data()
}

impl Journal {
    /// Makes a batch durable; `false` if there is no room for it, and nothing was written. Without an event it could
    /// not be told from a record of before.
    ///
    /// # Errors
    /// When the medium fails; whether the record is there is then unknown.
    pub(super) fn append(&self, batch: &Batch) -> Result<bool, StoreError> {
        if batch.events.is_empty() {
            return Ok(false);
        }
        let record = record::encode(batch);
        let mut end = self.end();
        if record.len() > self.room.saturating_sub(*end) {
            return Ok(false);
        }
        self.write(*end, &record).map_err(failed)?;
        *end += record.len();
        Ok(true)
    }

    /// Writes and syncs; after an error nothing more is written to the file.
    fn write(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write(RECORDS_AT + at as u64, bytes);
        written.and_then(|()| self.file.sync_data()).inspect_err(|_| self.shut())
    }

    /// From now on nothing is written to the file.
    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
    }

    /// The batches that go on from `head`, which is where redb ends; the next record goes behind them. What a process
    /// wrote and could not sync looks like what it synced, so that they are written once more before they are believed.
    ///
    /// # Errors
    /// When the medium fails, or whole records follow one that is damaged.
    pub(super) fn take_up(&self, mut head: Head) -> Result<Vec<Batch>, StoreError> {
        let mut bytes = vec![0; self.room];
        self.file.read(RECORDS_AT, &mut bytes).map_err(unavailable)?;
        let mut batches = Vec::new();
        let mut at = 0;
        let mut last = None;
        let goes_on = |last: Option<Head>, after| last.is_none_or(|last| last == after);
        while let Some(record) = record::at(&bytes[at..]).filter(|next| goes_on(last, next.after)) {
            // What redb has already, since it was closed or its own commit came later, is passed by.
            if record.head.seq > head.seq {
                let Some(batch) = record.decode().filter(|_| record.after == head) else { break };
                head = record.head;
                batches.push(batch);
            }
            last = Some(record.head);
            at += record.len();
        }
        check_rest(&bytes[at..], head)?;
        if !batches.is_empty() {
            self.write(0, &bytes[..at]).map_err(unavailable)?;
            *self.end() = at;
        }
        Ok(batches)
    }

    /// Begins anew, once redb has made durable what is in the records.
    pub(super) fn restart(&self) {
        *self.end() = 0;
    }

    fn end(&self) -> MutexGuard<'_, usize> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A record is written once the one before it is durable: one that is torn is the last.
fn check_rest(bytes: &[u8], head: Head) -> Result<(), StoreError> {
    let is_later = |page: usize| {
        let record = record::at(&bytes[page * PAGE_BYTES..]);
        record.is_some_and(|record| record.after.seq >= head.seq && record.is_whole())
    };
    match (0..bytes.len() / PAGE_BYTES).any(is_later) {
        true => Err(corrupt(format!("its journal is damaged after event {}", head.seq))),
        false => Ok(()),
    }
}

impl Pages {
    fn open(&self) -> io::Result<&dyn StorageBackend> {
        match self.shut.load(Ordering::Acquire) {
            true => Err(io::Error::other("nothing is written after an error")),
            false => Ok(&*self.file),
        }
    }
}

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len()?.saturating_sub(self.begin))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(self.begin + offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.open()?.set_len(self.begin + len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.open()?.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.open()?.write(self.begin + offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // Locks are on places, not on bytes: they are those of the file.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

/// What the file is, and the store format it came with.
const MARK: [u8; 16] = *b"paywarden store2";
const RECORDS_AT: u64 = PAGE_BYTES as u64;
/// Where redb's pages begin; its own are aligned as before.
pub(super) const PAGES_AT: u64 = RECORDS_AT + limits::JOURNAL_BYTES as u64;

#[cfg(test)]
mod tests;
