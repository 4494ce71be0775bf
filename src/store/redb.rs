//! The store on redb: one file, two-phase commits, quick repair.

use std::cell::OnceCell;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use redb::{
    Builder, Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    StorageBackend, TableDefinition, TableError, TableHandle,
};

use super::StoreError;
use super::engine::{Batch, Engine, Snapshot, StoredEvent};
use crate::books::{KeyValue, Rows, RowsError, Scan, Table};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ledger::{EventSignature, Head};
use crate::limits;

/// The newest store format this version reads and writes.
pub const FORMAT: u32 = 1;

/// Events and books in one redb file.
#[derive(Debug)]
pub struct RedbEngine {
    database: Database,
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
        let mut engine = Self::started(builder().create_file(file).map_err(database_error)?)?;
        engine.place = Some(Place { path: path.to_owned(), file: identity });
        Ok(engine)
    }

    /// Opens over any backend, for simulated disks.
    ///
    /// # Errors
    /// Damaged, newer, or the backend's.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, StoreError> {
        Self::started(builder().create_with_backend(backend).map_err(database_error)?)
    }

    fn started(database: Database) -> Result<Self, StoreError> {
        let engine = Self { database, place: None };
        match engine.format()? {
            Some(FORMAT) => engine.complete().map(|()| engine),
            None => engine.initialise().map(|()| engine),
            Some(0) => Err(corrupt("format 0")),
            Some(found) => Err(StoreError::Newer { found, ours: FORMAT }),
        }
    }

    fn format(&self) -> Result<Option<u32>, StoreError> {
        let read = self.database.begin_read().map_err(corrupt)?;
        match read.open_table(META) {
            Ok(table) => Ok(table.get("format").map_err(corrupt)?.map(|value| value.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(corrupt(error)),
        }
    }

    /// Makes the tables that a version before this one did not have.
    fn complete(&self) -> Result<(), StoreError> {
        let read = self.database.begin_read().map_err(corrupt)?;
        let names: Vec<String> =
            read.list_tables().map_err(corrupt)?.map(|table| table.name().to_owned()).collect();
        drop(read);
        let there = |table: &Table| names.iter().any(|name| name == table.name());
        if Table::ALL.iter().all(there) {
            return Ok(());
        }
        let mut write = self.database.begin_write().map_err(failed)?;
        write.set_quick_repair(true);
        for table in Table::ALL {
            write.open_table(definition(table)).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }

    /// All tables exist from the first commit on, so that reading never meets a missing one.
    fn initialise(&self) -> Result<(), StoreError> {
        let mut write = self.database.begin_write().map_err(failed)?;
        write.set_quick_repair(true);
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
        let read = self.database.begin_read().map_err(corrupt)?;
        Ok(Box::new(RedbSnapshot { read, tables: Default::default() }))
    }

    fn persist(&self, batch: &Batch) -> Result<(), StoreError> {
        self.place.as_ref().map_or(Ok(()), Place::check)?;
        let mut write = self.database.begin_write().map_err(failed)?;
        // Quick repair implies two-phase commit: reopening after a kill stays short however large the store is.
        write.set_quick_repair(true);
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
        write.commit().map_err(failed)
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
    tables: [OnceCell<Opened>; Table::ALL.len()],
}

type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

impl RedbSnapshot {
    fn table(&self, table: Table) -> Result<&Opened, RowsError> {
        let slot = &self.tables[table as usize];
        if let Some(opened) = slot.get() {
            return Ok(opened);
        }
        let opened = self.read.open_table(definition(table)).map_err(medium)?;
        Ok(slot.get_or_init(|| opened))
    }
}

impl Snapshot for RedbSnapshot {
    fn rows(&self) -> &dyn Rows {
        self
    }

    fn head(&self) -> Result<(Head, Millis), StoreError> {
        let events = self.read.open_table(EVENTS).map_err(corrupt)?;
        let Some((seq, value)) = events.last().map_err(corrupt)? else {
            return Ok((Head::GENESIS, Millis(0)));
        };
        let stored = decode(seq.value(), value.value())?;
        let event = stored.decode().map_err(corrupt)?;
        let at: jiff::Timestamp = event.at.parse().map_err(corrupt)?;
        let at = Millis(u64::try_from(at.as_millisecond()).unwrap_or(0));
        Ok((Head { seq: stored.seq, hash: stored.hash }, at))
    }

    fn events(&self, from: u64, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.read.open_table(EVENTS).map_err(corrupt)?;
        let range = events.range(from..).map_err(corrupt)?;
        range
            .take(limit)
            .map(|entry| {
                let (seq, value) = entry.map_err(corrupt)?;
                decode(seq.value(), value.value())
            })
            .collect()
    }
}

impl Rows for RedbSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        let table = self.table(table)?;
        Ok(table.get(key).map_err(medium)?.map(|value| value.value().to_vec()))
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        let table = self.table(table)?;
        let end = successor(scan.prefix);
        // Both ends are looked up in the tree, so that a page far in costs no more than the first.
        let from = scan.after.filter(|after| !scan.reverse && *after >= scan.prefix);
        let from = from.map_or(Bound::Included(scan.prefix), Bound::Excluded);
        let end = end.as_deref();
        let to = scan.after.filter(|after| scan.reverse && end.is_none_or(|end| *after < end));
        let to = to.or(end).map_or(Bound::Unbounded, Bound::Excluded);
        if crossed(from, to) {
            return Ok(Vec::new());
        }
        let range = table.range::<&[u8]>((from, to)).map_err(medium)?;
        let mut found = Vec::new();
        let mut keep = |entry: Result<_, redb::StorageError>| {
            let (key, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>) =
                entry.map_err(medium)?;
            if scan.wants(key.value()) {
                found.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok::<bool, RowsError>(found.len() < scan.limit)
        };
        if scan.limit > 0 {
            if scan.reverse {
                for entry in range.rev() {
                    if !keep(entry)? {
                        break;
                    }
                }
            } else {
                for entry in range {
                    if !keep(entry)? {
                        break;
                    }
                }
            }
        }
        Ok(found)
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

/// Whether a range begins where it has ended; the tree asks for ordered bounds.
fn crossed(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    match (from, to) {
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
        _ => false,
    }
}

/// Past the last key with this prefix.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let keep = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = prefix[..=keep].to_vec();
    end[keep] += 1;
    Some(end)
}

/// Flag, hash, signature if any, canonical bytes.
fn encode(event: &StoredEvent) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 32 + 64 + event.bytes.len());
    bytes.push(u8::from(event.signature.is_some()));
    bytes.extend_from_slice(&event.hash.0);
    if let Some(signature) = &event.signature {
        bytes.extend_from_slice(&signature.0);
    }
    bytes.extend_from_slice(&event.bytes);
    bytes
}

fn decode(seq: u64, bytes: &[u8]) -> Result<StoredEvent, StoreError> {
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

fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

fn medium(error: impl std::fmt::Display) -> RowsError {
    RowsError::Medium(error.to_string())
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed { detail: error.to_string() }
}

fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { detail: error.to_string() }
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable { detail: error.to_string() }
}

const EVENTS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("events");
const META: TableDefinition<'static, &'static str, u32> = TableDefinition::new("meta");
