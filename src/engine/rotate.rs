//! Handing the ledger to a new signing key.

use super::Engine;
use super::failures::store_failure;
use crate::failure::{Failure, Retry};
use crate::ledger::{Head, TrustedKey};
use crate::store::{LedgerKeyFiles, LedgerSigner, StoreError};

/// A rotation that is durable.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The key that is retired.
    pub old: TrustedKey,
    /// The key in force.
    pub new: TrustedKey,
    /// The ledger's head.
    pub head: Head,
}

impl Engine {
    /// Makes a new key and hands the ledger to it. The new key is on disk before the event that names it, and takes the
    /// old one's place after it; the next start finishes what a crash left between the two.
    ///
    /// # Errors
    /// When files or store cannot be written, or an earlier rotation is not finished.
    pub async fn rotate_ledger_key(&self) -> Result<Rotated, Failure> {
        let _alone = self.rotating.lock().await;
        let Some(files) = &self.parts.ledger_key else {
            return Err(Failure::internal("INTERNAL", "this wallet keeps no key files"));
        };
        self.finish_rotation(files)?;
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| {
            let message = format!("the system gives no random bytes: {error}");
            Failure::internal("NO_RANDOMNESS", message)
        })?;
        let signer = LedgerSigner::from_bytes(&bytes);
        let (old, new) = (self.store().trusted_key(), signer.trusted());
        files.stage(&signer).map_err(|error| file_failure(&error))?;
        let head = match self.store().rotate_key(signer).await {
            Ok(head) => head,
            Err(error) => {
                // After any other failure the event may be durable all the same.
                if matches!(error, StoreError::Misfit { .. }) {
                    files.discard().map_err(|error| file_failure(&error))?;
                }
                return Err(store_failure(&error));
            }
        };
        if let Err(error) = files.promote() {
            tracing::warn!(%error, "the new ledger key is in force and takes its file at the next start");
        }
        Ok(Rotated { old, new, head })
    }

    /// A key that is in force and still stands beside the old one takes its place.
    fn finish_rotation(&self, files: &LedgerKeyFiles) -> Result<(), Failure> {
        let staged = files.staged().map_err(|error| file_failure(&error))?;
        if staged.is_some_and(|staged| staged.trusted() == self.store().trusted_key()) {
            files.promote().map_err(|error| file_failure(&error))?;
        }
        Ok(())
    }
}

fn file_failure(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        let message = "an earlier rotation of the ledger's key is not finished";
        return Failure::unavailable("ROTATION_UNFINISHED", message)
            .hint("End every paywarden on this wallet and run the command again; the next start finishes it")
            .retry(Retry::AfterOperator);
    }
    Failure::internal("HOME_UNAVAILABLE", format!("the ledger's key cannot be written: {error}"))
        .hint("Check that the wallet's directory is writable and the disk has room")
}
