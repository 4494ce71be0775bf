//! The store on redb: one file, a journal at its head, two-phase commits with quick repair behind it.
//!
//! A damaged page can trip redb's own assertions; here that is an error like any other, and nothing may be written after
//! it.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{
    Builder, Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    StorageBackend, TableDefinition, TableError, WriteTransaction,
};

use super::StoreError;
use super::backup::keep_copy;
use super::engine::{Batch, Engine, FoldEvent, Snapshot, StoredEvent};
use super::journal::{self, Journal};
use super::refold::Refold;
use super::scan::{scan_table, value};
use crate::books::{KeyValue, Rows, RowsError, Scan, Table};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ledger::{EventSignature, Head};
use crate::limits;

/// The store format this version writes. Older ones are read, and migrated before anything is written.
pub const FORMAT: u32 = 2;

/// Events and books in one redb file.
#[derive(Debug)]
pub struct RedbEngine {
    /// There until it is closed.
    database: Option<Database>,
    /// A store from before there was one makes every commit durable by itself.
    journal: Option<Journal>,
    place: Option<Place>,
}

/// Which file was opened, and where: a file put in its place by somebody is not written past.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    file: FileIdentity,
}

#[cfg(unix)]
type FileIdentity = (u64, u64);
#[cfg(not(unix))]
type FileIdentity = ();

impl RedbEngine {
    /// Opens the file, or makes it for the owner alone. Call [`super::probe_file`] first for a file that exists.
    ///
    /// # Errors
    /// Busy, damaged, newer, or the system's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(unavailable)?;
        let identity = identity(&file.metadata().map_err(unavailable)?);
        let mut engine = Self::with_backend(FileBackend::new(file).map_err(database_error)?)?;
        engine.place = Some(Place { path: path.to_owned(), file: identity });
        Ok(engine)
    }

    /// Opens over any backend, for simulated disks.
    ///
    /// # Errors
    /// Damaged, newer, or the backend's.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, StoreError> {
        Self::with_room(backend, limits::JOURNAL_BYTES)
    }

    /// As [`RedbEngine::with_backend`], using so many bytes of the journal: less, and a short run meets it full.
    ///
    /// # Errors
    /// Those of [`RedbEngine::with_backend`].
    pub fn with_room(backend: impl StorageBackend, room: usize) -> Result<Self, StoreError> {
        caught(|| {
            let (journal, pages) = journal::split(backend, room)?;
            let database = builder().create_with_backend(pages).map_err(database_error)?;
            let engine = Self { database: Some(database), journal, place: None };
            // What is refused is left as it is, also when it is closed.
            let started = engine.start();
            started.inspect_err(|_| engine.journal.iter().for_each(Journal::shut))?;
            Ok(engine)
        })
    }

    fn start(&self) -> Result<(), StoreError> {
        match self.format()? {
            None => self.initialise(),
            Some(0) => Err(corrupt("format 0")),
            Some(1..=FORMAT) => self.catch_up(),
            Some(found) => Err(StoreError::Newer { found, ours: FORMAT }),
        }
    }

    /// What the journal has that goes on from `head`.
    fn pending(&self, head: Head) -> Result<Vec<Batch>, StoreError> {
        self.journal.as_ref().map_or(Ok(Vec::new()), |journal| journal.take_up(head))
    }

    /// Brings redb to where a process that was killed had come; the journal keeps what made that durable.
    fn catch_up(&self) -> Result<(), StoreError> {
        let batches = self.pending(self.snapshot()?.head()?.0)?;
        if batches.is_empty() {
            return Ok(());
        }
        let mut write = self.begin()?;
        write.set_durability(Durability::None).map_err(failed)?;
        batches.iter().try_for_each(|batch| put(&write, batch))?;
        write.commit().map_err(failed)
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is closed only when the engine is dropped")
    }

    fn format(&self) -> Result<Option<u32>, StoreError> {
        let read = self.database().begin_read().map_err(corrupt)?;
        match read.open_table(META) {
            Ok(table) => Ok(table.get("format").map_err(corrupt)?.map(|value| value.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(corrupt(error)),
        }
    }

    /// Makes the tables, so that a store says its format from the first commit on.
    fn initialise(&self) -> Result<(), StoreError> {
        if !self.pending(Head::GENESIS)?.is_empty() {
            return Err(corrupt("its pages are gone, and its journal is not"));
        }
        let write = self.begin()?;
        {
            write.open_table(EVENTS).map_err(failed)?;
            for table in Table::ALL {
                write.open_table(definition(table)).map_err(failed)?;
            }
            let mut meta = write.open_table(META).map_err(failed)?;
            meta.insert("format", FORMAT).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }
}

impl Engine for RedbEngine {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        let read = caught(|| self.database().begin_read().map_err(corrupt))?;
        Ok(Box::new(RedbSnapshot { read, tables: std::array::from_fn(|_| OnceCell::new()) }))
    }

    fn persist(&self, batch: &Batch) -> Result<(), StoreError> {
        self.place.as_ref().map_or(Ok(()), Place::check)?;
        caught(|| self.write(batch))
    }

    fn outdated(&self) -> Result<Option<u32>, StoreError> {
        caught(|| Ok(self.format()?.filter(|format| *format < FORMAT)))
    }

    fn keep_copy(&self, format: u32) -> Result<(), StoreError> {
        let Some(place) = &self.place else { return Ok(()) };
        place.check()?;
        let (head, _) = self.snapshot()?.head()?;
        keep_copy(&place.path, format, head)
    }

    fn refold(
        &self,
        fold: &mut FoldEvent<'_>,
        closing: Option<&StoredEvent>,
    ) -> Result<(), StoreError> {
        self.place.as_ref().map_or(Ok(()), Place::check)?;
        caught(|| self.fold_anew(fold, closing))
    }
}

impl RedbEngine {
    /// The journal's sync makes a batch durable; where it has no room, redb's commit does, with all that went before.
    fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let is_durable =
            self.journal.as_ref().map_or(Ok(false), |journal| journal.append(batch))?;
        let mut write = self.begin()?;
        if is_durable {
            write.set_durability(Durability::None).map_err(failed)?;
        }
        put(&write, batch)?;
        write.commit().map_err(failed)?;
        if !is_durable {
            self.journal.iter().for_each(Journal::restart);
        }
        Ok(())
    }

    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut write = self.database().begin_write().map_err(failed)?;
        // Quick repair implies two-phase commit: reopening after a kill stays short however large the store is.
        write.set_quick_repair(true);
        Ok(write)
    }

    fn fold_anew(
        &self,
        fold: &mut FoldEvent<'_>,
        closing: Option<&StoredEvent>,
    ) -> Result<(), StoreError> {
        let write = self.begin()?;
        for table in Table::ALL {
            write.delete_table(definition(table)).map_err(failed)?;
        }
        {
            let mut events = write.open_table(EVENTS).map_err(failed)?;
            let mut rows = Refold::open(&write)?;
            for entry in events.iter().map_err(corrupt)? {
                let (seq, value) = entry.map_err(corrupt)?;
                rows.fold(fold, &decode(seq.value(), value.value())?)?;
            }
            if let Some(closing) = closing {
                rows.fold(fold, closing)?;
                events.insert(closing.seq, encode(closing).as_slice()).map_err(failed)?;
            }
            let mut meta = write.open_table(META).map_err(failed)?;
            meta.insert("format", FORMAT).map_err(failed)?;
        }
        write.commit().map_err(failed)?;
        self.journal.iter().for_each(Journal::restart);
        Ok(())
    }
}

fn put(write: &WriteTransaction, batch: &Batch) -> Result<(), StoreError> {
    {
        let mut events = write.open_table(EVENTS).map_err(failed)?;
        for event in &batch.events {
            events.insert(event.seq, encode(event).as_slice()).map_err(failed)?;
        }
    }
    let mut rows = batch.rows.iter().peekable();
    while let Some(((table, _), _)) = rows.peek() {
        let table = *table;
        let mut open = write.open_table(definition(table)).map_err(failed)?;
        while let Some(((_, key), value)) = rows.next_if(|((next, _), _)| *next == table) {
            match value {
                Some(value) => open.insert(key.as_slice(), value.as_slice()).map(drop),
                None => open.remove(key.as_slice()).map(drop),
            }
            .map_err(failed)?;
        }
    }
    Ok(())
}

/// Closing makes durable what the journal made so until now, and writes what redb remembers of free pages.
impl Drop for RedbEngine {
    fn drop(&mut self) {
        let database = self.database.take();
        if let Err(error) = caught::<(), StoreError>(|| {
            drop(database);
            Ok(())
        }) {
            tracing::error!(%error, "the store is damaged and cannot be closed");
        }
    }
}

impl Place {
    fn check(&self) -> Result<(), StoreError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if identity(&found) == self.file => Ok(()),
            _ => Err(StoreError::Replaced),
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> FileIdentity {}

struct RedbSnapshot {
    read: ReadTransaction,
    /// Opened when first looked at; opening one for every row would cost more than the row.
    tables: [OnceCell<Option<Opened>>; Table::ALL.len()],
}

type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

impl RedbSnapshot {
    /// A store from before a table was thought of has no rows of it.
    fn table(&self, table: Table) -> Result<Option<&Opened>, RowsError> {
        let slot = &self.tables[table as usize];
        if let Some(opened) = slot.get() {
            return Ok(opened.as_ref());
        }
        let opened = match self.read.open_table(definition(table)) {
            Err(TableError::TableDoesNotExist(_)) => None,
            opened => Some(opened.map_err(medium)?),
        };
        Ok(slot.get_or_init(|| opened).as_ref())
    }
}

impl Snapshot for RedbSnapshot {
    fn rows(&self) -> &dyn Rows {
        self
    }

    fn head(&self) -> Result<(Head, Millis), StoreError> {
        caught(|| self.last())
    }

    fn events(&self, from: u64, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        caught(|| self.range(from, limit))
    }
}

impl RedbSnapshot {
    fn last(&self) -> Result<(Head, Millis), StoreError> {
        let events = self.read.open_table(EVENTS).map_err(corrupt)?;
        let Some((seq, value)) = events.last().map_err(corrupt)? else {
            return Ok((Head::GENESIS, Millis(0)));
        };
        let stored = decode(seq.value(), value.value())?;
        let at = stored.time().map_err(corrupt)?;
        Ok((Head { seq: stored.seq, hash: stored.hash }, at))
    }

    fn range(&self, from: u64, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.read.open_table(EVENTS).map_err(corrupt)?;
        let range = events.range(from..).map_err(corrupt)?;
        // No place is left out: a changed key need not change the order.
        range
            .take(limit)
            .zip(from.max(1)..)
            .map(|(entry, place)| {
                let (seq, value) = entry.map_err(corrupt)?;
                if seq.value() != place {
                    return Err(corrupt(format!("event {} stands at {place}", seq.value())));
                }
                decode(seq.value(), value.value())
            })
            .collect()
    }
}

impl Rows for RedbSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        caught(|| self.table(table)?.map_or(Ok(None), |table| value(table, key)))
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        caught(|| self.table(table)?.map_or(Ok(Vec::new()), |table| scan_table(table, scan)))
    }
}

/// What `work` finds, or that redb gave up on its own pages.
fn caught<T, E: Tripped>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(E::tripped()))
}

/// An error that can say so.
trait Tripped {
    fn tripped() -> Self;
}

impl Tripped for StoreError {
    fn tripped() -> Self {
        corrupt(UNFIT)
    }
}

impl Tripped for RowsError {
    fn tripped() -> Self {
        medium(UNFIT)
    }
}

pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(limits::STORE_CACHE_BYTES);
    builder
}

pub(super) fn database_error(error: redb::DatabaseError) -> StoreError {
    match error {
        redb::DatabaseError::DatabaseAlreadyOpen => StoreError::Busy,
        redb::DatabaseError::UpgradeRequired(_) => corrupt(error),
        redb::DatabaseError::Storage(redb::StorageError::Io(error)) => match error.kind() {
            // redb answers so for a file that is none of its own.
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => corrupt(error),
            _ => unavailable(error),
        },
        other => corrupt(other),
    }
}

/// Flag, hash, signature if any, canonical bytes.
pub(super) fn encode(event: &StoredEvent) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 32 + 64 + event.bytes.len());
    bytes.push(u8::from(event.signature.is_some()));
    bytes.extend_from_slice(&event.hash.0);
    if let Some(signature) = &event.signature {
        bytes.extend_from_slice(&signature.0);
    }
    bytes.extend_from_slice(&event.bytes);
    bytes
}

pub(super) fn decode(seq: u64, bytes: &[u8]) -> Result<StoredEvent, StoreError> {
    let short = || corrupt(format!("event {seq} is cut short"));
    let (flag, rest) = bytes.split_first().ok_or_else(short)?;
    let (hash, rest) = rest.split_first_chunk::<32>().ok_or_else(short)?;
    let (signature, rest) = match flag {
        0 => (None, rest),
        1 => {
            let (signature, rest) = rest.split_first_chunk::<64>().ok_or_else(short)?;
            (Some(EventSignature(*signature)), rest)
        }
        _ => return Err(corrupt(format!("event {seq} has an unknown form"))),
    };
    Ok(StoredEvent { seq, hash: Digest(*hash), signature, bytes: rest.to_vec() })
}

pub(super) fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

pub(super) fn medium(error: impl std::fmt::Display) -> RowsError {
    RowsError::Medium(error.to_string())
}

pub(super) fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed { detail: error.to_string() }
}

pub(super) fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { detail: error.to_string() }
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable { detail: error.to_string() }
}

const UNFIT: &str = "its pages do not fit together";
const EVENTS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("events");
const META: TableDefinition<'static, &'static str, u32> = TableDefinition::new("meta");
