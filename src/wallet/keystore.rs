//! The only place that sees signing keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::{KeyMaterial, NonSpendBlock, SpendBlock};
use crate::money::Money;
use crate::nano::{Account, Network, PrivateKey, Seed, SignedBlock, StateBlock};
use crate::policy::{Grant, GrantError};

/// Signs for one network with keys derived from one seed; without the seed it is locked and signs nothing.
pub struct Keystore {
    network: Network,
    open: RwLock<Option<Open>>,
}

struct Open {
    material: KeyMaterial,
    keys: BTreeMap<Account, PrivateKey>,
}

/// Why nothing was signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignError {
    /// The grant is for something else.
    #[error("the grant does not cover the block: {0}")]
    Grant(#[from] GrantError),
    /// The wallet is locked.
    #[error("the wallet is locked")]
    Locked,
    /// No key for this account.
    #[error("the wallet has no key for {0}")]
    UnknownAccount(Account),
    /// The signature did not verify: a fault of the machine.
    #[error("the signature just made does not verify")]
    BadSignature,
}

impl Keystore {
    /// Keys for the first `accounts` indexes of a classic seed.
    pub fn new(network: Network, seed: &Seed, accounts: u32) -> Self {
        let keystore = Self::locked(network);
        let material = KeyMaterial::from_seed(Seed::from_bytes(*seed.expose()));
        keystore.unlock(material, 0..accounts);
        keystore
    }

    /// No keys yet: everything but signing works.
    pub fn locked(network: Network) -> Self {
        Self { network, open: RwLock::new(None) }
    }

    /// Derives the keys of these accounts.
    pub fn unlock(&self, material: KeyMaterial, indexes: impl IntoIterator<Item = u32>) {
        let keys = indexes.into_iter().filter_map(|index| material.key(index));
        let keys = keys.map(|key| (key.account(), key)).collect();
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Open { material, keys });
    }

    /// Derives the key of one more account; `None` while locked, or where there is no such key.
    pub fn derive(&self, index: u32) -> Option<Account> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_mut()?;
        let key = open.material.key(index)?;
        let account = key.account();
        open.keys.insert(account, key);
        Some(account)
    }

    /// Whether anything can be signed.
    pub fn is_unlocked(&self) -> bool {
        self.open.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The only network these keys sign for.
    pub fn network(&self) -> Network {
        self.network
    }

    /// Signs a send; the grant is used up.
    ///
    /// # Errors
    /// When the grant is for another amount or payee, or the key is not here.
    pub fn sign_spend(&self, grant: Grant, spend: &SpendBlock) -> Result<SignedBlock, SignError> {
        grant.consume(Money::xno(spend.amount), &spend.destination.to_string())?;
        self.sign(&spend.block)
    }

    /// Signs a block that cannot lower the balance.
    ///
    /// # Errors
    /// When the key is not here.
    pub fn sign_non_spend(&self, block: &NonSpendBlock) -> Result<SignedBlock, SignError> {
        self.sign(&block.block)
    }

    fn sign(&self, block: &StateBlock) -> Result<SignedBlock, SignError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let keys = &open.as_ref().ok_or(SignError::Locked)?.keys;
        let key = keys.get(&block.account).ok_or(SignError::UnknownAccount(block.account))?;
        let signed = SignedBlock { block: *block, signature: key.sign(&block.hash()), work: None };
        // A bit flip while signing can give the key away; such a signature must not leave.
        if signed.verify() { Ok(signed) } else { Err(SignError::BadSignature) }
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystore")
            .field("network", &self.network)
            .field("unlocked", &self.is_unlocked())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::Frontier;

    #[test]
    fn a_locked_keystore_signs_nothing_and_debug_shows_no_key() {
        let seed = Seed::from_bytes([7; 32]);
        let account = seed.derive(0).account();
        let keystore = Keystore::locked(Network::Sandbox);
        let frontier = Frontier::unopened(account);
        let source = crate::nano::BlockHash::from_bytes([1; 32]);
        let one = crate::money::Raw::new(1);
        let open = NonSpendBlock::receive(&frontier, source, one, account).unwrap();
        assert_eq!(keystore.sign_non_spend(&open).unwrap_err(), SignError::Locked);
        assert_eq!(keystore.derive(1), None);
        keystore.unlock(KeyMaterial::from_seed(Seed::from_bytes([7; 32])), [0]);
        assert!(keystore.sign_non_spend(&open).unwrap().verify());
        assert!(!format!("{keystore:?}").contains("07"));
        assert_eq!(keystore.derive(1), Some(seed.derive(1).account()));
    }
}
