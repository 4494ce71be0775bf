//! A look at a store file that cannot change it: what is damaged or newer stays as it is, to the byte.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use redb::StorageBackend;

use super::StoreError;
use super::engine::{Engine as _, Snapshot};
use super::redb::{RedbEngine, unavailable};

/// Opens the file with all writes kept in memory, reads its format and its last event, and throws the writes away.
///
/// # Errors
/// What opening it for good would fail with.
pub fn probe_file(path: &Path) -> Result<(), StoreError> {
    peek_file(path, |snapshot| snapshot.head().map(drop)).map(drop)
}

/// Looks into a store without changing the file; `None` if the file is empty. While another process writes it, what is
/// seen may not fit together.
///
/// # Errors
/// What opening it for good would fail with, and those of `look`.
pub fn peek_file<R>(
    path: &Path,
    look: impl FnOnce(&dyn Snapshot) -> Result<R, StoreError>,
) -> Result<Option<R>, StoreError> {
    let file = File::open(path).map_err(unavailable)?;
    let len = file.metadata().map_err(unavailable)?.len();
    if len == 0 {
        return Ok(None);
    }
    let shadow = Shadow { file, state: Mutex::new(State { len, pages: BTreeMap::new() }) };
    // A damaged file can trip redb's own assertions; that is an answer too.
    let seen = catch_unwind(AssertUnwindSafe(|| {
        let engine = RedbEngine::with_backend(shadow)?;
        look(&*engine.snapshot()?).map(Some)
    }));
    seen.unwrap_or_else(|_| {
        Err(StoreError::Corrupt { detail: "its pages do not fit together".to_owned() })
    })
}

/// A file whose writes stay in memory.
#[derive(Debug)]
struct Shadow {
    file: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    len: u64,
    /// Those that were written to, by their number.
    pages: BTreeMap<u64, Box<Page>>,
}

type Page = [u8; PAGE_BYTES];

impl StorageBackend for Shadow {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let state = self.state();
        let end = offset + out.len() as u64;
        if end > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_what_is_there(&self.file, offset, out)?;
        for (page, within, at) in pieces(offset, out.len()) {
            if let Some(page) = state.pages.get(&page) {
                out[at.clone()].copy_from_slice(&page[within..within + at.len()]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.state().len = len;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        for (page, within, at) in pieces(offset, data.len()) {
            let page = match state.pages.entry(page) {
                Entry::Occupied(page) => page.into_mut(),
                Entry::Vacant(place) => {
                    let mut content = Box::new([0; PAGE_BYTES]);
                    read_what_is_there(&self.file, page * PAGE_BYTES as u64, &mut content[..])?;
                    place.insert(content)
                }
            };
            page[within..within + at.len()].copy_from_slice(&data[at]);
        }
        Ok(())
    }
}

impl Shadow {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Page, place in it, and the part of so many bytes that lies there.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE_BYTES as u64) as usize;
        let part = (PAGE_BYTES - within).min(len - done);
        done += part;
        (part > 0).then(|| (at / PAGE_BYTES as u64, within, done - part..done))
    })
}

/// Reads from the file; past its end the bytes are zero.
fn read_what_is_there(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    use std::io::{Read as _, Seek as _};
    let mut file = file;
    file.seek(io::SeekFrom::Start(offset))?;
    out.fill(0);
    let mut filled = 0;
    while filled < out.len() {
        match file.read(&mut out[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(())
}

const PAGE_BYTES: usize = 4096;
