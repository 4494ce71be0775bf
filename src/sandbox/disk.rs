//! A disk for redb that can be watched, cut off and made to fail, and that says what a crash would leave of it.
//!
//! The model is redb's own: a completed sync is durable, a write touches no byte outside its range, and whatever was
//! not synced survives a power cut in part, in any order, or not at all. After a sync that failed, what it was to write
//! can be read on and is never written by a later one, as on Linux. It must never be kinder than that, and never less
//! deterministic: torn images follow from a seed.

mod image;
mod wreck;

pub use image::Image;
pub use wreck::Wreck;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use wreck::Change;

/// A simulated disk; clones are the same disk.
#[derive(Clone)]
pub struct Disk {
    shared: Arc<Shared>,
}

/// What goes wrong, and from which operation on; operations count from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// The process dies before this operation: it and all later ones fail and leave no trace.
    DeathAt(u64),
    /// This operation alone fails with an input/output error and leaves no trace.
    ErrorAt(u64),
    /// From this operation on, nothing can be written; reading and syncing go on.
    FullFrom(u64),
}

/// Told of each operation before it is carried out.
pub trait Witness: fmt::Debug + Send + Sync {
    /// `wreck` makes what a crash in this very operation would leave; it costs nothing unless it is called.
    fn operation(&self, wreck: &dyn Fn() -> Wreck);
}

struct Shared {
    witness: Option<Arc<dyn Witness>>,
    state: Mutex<State>,
}

struct State {
    now: Image,
    durable: Image,
    unsynced: Vec<Change>,
    operations: u64,
    syncs: u64,
    trouble: Option<Trouble>,
}

impl Disk {
    /// A disk that holds `image`, all of it durable.
    #[must_use]
    pub fn new(image: Image) -> Self {
        Self::with(image, None)
    }

    /// A disk whose operations are told to `witness`.
    #[must_use]
    pub fn watched(image: Image, witness: Arc<dyn Witness>) -> Self {
        Self::with(image, Some(witness))
    }

    fn with(image: Image, witness: Option<Arc<dyn Witness>>) -> Self {
        let state = State {
            now: image.clone(),
            durable: image,
            unsynced: Vec::new(),
            operations: 0,
            syncs: 0,
            trouble: None,
        };
        Self { shared: Arc::new(Shared { witness, state: Mutex::new(state) }) }
    }

    /// Sets what goes wrong.
    pub fn trouble(&self, trouble: Trouble) {
        self.state().trouble = Some(trouble);
    }

    /// Operations so far, failed ones included.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Syncs that were completed.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// What a crash between two operations leaves now.
    pub fn wreck(&self) -> Wreck {
        self.state().wreck(None)
    }

    /// Counts an operation, tells the witness, and fails it if it is to fail.
    fn begin(&self, change: Option<&Change>) -> io::Result<MutexGuard<'_, State>> {
        if let Some(witness) = &self.shared.witness {
            witness.operation(&|| self.state().wreck(change));
        }
        let mut state = self.state();
        state.operations += 1;
        match state.error(change.is_some()) {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wreck(&self, in_flight: Option<&Change>) -> Wreck {
        let now = self.now.clone();
        Wreck::new(now, self.durable.clone(), self.unsynced.clone(), in_flight.cloned())
    }

    fn error(&self, changes: bool) -> Option<io::Error> {
        match self.trouble? {
            Trouble::DeathAt(at) if self.operations >= at => Some(io::ErrorKind::BrokenPipe.into()),
            Trouble::ErrorAt(at) if self.operations == at => Some(io::Error::other("EIO")),
            Trouble::FullFrom(at) if self.operations >= at && changes => {
                Some(io::ErrorKind::StorageFull.into())
            }
            _ => None,
        }
    }

    /// What a failed sync leaves behind: bytes that are taken for written.
    fn forget_unsynced(&mut self) {
        if let Some(Trouble::ErrorAt(_)) = self.trouble {
            self.unsynced.retain(|change| matches!(change, Change::Length(_)));
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.begin(None)?.now.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.begin(None)?.now.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let change = Change::Length(len);
        self.begin(Some(&change))?.change(change);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = match self.begin(None) {
            Ok(state) => state,
            Err(error) => {
                self.state().forget_unsynced();
                return Err(error);
            }
        };
        state.syncs += 1;
        let changes = std::mem::take(&mut state.unsynced);
        changes.iter().for_each(|change| change.apply(&mut state.durable));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let change = Change::Bytes { offset, data: data.into() };
        let mut state = self.begin(Some(&change))?;
        if offset.saturating_add(data.len() as u64) > state.now.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        state.change(change);
        Ok(())
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Disk")
            .field("bytes", &state.now.len())
            .field("operations", &state.operations)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
