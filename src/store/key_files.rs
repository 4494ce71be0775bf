//! The files of the ledger's signing key: the one in force, and beside it the next one while it is being taken up.
//!
//! A rotation is an event in the store and a file beside it, and a crash can come between the two. So the next key is
//! durable before the event is, and takes the place of the old one after it; which of the two counts, the books say.
//! Nothing here may take away a key that might be in force.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::LedgerSigner;

/// Where the keys are kept.
#[derive(Clone, Debug)]
pub struct LedgerKeyFiles {
    current: PathBuf,
    next: PathBuf,
}

impl LedgerKeyFiles {
    /// The key in force, and where the next one stands until it is.
    pub fn new(current: PathBuf, next: PathBuf) -> Self {
        Self { current, next }
    }

    /// Lays the next key down, durably, for the owner alone.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::AlreadyExists`] while another rotation is not finished.
    pub fn stage(&self, signer: &LedgerSigner) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.next)?;
        file.write_all(signer.to_pem().as_bytes())?;
        file.sync_all()?;
        sync_directory(&self.next)
    }

    /// The next key, if one is laid down and whole.
    ///
    /// # Errors
    /// The system's.
    pub fn staged(&self) -> io::Result<Option<LedgerSigner>> {
        match fs::read_to_string(&self.next).map(Zeroizing::new) {
            Ok(pem) => Ok(LedgerSigner::from_pem(&pem).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts the next key in the place of the old one. Only once the event is durable.
    ///
    /// # Errors
    /// The system's.
    pub fn promote(&self) -> io::Result<()> {
        fs::rename(&self.next, &self.current)?;
        sync_directory(&self.current)
    }

    /// Takes the next key away. Only where the books say that another one is in force.
    ///
    /// # Errors
    /// The system's.
    pub fn discard(&self) -> io::Result<()> {
        match fs::remove_file(&self.next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn sync_directory(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(directory) if cfg!(unix) => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staged_key_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let files = LedgerKeyFiles::new(at("key"), at("next"));
        assert!(files.staged().unwrap().is_none());
        let (first, second) =
            (LedgerSigner::from_bytes(&[1; 32]), LedgerSigner::from_bytes(&[2; 32]));
        files.stage(&first).unwrap();
        assert_eq!(files.stage(&second).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(files.staged().unwrap().unwrap().key_id(), first.key_id());
        files.promote().unwrap();
        assert!(files.staged().unwrap().is_none());
        assert_eq!(fs::read_to_string(at("key")).unwrap(), *first.to_pem());
        fs::write(at("next"), "torn").unwrap();
        assert!(files.staged().unwrap().is_none());
        files.discard().unwrap();
        files.discard().unwrap();
    }
}
