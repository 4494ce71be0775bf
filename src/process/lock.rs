//! The lock that makes one process the keeper of a home. The kernel frees it when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};

use super::home::{Home, files};
use crate::failure::Failure;

/// Held as long as this process has the store open.
#[derive(Debug)]
pub struct WalletLock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another paywarden{} has this wallet open", holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Held {
        /// Its process id, where it could be read.
        holder: Option<u32>,
    },
    /// The lock file cannot be opened.
    #[error("wallet.lock cannot be opened: {0}")]
    Io(#[from] io::Error),
}

impl WalletLock {
    /// Takes the lock, or says who has it. Never waits.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn acquire(home: &Home) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(home.path(files::LOCK))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { holder: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match &error {
            LockError::Held { .. } => Self::unavailable("WALLET_BUSY", error.to_string()).hint(
                "Stop that process (close the host that started it), or use the wallet through it",
            ),
            LockError::Io(_) => Self::internal("HOME_UNAVAILABLE", error.to_string())
                .hint("Check that the wallet's directory is writable; `paywarden doctor` names it"),
        }
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
