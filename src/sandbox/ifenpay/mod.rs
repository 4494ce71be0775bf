//! ifenpay in the process: its twelve endpoints over the sandbox ledger, with play money.
//!
//! As strict as `reference/ifenpay.md` says the real one is, so that a wallet that gets along here gets along there.
//! What nobody knows of the real one (the price of a call, whether a key is bound to an address) is a setting. It must
//! never hold a key that is worth anything, nor be reachable from another machine.
//!
//! ```text
//! http       requests, the envelope, how answers fail      control    /sandbox/...: faults and settings
//!   wallet payments credits    one file for each group of endpoints
//!     state    keys, credits, orders, payment requests     faults     what can go wrong, as values
//! ```

mod control;
mod credits;
mod faults;
mod http;
mod payments;
mod state;
mod wallet;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use faults::{Endpoint, Fault};
pub(in crate::sandbox) use http::serve;
pub use state::Settings;

use super::nano::SandboxNode;
use crate::nano::{Account, PrivateKey};
use state::State;

/// The simulated ifenpay; clones are the same one.
#[derive(Clone)]
pub struct Ifenpay {
    node: SandboxNode,
    state: Arc<Mutex<State>>,
}

impl Ifenpay {
    /// The key that is known from the start.
    pub const KEY: &'static str = "sandbox-key";

    /// ifenpay on this network.
    #[must_use]
    pub fn new(node: SandboxNode) -> Self {
        Self { node, state: Arc::new(Mutex::new(State::new(Self::KEY))) }
    }

    /// Where top-ups and donations go.
    #[must_use]
    pub fn account() -> Account {
        PrivateKey::from_bytes(TILL).account()
    }

    /// Queues a fault for the next request to `endpoint`.
    pub fn queue(&self, endpoint: Endpoint, fault: Fault) {
        self.state().faults.queue(endpoint, fault);
    }

    /// A fault for every request to `endpoint`, until [`Self::clear_faults`].
    pub fn stand(&self, endpoint: Endpoint, fault: Fault) {
        self.state().faults.stand(endpoint, fault);
    }

    /// Lifts all faults, queued and standing.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Changes what is not known of the real one.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// The credits of a key; `None` for one that is not known.
    #[must_use]
    pub fn credits(&self, key: &str) -> Option<i32> {
        self.state().holder(key).map(|holder| holder.credits)
    }

    /// Requests served at `endpoint` so far, whatever came of them.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> u32 {
        self.state().faults.requests(endpoint)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ifenpay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ifenpay").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Of the account that is paid; play money.
const TILL: [u8; 32] = *b"the sandbox's ifenpay takes this";
