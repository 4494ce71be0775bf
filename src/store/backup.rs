//! The copy that is kept of a store before a newer version takes it over. It must never be written over another file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::probe::peek_file;
use super::redb::unavailable;
use crate::ledger::Head;
use crate::limits;

/// Copies the store to `<name>.v<format>-backup` beside it, for the owner alone, durable before it has that name. Where
/// a file of that name is the copy of this very store, it is enough; where it is another, the next free name is taken.
pub(super) fn keep_copy(path: &Path, format: u32, head: Head) -> Result<(), StoreError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".v{format}-backup{ending}"));
        PathBuf::from(name)
    };
    for number in 1..=limits::STORE_COPIES {
        let target = beside(&if number == 1 { String::new() } else { format!("-{number}") });
        if !target.try_exists().map_err(unavailable)? {
            return copy(path, &beside(".part"), &target).map_err(unavailable);
        }
        if is_copy(&target, head) {
            return Ok(());
        }
    }
    let detail = format!("there are {} copies of older stores beside it", limits::STORE_COPIES);
    Err(StoreError::Unavailable { detail })
}

fn is_copy(path: &Path, head: Head) -> bool {
    let seen = peek_file(path, |snapshot| snapshot.head());
    matches!(seen, Ok(Some((found, _))) if found == head)
}

/// Under another name until it is whole and durable: a crash leaves no copy that only looks like one.
fn copy(from: &Path, part: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut copy = options.open(part)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()?;
    fs::rename(part, to)?;
    to.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_copies_are_kept_as_the_bound_allows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wallet.redb");
        fs::write(&path, b"a store").unwrap();
        let copies = || fs::read_dir(dir.path()).unwrap().count() - 1;
        // None of these is a store, so that each copy needs a name of its own.
        for number in 1..=limits::STORE_COPIES {
            keep_copy(&path, 1, Head::GENESIS).unwrap();
            assert_eq!(copies(), number as usize);
        }
        let refused = keep_copy(&path, 1, Head::GENESIS);
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
        assert_eq!(copies(), limits::STORE_COPIES as usize);
    }
}
