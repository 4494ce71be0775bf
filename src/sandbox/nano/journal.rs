//! The file that lets a sandbox ledger outlive its process: one JSON line for each block accepted, rolled back, or
//! cemented at once, written before the node answers.
//!
//! A killed process loses nothing that was answered, because the page cache outlives it; nothing is fsynced, since play
//! money need not survive a power cut. One process at a time may have the file open, which the keeper's lock sees to.
//! The journal must never hold a block that the ledger refused.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::limits;
use crate::nano::{BlockHash, SignedBlock, Subtype};

use super::check::Refusal;

/// An append-only file of [`Line`]s, or none.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<Tail>,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// A block entered the ledger.
    Block { signed: Box<SignedBlock>, subtype: Subtype, seen_at: Millis },
    /// A block and everything that depends on it left the ledger.
    RollBack(BlockHash),
    /// A block was cemented by hand, with everything it depends on. Cementing by age is not written: it follows from
    /// `seen_at`.
    Confirm(BlockHash),
}

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("the sandbox journal {}: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A complete line that is no entry, or is longer than one can be.
    #[error("the sandbox journal {}, line {line}: {detail}", path.display())]
    Malformed {
        /// The journal.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        detail: String,
    },
    /// A line that does not follow from those before it.
    #[error("the sandbox journal {}, line {line}: the ledger refuses it: {refusal}", path.display())]
    Refused {
        /// The journal.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Why.
        refusal: Refusal,
    },
}

/// The open file and how much of it is known to be whole.
#[derive(Debug)]
struct Tail {
    file: File,
    path: PathBuf,
    whole_bytes: u64,
    /// A write failed half-way; what is behind `whole_bytes` goes before the next line.
    torn: bool,
}

/// The shape of a line; exactly one of `block`, `roll_back` and `confirm` is there.
#[derive(Default, Deserialize, Serialize)]
struct Shape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<Box<SignedBlock>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subtype: Option<Subtype>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_at_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roll_back: Option<BlockHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirm: Option<BlockHash>,
}

impl Journal {
    /// Keeps nothing.
    pub(super) fn none() -> Self {
        Self { file: None }
    }

    /// Opens or makes the file, hands its lines with their numbers to `replay` in order, and drops a torn last
    /// line: its block was never answered.
    pub(super) fn open(
        path: &Path,
        mut replay: impl FnMut(usize, Line) -> Result<(), JournalError>,
    ) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut lines = BufReader::with_capacity(READ_BUFFER_BYTES, &mut file);
        let mut bytes = Vec::new();
        let mut whole_bytes = 0;
        for line in 1.. {
            bytes.clear();
            let read = (&mut lines)
                .take(limits::SANDBOX_JOURNAL_LINE_BYTES as u64 + 1)
                .read_until(b'\n', &mut bytes)
                .map_err(failed)?;
            let malformed =
                |detail| JournalError::Malformed { path: path.to_owned(), line, detail };
            let Some(text) = bytes.strip_suffix(b"\n") else {
                if bytes.len() > limits::SANDBOX_JOURNAL_LINE_BYTES {
                    return Err(malformed("longer than a line can be".to_owned()));
                }
                break;
            };
            replay(line, parse(text).map_err(malformed)?)?;
            whole_bytes += read as u64;
        }
        let tail = Tail { file, path: path.to_owned(), whole_bytes, torn: true };
        Ok(Self { file: Some(tail) })
    }

    /// A journal whose every write fails.
    #[cfg(test)]
    pub(super) fn unwritable(path: &Path) -> Self {
        let file = File::open(path).expect("the file is there");
        Self { file: Some(Tail { file, path: path.to_owned(), whole_bytes: 0, torn: true }) }
    }

    /// Appends one line in one write.
    pub(super) fn write(&mut self, line: Line) -> Result<(), JournalError> {
        let Some(tail) = &mut self.file else {
            return Ok(());
        };
        let failed = |path: &Path, source| JournalError::Io { path: path.to_owned(), source };
        let mut text = serde_json::to_vec(&Shape::from(line))
            .map_err(|error| failed(&tail.path, error.into()))?;
        text.push(b'\n');
        tail.append(&text).map_err(|source| failed(&tail.path, source))
    }
}

impl Tail {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.whole_bytes)?;
            self.file.seek(SeekFrom::Start(self.whole_bytes))?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(line) {
            self.torn = true;
            return Err(error);
        }
        self.whole_bytes += line.len() as u64;
        Ok(())
    }
}

impl From<Line> for Shape {
    fn from(line: Line) -> Self {
        match line {
            Line::Block { signed, subtype, seen_at } => Self {
                block: Some(signed),
                subtype: Some(subtype),
                seen_at_ms: Some(seen_at),
                ..Self::default()
            },
            Line::RollBack(hash) => Self { roll_back: Some(hash), ..Self::default() },
            Line::Confirm(hash) => Self { confirm: Some(hash), ..Self::default() },
        }
    }
}

fn parse(text: &[u8]) -> Result<Line, String> {
    let shape: Shape = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    match shape {
        Shape {
            block: Some(signed),
            subtype: Some(subtype),
            seen_at_ms: Some(seen_at),
            roll_back: None,
            confirm: None,
        } => Ok(Line::Block { signed, subtype, seen_at }),
        Shape {
            block: None,
            subtype: None,
            seen_at_ms: None,
            roll_back: Some(hash),
            confirm: None,
        } => Ok(Line::RollBack(hash)),
        Shape {
            block: None,
            subtype: None,
            seen_at_ms: None,
            roll_back: None,
            confirm: Some(hash),
        } => Ok(Line::Confirm(hash)),
        _ => Err("neither a block nor a roll-back nor a confirmation".to_owned()),
    }
}

const READ_BUFFER_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failed_write_left_behind_goes_before_the_next_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let writable = || OpenOptions::new().write(true).open(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        let mut tail = Tail { file: writable(), path: path.clone(), whole_bytes: 0, torn: false };
        tail.append(b"one\n").unwrap();
        tail.append(b"two\n").unwrap();
        tail.file = File::open(&path).unwrap();
        tail.append(b"lost\n").unwrap_err();
        std::fs::write(&path, "one\ntwo\nlos").unwrap();
        tail.file = writable();
        tail.append(b"3\n").unwrap();
        tail.append(b"4\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n3\n4\n");
    }
}
