//! The directory of one wallet and the files in it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Where one wallet lives. Making the value touches nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Home(PathBuf);

/// A file of the home cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be {action}: {source}")]
pub struct HomeError {
    /// Its name within the home.
    pub file: String,
    /// What was tried.
    pub action: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl Home {
    /// The wallet at `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Makes the directory, for the owner alone.
    ///
    /// # Errors
    /// The system's.
    pub fn create(&self) -> Result<(), HomeError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(|source| HomeError {
            file: "the wallet's directory".to_owned(),
            action: "made",
            source,
        })
    }

    /// A file of the home.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// Reads a file; `None` if it is not there.
    ///
    /// # Errors
    /// The system's.
    pub fn read(&self, file: &str) -> Result<Option<String>, HomeError> {
        match fs::read_to_string(self.path(file)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(HomeError { file: file.to_owned(), action: "read", source }),
        }
    }

    /// Writes a file whole or not at all, for the owner alone: beside it, synced, renamed, and the directory synced.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, file: &str, text: &str) -> Result<(), HomeError> {
        let fail = |source| HomeError { file: file.to_owned(), action: "written", source };
        let beside = self.path(&format!("{file}.new"));
        write_private(&beside, text).map_err(fail)?;
        fs::rename(&beside, self.path(file)).map_err(fail)?;
        sync_dir(&self.0).map_err(fail)
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        Self::internal("HOME_UNAVAILABLE", error.to_string()).hint(
            "Check that the wallet's directory is writable and the disk has room; `paywarden doctor` names the directory",
        )
    }
}

/// The files of a home.
pub mod files {
    /// Signing keys.
    pub const KEYSTORE: &str = "keystore.json";
    /// The ledger's signing key.
    pub const LEDGER_KEY: &str = "ledger-key.pem";
    /// The next one, while the ledger is handed over to it.
    pub const LEDGER_KEY_NEXT: &str = "ledger-key.next.pem";
    /// Events and books.
    pub const STORE: &str = "wallet.redb";
    /// Heads that left the store.
    pub const ANCHOR: &str = "anchor.log";
    /// Held by the one process that has the store open.
    pub const LOCK: &str = "wallet.lock";
    /// The owner's freeze marker.
    pub const FROZEN: &str = "frozen";
    /// What sellers answered, where it cannot be shown.
    pub const DOWNLOADS: &str = "downloads";
    /// Work for the next blocks.
    pub const READY_WORK: &str = "ready-work.json";
    /// The sandbox's Nano ledger.
    pub const SANDBOX_LEDGER: &str = "sandbox-nano.jsonl";
    /// What is secret in the URLs of node and work servers.
    pub const NODE_ACCESS: &str = "node-access.json";
    /// The key to ifenpay that this wallet registered for.
    pub const IFENPAY_ACCESS: &str = "ifenpay-access.json";
    /// Merchants' tokens and the owner's payment method.
    pub const CHECKOUT_ACCESS: &str = "checkout-access.json";
    /// The owner's settings.
    pub const CONFIG: &str = "config.toml";
    /// The owner's draft of a policy; without effect until it is applied.
    pub const POLICY: &str = "policy.toml";
}

/// Where the home cannot be a directory there are no files; making it says why.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
