//! Challenges that were given and what became of them.
//!
//! Must never hold its lock over an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::super::stripe::Stripe;
use super::super::web::Troubles;
use crate::clock::Clock;

/// A simulated seller; clones are the same one.
#[derive(Clone, Debug)]
pub struct MppSeller {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stripe: Stripe,
    /// What goes wrong before a request is looked at.
    pub troubles: Troubles,
    state: Arc<Mutex<State>>,
}

/// How the seller behaves where a counterpart would cheat or fail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// The price in cents.
    pub price: u64,
    /// Who is paid.
    pub profile: String,
    /// The token is charged and the answer is HTTP 500.
    pub fails_after_charging: bool,
    /// The token is not charged and the answer is 402 again.
    pub refuses: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) knobs: Knobs,
    /// By id: the encoded request, and the receipt once it is paid.
    pub(super) challenges: BTreeMap<String, (String, Option<String>)>,
}

impl Default for Knobs {
    fn default() -> Self {
        let (fails_after_charging, refuses) = (false, false);
        Self { price: 50, profile: MppSeller::PROFILE.to_owned(), fails_after_charging, refuses }
    }
}

impl MppSeller {
    /// Its profile at Stripe.
    pub const PROFILE: &'static str = "profile_sandbox_seller";

    /// A seller that charges tokens of `stripe`.
    pub fn new(clock: Arc<dyn Clock>, stripe: Stripe) -> Self {
        Self { clock, stripe, troubles: Troubles::default(), state: Arc::default() }
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
