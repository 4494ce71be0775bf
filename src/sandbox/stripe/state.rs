//! Tokens and what was charged on them.
//!
//! Must never hold its lock over an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::web::Troubles;
use crate::clock::Clock;

/// A simulated Stripe; clones are the same one.
#[derive(Clone, Debug)]
pub struct Stripe {
    pub(super) clock: Arc<dyn Clock>,
    /// What goes wrong before a request is looked at.
    pub troubles: Troubles,
    state: Arc<Mutex<State>>,
}

/// How it behaves where a test wants it otherwise.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Every card is declined when a token is made.
    pub declines: bool,
    /// New tokens wait for the card's holder.
    pub requires_action: bool,
    /// New tokens are good for so much more than was asked.
    pub amount_plus: u64,
    /// What was captured is a bare number, as one of the pages shows it.
    pub bare_captured: bool,
    /// What a seller's charge captures, instead of what it asks for: with 0 the money is only held.
    pub captures: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) knobs: Knobs,
    pub(super) tokens: BTreeMap<String, Token>,
    /// What was made under a key: the request and the token.
    pub(super) keys: BTreeMap<String, (String, String)>,
    pub(super) charges: u64,
    /// What sellers charged, by seller and key.
    pub(super) charged: BTreeMap<String, Charged>,
}

/// A seller's request and what was answered.
#[derive(Clone, Debug)]
pub(super) struct Charged {
    pub(super) request: String,
    pub(super) answer: Value,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) profile: String,
    pub(super) currency: String,
    pub(super) max_amount: u64,
    pub(super) expires_at_s: u64,
    pub(super) captured: u64,
    pub(super) needs_action: bool,
    pub(super) deactivated: Option<&'static str>,
}

impl Stripe {
    /// The key it takes.
    pub const KEY: &'static str = "sk_test_paywarden_sandbox";
    /// A payment method it knows; others that begin with `pm_` are as good.
    pub const PAYMENT_METHOD: &'static str = "pm_card_visa";

    /// A Stripe without tokens.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, troubles: Troubles::default(), state: Arc::default() }
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    /// A seller charges a token; the id of the payment.
    ///
    /// # Errors
    /// Why it cannot be charged.
    pub fn charge(
        &self,
        token: &str,
        profile: &str,
        amount: u64,
        currency: &str,
    ) -> Result<String, &'static str> {
        let now_s = self.clock.now().0 / 1_000;
        let mut state = self.state();
        let captures = state.knobs.captures;
        let found = state.tokens.get_mut(token).ok_or("no such token")?;
        if found.expires_at_s <= now_s {
            found.deactivated.get_or_insert("expired");
        }
        if found.deactivated.is_some() || found.needs_action {
            return Err("the token is not active");
        }
        if found.profile != profile {
            return Err("the token is for another seller");
        }
        if !found.currency.eq_ignore_ascii_case(currency) || found.max_amount < amount {
            return Err("the token is for less, or in another currency");
        }
        found.captured = captures.unwrap_or(amount);
        found.deactivated = Some("consumed");
        state.charges += 1;
        Ok(format!("pi_sandbox_{}", state.charges))
    }

    /// How many tokens were charged.
    pub fn charges(&self) -> u64 {
        self.state().charges
    }

    /// How many tokens could still be charged.
    pub fn active(&self) -> usize {
        let now_s = self.clock.now().0 / 1_000;
        let state = self.state();
        let is_active = |token: &&Token| token.deactivated.is_none() && now_s < token.expires_at_s;
        state.tokens.values().filter(is_active).count()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
