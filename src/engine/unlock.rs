//! Opening the keys of a wallet that runs locked.

use std::sync::Arc;

use super::{Engine, store_failure};
use crate::clock::Clock;
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::secret::Secret;
use crate::store::Store;
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
            return Err(Failure::refused("NO_KEYS", "this wallet has no key file").hint(
                "There is nothing to unlock; `paywarden doctor` shows what the wallet is made of",
            ));
        };
        let keystore = Arc::clone(&self.parts.keystore);
        let lanes = self.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        // Stretching takes its time and its memory; other calls go on.
        let opened = tokio::task::spawn_blocking(move || {
            let Some(keys) = key_file.keys(Some(&secret))? else { return Ok(false) };
            // Keys of another wallet under the same secret would sign for nothing that is on the books.
            if lanes.iter().any(|lane| keys.account(lane.index) != Some(lane.account)) {
                return Err(KeyFileError::OtherWallet);
            }
            keystore.unlock(keys, lanes.iter().map(|lane| lane.index));
            Ok::<bool, KeyFileError>(true)
        });
        match opened.await {
            Ok(Ok(true)) => {
                self.nudge();
                Ok(())
            }
            Ok(Err(KeyFileError::WrongSecret)) => {
                Err(Failure::refused("WRONG_SECRET", "the unlock secret does not open the keys").hint("Nothing was changed. It is the one typed at `paywarden init`; without it only the phrase brings the keys back"))
            }
            Ok(Err(error)) => Err(Failure::internal("KEYSTORE_UNUSABLE", error.to_string())),
            Ok(Ok(false)) | Err(_) => Err(Failure::internal("INTERNAL", "the keys did not open")),
        }
    }

    /// [`check_operator`] for the wallet that runs here.
    ///
    /// # Errors
    /// When the secret is missing or wrong; a wrong one is answered late.
    pub async fn check_operator(&self, secret: Option<Secret>) -> Result<(), Failure> {
        check_operator(self.store(), self.clock(), secret).await
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

/// Whether whoever asks is the owner. A wallet without an operator secret (the sandbox) takes everybody at a terminal
/// for its owner.
///
/// # Errors
/// When the secret is missing or wrong; a wrong one is answered late.
pub async fn check_operator(
    store: &Store,
    clock: &dyn Clock,
    secret: Option<Secret>,
) -> Result<(), Failure> {
    let verifier = store.read(|view| view.operator());
    let Some(verifier) = verifier.map_err(|e| store_failure(&e))? else { return Ok(()) };
    let Some(secret) = secret else {
        return Err(Failure::refused("OPERATOR_SECRET_REQUIRED", "this needs the operator secret")
            .hint("Run the command at a terminal, which asks for it"));
    };
    let accepted = tokio::task::spawn_blocking(move || verifier.accepts(&secret)).await;
    match accepted {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => {
            clock.sleep(limits::WRONG_SECRET_PAUSE).await;
            Err(Failure::refused("WRONG_SECRET", "this is not the operator secret").hint("Nothing was done. It is the one typed at `paywarden init`, and not the unlock secret"))
        }
        Ok(Err(_)) | Err(_) => {
            Err(Failure::internal("NO_MEMORY", "the operator secret could not be checked"))
        }
    }
}
