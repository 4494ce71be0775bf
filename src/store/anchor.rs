//! Two small files beside the store: heads that left it, and the owner's freeze marker.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::clock::Millis;
use crate::ledger::{Anchor, AnchorError, Head};
use crate::limits;

/// Appends every durable head; fsynced at most once a second, so that it costs no payment time.
#[derive(Debug)]
pub struct AnchorFile {
    file: File,
    dirty: bool,
    synced_at: Millis,
}

impl AnchorFile {
    /// Opens the file, or makes it for the owner alone.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, dirty: false, synced_at: Millis(0) })
    }

    /// Reads all anchors; a torn last line is left out.
    ///
    /// # Errors
    /// The system's, or a line that is no anchor.
    pub fn read(path: &Path) -> io::Result<Vec<Anchor>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let anchors = whole.lines().map(str::parse).collect::<Result<_, AnchorError>>();
        anchors.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Appends one head. A failure is logged, not answered: the commit it witnesses is durable already.
    pub(super) fn append(&mut self, head: Head, at: Millis) {
        let line = format!("{}\n", Anchor { head, at: at.to_string() });
        match self.file.write_all(line.as_bytes()) {
            Ok(()) => self.dirty = true,
            Err(error) => tracing::warn!(%error, "the anchor file cannot be written"),
        }
    }

    pub(super) fn sync_if_due(&mut self, now: Millis) {
        if self.dirty && now.since(self.synced_at) >= limits::ANCHOR_SYNC_EVERY {
            self.synced_at = now;
            match self.file.sync_data() {
                Ok(()) => self.dirty = false,
                Err(error) => tracing::warn!(%error, "the anchor file cannot be synced"),
            }
        }
    }
}

impl Drop for AnchorFile {
    fn drop(&mut self) {
        if self.dirty {
            let _ = self.file.sync_data();
        }
    }
}

/// The file `frozen` beside the store: freezes whatever the keeper does. Deleting it lifts nothing.
#[derive(Clone, Debug)]
pub struct FreezeMarker(PathBuf);

impl FreezeMarker {
    /// The marker at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Lays the marker down, durably.
    ///
    /// # Errors
    /// The system's.
    pub fn set(&self, reason: &str) -> io::Result<()> {
        let mut file = File::create(&self.0)?;
        file.write_all(reason.as_bytes())?;
        file.sync_all()
    }

    /// Takes the marker away once the freeze is on the ledger.
    ///
    /// # Errors
    /// The system's.
    pub fn clear(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Its text, if it is there. A marker that cannot be read freezes too.
    pub fn reason(&self) -> Option<String> {
        let mut text = String::new();
        match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => Some(UNREADABLE.to_owned()),
            Ok(file) => {
                let bound = limits::REASON_BYTES as u64;
                let read = file.take(bound).read_to_string(&mut text);
                let text = text.trim();
                Some(if read.is_err() || text.is_empty() { UNREADABLE } else { text }.to_owned())
            }
        }
    }
}

const UNREADABLE: &str = "a freeze marker lies beside the store";
