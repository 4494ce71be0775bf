//! Where events and books live: `commit` and `read`, nothing else.
//!
//! A closure reads the books and returns events; the store alone folds them, seals them into the chain and makes both
//! durable in one commit. It must never know what an event means, and never answer before the commit is durable.

mod anchor;
mod backup;
mod committer;
mod engine;
mod journal;
mod key_files;
mod migrate;
mod overlay;
mod probe;
mod redb;
mod refold;
mod scan;
mod signer;
mod writer;

#[cfg(test)]
mod tests;

pub use anchor::{AnchorFile, FreezeMarker};
pub use committer::{Committer, Guards};
pub use engine::{Batch, Engine, FoldEvent, Snapshot, StoredEvent};
pub use key_files::LedgerKeyFiles;
pub use probe::{peek_file, probe_file};
pub use redb::{FORMAT, RedbEngine};
pub use signer::{LedgerSigner, SignerError};
pub use writer::Writer;

use std::fmt;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::books::{Event, RowsError, View};
use crate::ledger::{Head, Receipt, TrustedKey};
use committer::{Job, Prepared};

/// The wallet's store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    writer: Arc<Writer>,
    head: watch::Receiver<Head>,
    signer: watch::Receiver<Arc<LedgerSigner>>,
}

/// What a commit gives back once it is durable.
#[derive(Clone, Debug)]
pub struct Committed<R> {
    /// What the closure returned.
    pub value: R,
    /// The chain's head after the commit.
    pub head: Head,
}

/// Why a closure did not want to commit.
#[derive(Debug)]
pub enum Refusal<X> {
    /// For a reason of its own.
    No(X),
    /// It could not read the books.
    Rows(RowsError),
}

impl<X> From<RowsError> for Refusal<X> {
    fn from(error: RowsError) -> Self {
        Self::Rows(error)
    }
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<X> {
    /// The closure refused; what it saw is durable.
    #[error("refused")]
    Refused(X),
    /// The store failed. After [`StoreError::Failed`] the commit may still be found durable at the next start.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the store cannot do its work.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The medium failed in the middle of a commit; nothing more is written until the next start.
    #[error("the store failed and takes no more commits: {detail}")]
    Failed {
        /// What the medium said.
        detail: String,
    },
    /// The events do not fit the books: a bug, and nothing was written.
    #[error("the events do not fit the books: {detail}")]
    Misfit {
        /// What did not fit.
        detail: String,
    },
    /// The file is not one of this program's stores, or is damaged.
    #[error("the store is damaged: {detail}")]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// The store was written by a newer version.
    #[error("the store has format {found}; this version writes {ours}")]
    Newer {
        /// The store's format.
        found: u32,
        /// The newest this version knows.
        ours: u32,
    },
    /// The file was moved away or replaced while it was open.
    #[error("wallet.redb was moved or replaced while it was open")]
    Replaced,
    /// Another process has the store open.
    #[error("another process has the store open")]
    Busy,
    /// The file or its directory cannot be opened or read.
    #[error("the store cannot be opened: {detail}")]
    Unavailable {
        /// What the system said.
        detail: String,
    },
}

impl From<RowsError> for StoreError {
    fn from(error: RowsError) -> Self {
        match error {
            RowsError::Medium(detail) => Self::Unavailable { detail },
            unreadable @ RowsError::Unreadable { .. } => {
                Self::Corrupt { detail: unreadable.to_string() }
            }
        }
    }
}

impl Store {
    /// Opens a store over an engine; one of an older version is migrated first, after a copy of it. `threaded` starts the writer thread; without it, commits run in the caller.
    ///
    /// # Errors
    /// When the head cannot be read, or an older store cannot be migrated.
    pub fn open(
        engine: Arc<dyn Engine>,
        mut guards: Guards,
        threaded: bool,
    ) -> Result<Self, StoreError> {
        migrate::migrate(&*engine, &mut guards)?;
        let committer = Committer::new(Arc::clone(&engine), guards)?;
        let (head, signer) = (committer.watch(), committer.signer());
        let writer =
            if threaded { Writer::threaded(committer)? } else { Writer::inline(committer) };
        Ok(Self { engine, writer: Arc::new(writer), head, signer })
    }

    /// Runs `f` on the books as they are, earlier members of its batch included, and makes its events durable.
    /// Refusals are answered after the batch is durable too, so that nobody acts on what is not.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with the closure's reason, or the store's own failure.
    pub async fn commit<R, X, F>(&self, f: F) -> Result<Committed<R>, CommitError<X>>
    where
        R: Send + 'static,
        X: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<(Vec<Event>, R), Refusal<X>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<Committed<R>, CommitError<X>>>();
        let job: Job = Box::new(move |view| match f(view) {
            Ok((events, value)) => Prepared::new(events, move |result| {
                let committed = result.map(|head| Committed { value, head });
                let _ = answer.send(committed.map_err(CommitError::Store));
            }),
            Err(Refusal::No(reason)) => Prepared::new(Vec::new(), move |result| {
                let _ = answer.send(match result {
                    Ok(_) => Err(CommitError::Refused(reason)),
                    Err(error) => Err(CommitError::Store(error)),
                });
            }),
            Err(Refusal::Rows(error)) => Prepared::new(Vec::new(), move |_| {
                let _ = answer.send(Err(CommitError::Store(error.into())));
            }),
        });
        self.writer.submit(job).await?;
        answered.await.unwrap_or_else(|_| Err(CommitError::Store(self.writer.failure())))
    }

    /// Hands the chain to another key: the old one signs the event that says so, the new one all that follow.
    ///
    /// # Errors
    /// The store's. After [`StoreError::Failed`] the new key may still be found in force at the next start, so that
    /// neither may be thrown away.
    pub async fn rotate_key(&self, signer: LedgerSigner) -> Result<Head, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |_| {
            Prepared::rotation(signer, move |result| {
                let _ = answer.send(result);
            })
        });
        self.writer.submit(job).await?;
        answered.await.unwrap_or_else(|_| Err(self.writer.failure()))
    }

    /// Looks at the books as of the last durable commit.
    ///
    /// # Errors
    /// When the medium fails or a row cannot be read.
    pub fn read<R>(
        &self,
        f: impl FnOnce(&View<'_>) -> Result<R, RowsError>,
    ) -> Result<R, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let (_, at) = snapshot.head()?;
        Ok(f(&View::new(snapshot.rows(), at))?)
    }

    /// A snapshot with its events, for verification and export.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        self.engine.snapshot()
    }

    /// The key this store signs with. A chain says which key signed it; only this says which one is the owner's.
    pub fn trusted_key(&self) -> TrustedKey {
        self.signer.borrow().trusted()
    }

    /// Signs a receipt with the key in force, whose id is put into it.
    pub fn sign_receipt(&self, receipt: Receipt) -> Receipt {
        let signer = Arc::clone(&self.signer.borrow());
        let mut receipt = Receipt { key_id: signer.key_id().clone(), ..receipt };
        receipt.signature = Some(signer.sign(&receipt.hash()));
        receipt
    }

    /// The last durable head.
    pub fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Changes whenever a commit is durable.
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// Whether the owner's freeze marker lies beside the store.
    pub fn marker_reason(&self) -> Option<String> {
        self.writer.marker_reason()
    }

    /// Ends the writer once what is queued is durable.
    pub fn close(&self) {
        self.writer.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("head", &self.head()).finish_non_exhaustive()
    }
}
