//! The only place that sees signing keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::{EvmSpend, KeyMaterial, NonSpendBlock, SpendBlock};
use crate::evm::{EvmAddress, EvmKey, EvmSignature};
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
    evm: Option<EvmKey>,
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
    /// No key for this payer.
    #[error("the wallet has no key for {0}")]
    UnknownPayer(EvmAddress),
    /// Real money from a wallet of play money, or the other way round.
    #[error("keys for {} sign for no such chain", .0.as_str())]
    OtherNetwork(Network),
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
        let evm = material.evm_key(self.network);
        let open = Open { material, keys, evm };
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(open);
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

    /// Where tokens are held that x402 is paid from; `None` while locked.
    pub fn evm_address(&self) -> Option<EvmAddress> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref()?.evm.as_ref().map(EvmKey::address)
    }

    /// Signs an authorisation to move tokens; the grant is used up. A live wallet signs for main networks alone, every
    /// other one for test networks alone.
    ///
    /// # Errors
    /// When the grant is for another amount or payee, the payer is not this wallet, or the chain does not go with it.
    pub fn sign_authorization(
        &self,
        grant: Grant,
        spend: &EvmSpend,
    ) -> Result<EvmSignature, SignError> {
        grant.consume(spend.amount(), &spend.payee)?;
        if spend.is_test == (self.network == Network::Live) {
            return Err(SignError::OtherNetwork(self.network));
        }
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let key = open.as_ref().ok_or(SignError::Locked)?.evm.as_ref();
        let payer = spend.authorization.from;
        let key = key.filter(|key| key.address() == payer);
        let key = key.ok_or(SignError::UnknownPayer(payer))?;
        spend.authorization.sign(&spend.domain, key).ok_or(SignError::BadSignature)
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
    use crate::evm::{Authorization, Nonce, TokenDomain};
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

    /// The policy's own grant for 10,000 millionths to the shop.
    fn grant() -> Grant {
        use crate::policy::*;
        let usdc = "USDC".parse().unwrap();
        let mut policy = Policy::sandbox();
        policy.limits.insert(usdc, CurrencyLimits { hard_limit: 10_000, auto_approve: 10_000 });
        let request = Request {
            payment_id: crate::ids::PaymentId(uuid::Uuid::from_u128(7)),
            agent_id: None,
            rail: Rail::X402,
            amount: Money { amount: 10_000, currency: usdc },
            payee: Payee { address: SHOP.to_owned(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        };
        let facts = Facts {
            frozen: None,
            approvals_waiting: 0,
            stage: Stage::New,
            now: crate::clock::Millis(0),
            claimed: None,
            payee_category: None,
            merchant_category: None,
            pinned: None,
        };
        match decide(&policy, &request, &facts).verdict {
            Verdict::Allow(grant) => grant,
            other => panic!("{other:?}"),
        }
    }

    fn spend(from: EvmAddress, value: u128, is_test: bool, payee: &str) -> EvmSpend {
        let authorization = Authorization {
            from,
            to: EvmAddress::from_bytes([9; 20]),
            value,
            valid_after: 0,
            valid_before: 60,
            nonce: Nonce([1; 32]),
        };
        let (name, version) = ("USDC".to_owned(), "2".to_owned());
        let contract = EvmAddress::from_bytes([3; 20]);
        let domain = TokenDomain { name, version, chain_id: 84_532, contract };
        EvmSpend::new(authorization, domain, "USDC".parse().unwrap(), is_test, payee.to_owned())
    }

    #[test]
    fn an_authorisation_needs_the_grant_for_just_it() {
        let seed = Seed::from_bytes([7; 32]);
        let of = |network| Keystore::new(network, &seed, 1);
        let keystore = of(Network::Sandbox);
        let own = keystore.evm_address().unwrap();
        let good = spend(own, 10_000, true, SHOP);
        let signature = keystore.sign_authorization(grant(), &good).unwrap();
        assert!(good.authorization.is_signed_by_payer(&good.domain, &signature));
        let refused = |spend: EvmSpend| keystore.sign_authorization(grant(), &spend).unwrap_err();
        let dearer = refused(spend(own, 10_001, true, SHOP));
        assert!(matches!(dearer, SignError::Grant(GrantError::Amount { .. })));
        let elsewhere = refused(spend(own, 10_000, true, "https://evil.example/"));
        assert!(matches!(elsewhere, SignError::Grant(GrantError::Payee { .. })));
        let other = EvmAddress::from_bytes([1; 20]);
        assert_eq!(refused(spend(other, 10_000, true, SHOP)), SignError::UnknownPayer(other));
        // Real money from the sandbox, play money from a live wallet, another network's key, no key.
        let real = refused(spend(own, 10_000, false, SHOP));
        assert_eq!(real, SignError::OtherNetwork(Network::Sandbox));
        let live = of(Network::Live);
        let of_live = spend(live.evm_address().unwrap(), 10_000, true, SHOP);
        let error = live.sign_authorization(grant(), &of_live).unwrap_err();
        assert_eq!(error, SignError::OtherNetwork(Network::Live));
        assert_ne!(live.evm_address(), keystore.evm_address());
        let error = of(Network::Dev).sign_authorization(grant(), &good).unwrap_err();
        assert_eq!(error, SignError::UnknownPayer(own));
        let locked = Keystore::locked(Network::Sandbox);
        assert_eq!(locked.sign_authorization(grant(), &good).unwrap_err(), SignError::Locked);
        assert_eq!(locked.evm_address(), None);
    }

    const SHOP: &str = "https://shop.example/weather";
}
