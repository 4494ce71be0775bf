//! What ifenpay keeps: keys with their credits, top-up orders, payment requests.
//!
//! Credits must be given once for each order, and one send must never pay two requests.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use uuid::Uuid;

use super::faults::Faults;
use super::http::Refusal;
use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};

/// What is not known of the real one.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether a key may ask only for the account it was made with.
    pub bind_key_to_address: bool,
    /// Credits that a payment request costs.
    pub request_cost: i32,
    /// Credits a new key has.
    pub first_credits: i32,
    /// What one credit costs, in raw.
    pub credit_price_raw: Raw,
    /// How long a top-up waits for its block to be confirmed, in milliseconds.
    pub topup_wait_ms: u64,
}

impl Default for Settings {
    /// Prices as in seeds/001.
    fn default() -> Self {
        Self {
            bind_key_to_address: false,
            request_cost: 1,
            first_credits: 100,
            credit_price_raw: Raw::new(Raw::ONE_XNO.get() / 100),
            topup_wait_ms: 5_000,
        }
    }
}

/// Who has a key.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) credits: i32,
    /// The account made with the key; none for the one that is known from the start.
    pub(super) account: Option<Account>,
}

/// An order of credits.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) key: String,
    pub(super) credits: u32,
    pub(super) amount: Raw,
    /// The balance after it was credited.
    pub(super) credited: Option<i32>,
}

/// A payment request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) address: Account,
    pub(super) amount: Raw,
    pub(super) since: Millis,
    pub(super) paid_by: Option<BlockHash>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) faults: Faults,
    pub(super) settings: Settings,
    pub(super) orders: HashMap<Uuid, Order>,
    pub(super) requests: HashMap<Uuid, Asked>,
    /// Sends that have paid a request.
    pub(super) used: HashSet<BlockHash>,
    holders: HashMap<String, Holder>,
    suffixes: u128,
}

impl State {
    /// Nothing but one key.
    pub(super) fn new(key: &str) -> Self {
        let settings = Settings::default();
        let holder = Holder { credits: settings.first_credits, account: None };
        Self {
            faults: Faults::default(),
            settings,
            orders: HashMap::new(),
            requests: HashMap::new(),
            used: HashSet::new(),
            holders: HashMap::from([(key.to_owned(), holder)]),
            suffixes: 0,
        }
    }

    pub(super) fn holder(&self, key: &str) -> Option<&Holder> {
        self.holders.get(key)
    }

    pub(super) fn holder_mut(&mut self, key: &str) -> Result<&mut Holder, Refusal> {
        self.holders.get_mut(key).ok_or_else(|| Refusal::auth("INVALID_API_KEY"))
    }

    /// A new key, for `account`.
    pub(super) fn register(&mut self, account: Account) -> String {
        let key = Uuid::new_v4().simple().to_string();
        let holder = Holder { credits: self.settings.first_credits, account: Some(account) };
        self.holders.insert(key.clone(), holder);
        key
    }

    /// Whether the key may ask for this account.
    pub(super) fn check_bound(&self, key: &str, account: &Account) -> Result<(), Refusal> {
        let bound = self.holder(key).and_then(|holder| holder.account);
        match self.settings.bind_key_to_address && bound.is_some_and(|bound| bound != *account) {
            true => Err(Refusal::auth("FORBIDDEN")),
            false => Ok(()),
        }
    }

    /// `amount` and a little more, so that no two are alike: k times 10^-9 XNO, from the 54 of seeds/001 on.
    pub(super) fn unlike(&mut self, amount: Raw) -> Result<Raw, Refusal> {
        let k = (FIRST_SUFFIX + self.suffixes) % SUFFIXES + 1;
        self.suffixes += 1;
        amount.checked_add(Raw::new(k * SUFFIX_RAW)).ok_or_else(|| Refusal::of("AMOUNT_TOO_LARGE"))
    }
}

const SUFFIX_RAW: u128 = 10_u128.pow(21);
const SUFFIXES: u128 = 99_999;
const FIRST_SUFFIX: u128 = 53;
