//! The head of a store's file: what was committed since redb last made its own pages durable.
//!
//! One record, synced once, makes a batch durable; redb's own commit takes two syncs and writes its table of free pages,
//! so that it is made for one batch in many (docs/adr/0006). The journal must never take a record over one that redb
//! has not made durable yet, and never give out one that is not whole or does not go on from where redb ends.

mod record;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use super::StoreError;
use super::engine::Batch;
use super::redb::{corrupt, failed, unavailable};
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
}

/// The part of a file that is redb's.
#[derive(Debug)]
pub(super) struct Pages {
    file: Arc<dyn StorageBackend>,
    begin: u64,
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
    } else if mark != MARK {
        return Ok((None, Pages { file, begin: 0 }));
    } else if len < PAGES_AT {
        return Err(corrupt("the file ends within its journal"));
    }
    let room = room.min(limits::JOURNAL_BYTES);
    let journal = Journal { file: Arc::clone(&file), room, end: Mutex::new(0) };
    Ok((Some(journal), Pages { file, begin: PAGES_AT }))
}

/// Writes the journal's room and then the mark: room that is there needs no size to be written with each sync, and a
/// disk that is full is noticed now.
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
        if record.len() > self.room - *end {
            return Ok(false);
        }
        self.file.write(RECORDS_AT + *end as u64, &record).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        *end += record.len();
        Ok(true)
    }

    /// The batches that go on from `head`, which is where redb ends.
    ///
    /// # Errors
    /// When the medium fails, or whole records follow one that is damaged.
    pub(super) fn read(&self, mut head: Head) -> Result<Vec<Batch>, StoreError> {
        let mut bytes = vec![0; limits::JOURNAL_BYTES];
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
        // A record is written once the one before it is durable: one that is torn is the last.
        let mut rest = bytes[at..].chunks(PAGE_BYTES).enumerate();
        let is_later = |page: usize| {
            let record = record::at(&bytes[at + page * PAGE_BYTES..]);
            record.is_some_and(|record| record.after.seq >= head.seq && record.is_whole())
        };
        if rest.any(|(page, _)| is_later(page)) {
            return Err(corrupt(format!("its journal is damaged after event {}", head.seq)));
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

impl StorageBackend for Pages {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.len()?.saturating_sub(self.begin))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(self.begin + offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(self.begin + len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(self.begin + offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

const MARK: [u8; 16] = *b"paywarden store1";
const RECORDS_AT: u64 = PAGE_BYTES as u64;
/// Where redb's pages begin; its own are aligned as before.
pub(super) const PAGES_AT: u64 = RECORDS_AT + limits::JOURNAL_BYTES as u64;

#[cfg(test)]
mod tests;
