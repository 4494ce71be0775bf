//! More accounts of the same wallet, each a lane of its own.
//!
//! An account is on the books before anything is signed for it; nothing here may take an index that was used before.

use std::sync::Arc;

use super::Engine;
use super::failures::{refused, store_failure};
use crate::books::Body;
use crate::failure::Failure;
use crate::ledger::Head;
use crate::limits;
use crate::nano::Account;
use crate::store::Refusal;
use crate::wallet::IMPORTED;

impl Engine {
    /// Puts the next account in use and starts its lane.
    ///
    /// # Errors
    /// When the wallet is locked or has [`limits::ACCOUNTS`] accounts.
    pub async fn add_account(self: &Arc<Self>) -> Result<(u32, Account, Head), Failure> {
        self.require_unlocked()?;
        let keystore = Arc::clone(&self.parts.keystore);
        let commit = self.store().commit::<(u32, Account), Failure, _>(move |view| {
            let lanes = view.lanes()?;
            if lanes.len() >= limits::ACCOUNTS as usize {
                let message = format!("the wallet has {} accounts, which is the most", lanes.len());
                return Err(Refusal::No(
                    Failure::refused("TOO_MANY_ACCOUNTS", message)
                        .hint("`paywarden wallet accounts` lists them: use one of those"),
                ));
            }
            let derived = lanes.iter().map(|lane| lane.index).filter(|index| *index < IMPORTED);
            // That one is in use or will be, and the owner's own accounts go on from theirs.
            let derived = derived.filter(|index| *index != limits::X402_ACCOUNT_INDEX);
            let next = derived.max().map_or(0, |last| last + 1);
            let index = next + u32::from(next == limits::X402_ACCOUNT_INDEX);
            let locked = || Failure::unavailable("WALLET_LOCKED", "the wallet is locked");
            let account = keystore.derive(index).ok_or_else(|| Refusal::No(locked()))?;
            Ok((vec![Body::AccountAdded { index, account }.into()], (index, account)))
        });
        let committed = commit.await.map_err(refused)?;
        let (index, account) = committed.value;
        self.start_lane(account);
        Ok((index, account, committed.head))
    }

    /// Notes on the ledger that the owner is shown what the keys come from.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_export(&self, target: String) -> Result<Head, Failure> {
        let commit = self.store().commit::<(), Failure, _>(move |_| {
            Ok::<_, Refusal<Failure>>((vec![Body::KeysExported { target }.into()], ()))
        });
        Ok(commit.await.map_err(refused)?.head)
    }

    /// The policy in force and the wallet's id, for a backup.
    ///
    /// # Errors
    /// The store's.
    pub fn wallet_facts(&self) -> Result<(String, serde_json::Value), Failure> {
        let read = self.store().read(|view| Ok((view.wallet()?, view.policy()?)));
        let (wallet, policy) = read.map_err(|e| store_failure(&e))?;
        let policy = policy.and_then(|row| serde_json::to_value(row.policy).ok());
        let id = wallet.map(|wallet| wallet.wallet_id.to_string()).unwrap_or_default();
        Ok((id, policy.unwrap_or_default()))
    }
}
