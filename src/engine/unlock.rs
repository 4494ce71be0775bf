//! Opening the keys of a wallet that runs locked.

use std::sync::Arc;

use super::Engine;
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::secret::Secret;
use crate::wallet::KeyFileError;

impl Engine {
    /// Derives the keys; what waits for a signature goes on.
    ///
    /// # Errors
    /// When the secret is wrong or the key file damaged.
    pub async fn unlock(&self, secret: Secret) -> Result<(), Failure> {
        if self.is_unlocked() {
            return Ok(());
        }
        let Some(key_file) = self.parts.key_file.clone() else {
            return Err(Failure::refused("NO_KEYS", "this wallet has no key file"));
        };
        let keystore = Arc::clone(&self.parts.keystore);
        // Stretching takes its time and its memory; other calls go on.
        let opened = tokio::task::spawn_blocking(move || {
            let seed = key_file.seed(Some(&secret))?;
            if let Some(seed) = &seed {
                keystore.unlock(seed, limits::ACCOUNTS_AT_START);
            }
            Ok::<bool, KeyFileError>(seed.is_some())
        });
        match opened.await {
            Ok(Ok(true)) => {
                self.nudge();
                Ok(())
            }
            Ok(Err(KeyFileError::WrongSecret)) => {
                Err(Failure::refused("WRONG_SECRET", "the unlock secret does not open the keys"))
            }
            Ok(Err(error)) => Err(Failure::internal("KEYSTORE_UNUSABLE", error.to_string())),
            Ok(Ok(false)) | Err(_) => Err(Failure::internal("INTERNAL", "the keys did not open")),
        }
    }

    /// Spending needs the keys; reading does not.
    pub(super) fn require_unlocked(&self) -> Result<(), Failure> {
        if self.is_unlocked() {
            return Ok(());
        }
        Err(Failure::unavailable("WALLET_LOCKED", "the wallet is locked: it has no unlock secret")
            .hint("The owner runs `paywarden unlock`, or gives the host PAYWARDEN_UNLOCK_FILE")
            .retry(Retry::AfterOperator))
    }
}
