//! Two small files beside the store: heads that left it, and the owner's freeze marker.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
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
    /// Opens the file, or makes it for the owner alone. A torn last line is cut off, or the next would go on with it.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let length = file.metadata()?.len();
        let whole = line_start(&mut file, length)?;
        if whole < length {
            file.set_len(whole)?;
        }
        Ok(Self { file, dirty: false, synced_at: Millis(0) })
    }

    /// Reads the last whole anchor, whatever the length of the file.
    ///
    /// # Errors
    /// The system's, or a line that is no anchor.
    pub fn last(path: &Path) -> io::Result<Option<Anchor>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let end = line_start(&mut file, length)?;
        if end == 0 {
            return Ok(None);
        }
        let start = line_start(&mut file, end - 1)?;
        let mut line = String::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - 1 - start).read_to_string(&mut line)?;
        line.parse().map(Some).map_err(no_anchor)
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
        anchors.map_err(no_anchor)
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

/// Where the line begins that `before` lies in: just after the last line end before it, or at 0.
fn line_start(file: &mut File, before: u64) -> io::Result<u64> {
    let mut window = [0; WINDOW_BYTES];
    let mut end = before;
    while end > 0 {
        let start = end.saturating_sub(window.len() as u64);
        let bytes = &mut window[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)?;
        if let Some(found) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + found as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn no_anchor(error: AnchorError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
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

/// Read at once when the end of a line is looked for; longer than any line of ours.
const WINDOW_BYTES: usize = 160;
