//! The wallet's store for the owner alone: opened under the lock, with nothing of the wallet running.
//!
//! For what must not meet a running wallet: new keys, another node. It must never sign or publish.

use super::boot::Boot;
use super::home::files;
use super::lock::WalletLock;
use crate::books::Event;
use crate::engine::{check_operator, store_failure};
use crate::failure::{Failure, Retry};
use crate::nano::Network;
use crate::store::{CommitError, Refusal, Store, probe_file};
use crate::surfaces::cli::secrets::ask_secret;

/// An open store and the lock that goes with it.
pub(super) struct Desk {
    pub(super) store: Store,
    _lock: WalletLock,
}

impl Boot {
    /// Opens the store of a wallet that `init` made, for who knows its operator secret.
    ///
    /// # Errors
    /// When another process has the wallet open, there is none, or the secret is wrong.
    pub(super) async fn desk(&self) -> Result<Desk, Failure> {
        let path = self.home.path(files::STORE);
        if !path.exists() {
            let message = format!("there is no wallet for network {} yet", self.network.as_str());
            return Err(Failure::unavailable("NOT_INITIALISED", message)
                .hint(format!("Run `paywarden --network {} init` first", self.network.as_str()))
                .retry(Retry::AfterOperator));
        }
        let lock = WalletLock::acquire(&self.home)?;
        probe_file(&path).map_err(|e| store_failure(&e))?;
        let store = self.store(self.signer()?)?;
        let wallet = store.read(|view| view.wallet()).map_err(|e| store_failure(&e))?;
        let network = wallet.map(|wallet| wallet.network);
        if network != Some(self.network) {
            let found = network.map_or("none", Network::as_str);
            let message = format!("wallet.redb belongs to another network ({found})");
            return Err(Failure::internal("OTHER_WALLET", message)
                .hint("Use the home this store came from; each network has one of its own"));
        }
        let desk = Desk { store, _lock: lock };
        match check_operator(&desk.store, &*self.clock, None).await {
            Ok(()) => {}
            Err(failure) if failure.code == "OPERATOR_SECRET_REQUIRED" => {
                let secret = ask_secret("Operator secret")?;
                check_operator(&desk.store, &*self.clock, Some(secret)).await?;
            }
            Err(failure) => return Err(failure),
        }
        Ok(desk)
    }
}

impl Desk {
    /// Commits events, then lets the store go.
    pub(super) async fn close_with(self, events: Vec<Event>) -> Result<(), Failure> {
        let commit =
            self.store.commit::<(), Failure, _>(move |_| Ok::<_, Refusal<Failure>>((events, ())));
        let committed = commit.await.map(drop).map_err(|error| match error {
            CommitError::Refused(failure) => failure,
            CommitError::Store(error) => store_failure(&error),
        });
        self.store.close();
        committed
    }
}
