//! Checkouts, orders, and what was answered under which key.
//!
//! Must never hold its lock over an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::stripe::Stripe;
use super::super::web::Troubles;
use super::knobs::Knobs;
use crate::clock::Clock;

/// A simulated merchant; clones are the same one.
#[derive(Clone, Debug)]
pub struct AcpMerchant {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stripe: Stripe,
    /// What goes wrong before a request is looked at.
    pub troubles: Troubles,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) knobs: Knobs,
    pub(super) checkouts: BTreeMap<String, Checkout>,
    /// By path and key: the request, and the answer with its status.
    pub(super) answered: BTreeMap<(String, String), (String, u16, String)>,
    pub(super) orders: u64,
    /// Requests as they came: method and path, version, body.
    pub(super) seen: Vec<(String, String, String)>,
    /// What was answered, with its status.
    pub(super) said: Vec<(u16, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Checkout {
    pub(super) items: Vec<(String, u32)>,
    pub(super) currency: String,
    pub(super) email: Option<String>,
    pub(super) status: &'static str,
    /// What a completion that completed nothing left it at.
    pub(super) held: Option<String>,
    pub(super) order: Option<String>,
}

/// One thing the merchant sells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goods {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) unit_amount: u64,
    pub(super) category: &'static str,
}

impl AcpMerchant {
    /// The token it takes.
    pub const TOKEN: &'static str = "sandbox-merchant-token";
    /// Its id.
    pub const ID: &'static str = "grocer-1";
    /// Its profile at Stripe.
    pub const PROFILE: &'static str = "profile_sandbox_grocer";
    /// Its payment handler.
    pub(super) const HANDLER: &'static str = "card_tokenized";

    /// A merchant that charges tokens of `stripe`.
    pub fn new(clock: Arc<dyn Clock>, stripe: Stripe) -> Self {
        Self { clock, stripe, troubles: Troubles::default(), state: Arc::default() }
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    /// How many orders there are.
    pub fn orders(&self) -> u64 {
        self.state().orders
    }

    /// Requests as they came: method and path, version, body.
    pub fn seen(&self) -> Vec<(String, String, String)> {
        self.state().seen.clone()
    }

    /// Answers as they went, with their statuses.
    pub fn answers(&self) -> Vec<(u16, String)> {
        self.state().said.clone()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Goods {
    pub(super) fn find(id: &str) -> Option<&'static Self> {
        GOODS.iter().find(|goods| goods.id == id)
    }
}

/// What there is to buy; prices in smallest units of whatever currency is asked for.
pub(super) const GOODS: [Goods; 5] = [
    Goods { id: "bread", name: "Bread", unit_amount: 250, category: "groceries" },
    Goods { id: "milk", name: "Milk", unit_amount: 120, category: "groceries" },
    Goods { id: "wine", name: "Red wine", unit_amount: 1_290, category: "alcohol" },
    Goods { id: "beer", name: "Beer", unit_amount: 180, category: "alcohol" },
    Goods { id: "soap", name: "Soap", unit_amount: 330, category: "household" },
];
