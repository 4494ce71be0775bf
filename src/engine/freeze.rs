//! Stop and go, by the owner alone.

use std::convert::Infallible;

use super::failures::{refused, store_failure, unrefused};
use super::{Engine, RESTORED};
use crate::books::{Body, Freeze};
use crate::failure::Failure;
use crate::ledger::Head;
use crate::nano::Account;
use crate::store::{Refusal, StoreError};

impl Engine {
    /// Whether anything may be signed or published.
    ///
    /// # Errors
    /// The store's.
    pub fn is_frozen(&self) -> Result<bool, StoreError> {
        Ok(self.store().marker_reason().is_some()
            || self.store().read(|view| view.freeze())?.is_some())
    }

    /// Freezes the wallet; a wallet that is frozen stays so, with its first reason.
    ///
    /// # Errors
    /// The store's.
    pub async fn freeze(&self, reason: String) -> Result<(Freeze, Head), Failure> {
        let commit = self.store().commit::<Freeze, Infallible, _>(move |view| {
            if let Some(freeze) = view.freeze()? {
                return Ok((Vec::new(), freeze));
            }
            let freeze = Freeze { reason: reason.clone(), since_ms: view.now() };
            Ok((vec![Body::WalletFrozen { reason }.into()], freeze))
        });
        let committed = commit.await.map_err(|e| store_failure(&unrefused(e)))?;
        // Not read back from the books: somebody may have lifted it since.
        Ok((committed.value, committed.head))
    }

    /// Lifts a freeze. The marker beside the store must be gone first, or the next commit would freeze again.
    ///
    /// # Errors
    /// When the wallet is not frozen, or the store's.
    pub async fn unfreeze(&self) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Failure, _>(move |view| match view.freeze()? {
            Some(freeze) if freeze.reason.ends_with(RESTORED) => {
                let message = "the store is an old copy: its budgets forget what was spent since";
                let failure = Failure::refused("RECONCILE_FIRST", message)
                    .hint("Run `paywarden reconcile`, which compares it with the network and lifts the freeze");
                Err(Refusal::No(failure))
            }
            Some(_) => Ok((vec![Body::WalletUnfrozen {}.into()], ())),
            None => Err(Refusal::No(not_frozen("the wallet is not frozen".to_owned()))),
        });
        let committed = commit.await.map_err(refused)?;
        self.nudge();
        Ok(committed.head)
    }

    /// Lets an account sign again after the owner has looked at what froze it.
    ///
    /// # Errors
    /// When the account is not frozen, the network holds blocks of it that are not on the books, or does not say; and
    /// the store's.
    pub async fn unfreeze_lane(&self, account: Account) -> Result<Head, Failure> {
        let lane = self.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
        if let Some(lane) = lane.filter(|lane| lane.frozen.is_some())
            && !self.is_in_line(lane).await?
        {
            let message = "the network holds blocks of this account that are not on the books";
            return Err(Failure::refused("RECONCILE_FIRST", message).hint(
                "Run `paywarden reconcile`, which lists them, books them and lifts the alarm",
            ));
        }
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            let frozen = view.lane(&account)?.is_some_and(|lane| lane.frozen.is_some());
            if frozen {
                Ok((vec![Body::LaneUnfrozen { account }.into()], ()))
            } else {
                Err(Refusal::No(not_frozen(format!("{account} is not frozen"))))
            }
        });
        let committed = commit.await.map_err(refused)?;
        self.nudge();
        Ok(committed.head)
    }
}

fn not_frozen(message: String) -> Failure {
    Failure::refused("NOT_FROZEN", message)
        .hint("Nothing was to be lifted; `paywarden status` shows the wallet and every account")
}
