//! What the sellers and their chain know: balances, used nonces, and every payment that was settled.
//!
//! Must never hold its lock over an await, nor settle one authorisation twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::super::nano::SandboxNode;
use crate::evm::{EvmAddress, Nonce};
use crate::nano::{Account, PrivateKey};

/// The simulated sellers; clones are the same ones.
#[derive(Clone)]
pub struct Sellers {
    pub(super) node: SandboxNode,
    state: Arc<Mutex<State>>,
}

/// A payment that moved money.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    /// The route that was paid for.
    pub path: String,
    /// CAIP-2.
    pub network: String,
    /// Who paid.
    pub payer: String,
    /// Who was paid.
    pub pay_to: String,
    /// Smallest units.
    pub amount: String,
    /// The transaction or block.
    pub transaction: String,
    /// The authorisation's nonce, or the block's hash.
    pub nonce: String,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Of addresses that were asked about or have paid; all others hold [`START`].
    balances: BTreeMap<EvmAddress, u128>,
    used: BTreeSet<(EvmAddress, Nonce)>,
    pub(super) paid: Vec<Paid>,
    /// How often each route was asked without a payment.
    pub(super) asked: BTreeMap<String, u32>,
    /// Payments that were sent to where a redirect led.
    pub(super) captured: Vec<String>,
    /// By the payment's own name: the payload, and the answer that was given.
    pub(super) answered: BTreeMap<String, (String, String)>,
}

impl Sellers {
    /// Sellers on this network.
    #[must_use]
    pub fn new(node: SandboxNode) -> Self {
        Self { node, state: Arc::default() }
    }

    /// Where the sellers are paid in tokens.
    #[must_use]
    pub fn evm_address() -> EvmAddress {
        EvmAddress::from_bytes(*b"sandbox x402 sellers")
    }

    /// Where the sellers are paid in Nano.
    #[must_use]
    pub fn nano_account() -> Account {
        PrivateKey::from_bytes(TILL).account()
    }

    /// Every payment that moved money, oldest first.
    #[must_use]
    pub fn paid(&self) -> Vec<Paid> {
        self.state().paid.clone()
    }

    /// Payments that reached a place they were not meant for.
    #[must_use]
    pub fn captured(&self) -> Vec<String> {
        self.state().captured.clone()
    }

    /// Millionths of the token an address holds.
    #[must_use]
    pub fn balance(&self, address: &EvmAddress) -> u128 {
        self.state().balance(address)
    }

    /// Gives an address this balance.
    pub fn set_balance(&self, address: EvmAddress, amount: u128) {
        self.state().balances.insert(address, amount);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_s(&self) -> u64 {
        self.node.clock().now().0 / 1_000
    }
}

impl State {
    pub(super) fn balance(&self, address: &EvmAddress) -> u128 {
        self.balances.get(address).copied().unwrap_or(START)
    }

    pub(super) fn is_used(&self, payer: EvmAddress, nonce: Nonce) -> bool {
        self.used.contains(&(payer, nonce))
    }

    /// Moves tokens once for each nonce; `false` if the payer has too little or the nonce was used.
    pub(super) fn transfer(
        &mut self,
        from: EvmAddress,
        to: EvmAddress,
        value: u128,
        nonce: Nonce,
    ) -> bool {
        let Some(rest) = self.balance(&from).checked_sub(value) else { return false };
        if !self.used.insert((from, nonce)) {
            return false;
        }
        self.balances.insert(from, rest);
        let received = self.balance(&to).saturating_add(value);
        self.balances.insert(to, received);
        true
    }
}

impl fmt::Debug for Sellers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sellers").field("node", &self.node).finish_non_exhaustive()
    }
}

/// 100 USDC of play money for whoever asks.
const START: u128 = 100_000_000;
/// Of the account that is paid; play money.
const TILL: [u8; 32] = *b"the sandbox's x402 sellers' till";
