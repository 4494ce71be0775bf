//! What can go wrong between a wallet and ifenpay, as values a test or a knob sets.
//!
//! A queued fault is used up by the first request it fits; a standing one stays. A fault must never change what is on
//! the ledger other than by letting a request through or not.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use serde_json::{Map, Value};

/// The endpoints, in the order of `reference/ifenpay.md` §5.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Every endpoint.
    Any,
    /// GET `/wallet/create`.
    WalletCreate,
    /// GET `/wallet/pending/{address}`.
    WalletPending,
    /// GET `/wallet/balance/{address}`.
    WalletBalance,
    /// GET `/account/info/{address}`.
    AccountInfo,
    /// GET `/block/info/{hash}`.
    BlockInfo,
    /// POST `/block/publish`.
    BlockPublish,
    /// POST `/payment/request`.
    PaymentRequest,
    /// GET `/payment/status/{transaction_id}`.
    PaymentStatus,
    /// GET `/credits`.
    Credits,
    /// GET `/credits/topup/{n}`.
    TopupOrder,
    /// POST `/credits/topup`.
    Topup,
    /// GET `/donate/address`.
    DonateAddress,
}

/// What goes wrong with one request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Served, and answered with `data` null.
    DataNull,
    /// Served, and the envelope is put into another one.
    DoubleWrapped,
    /// Not served, and never answered.
    Hang,
    /// Not served: a page from something in front of it, status 502.
    Html502,
    /// Served, and the connection ends without an answer.
    LostAnswer,
    /// Not served, and the connection ends.
    LostRequest,
    /// Served, and half of the answer comes.
    Malformed,
    /// Served, and fields of `data` are other than they should be: these replace them, null takes one out.
    Patch(Map<String, Value>),
    /// Not served: refused with this status, code and message.
    Refused {
        /// HTTP status.
        status: u16,
        /// Code.
        code: String,
        /// Words.
        #[serde(default)]
        message: String,
    },
    /// Served so many milliseconds later.
    Slow {
        /// How much later.
        ms: u64,
    },
    /// Not served: status 500 and a database's trouble.
    Status500,
    /// Not served, and answered with status 200 and `success` false.
    SuccessFalse,
}

/// The faults in force, and how often each endpoint was asked.
#[derive(Debug, Default)]
pub(super) struct Faults {
    queued: VecDeque<(Endpoint, Fault)>,
    standing: Vec<(Endpoint, Fault)>,
    requests: HashMap<Endpoint, u32>,
}

impl Faults {
    pub(super) fn queue(&mut self, endpoint: Endpoint, fault: Fault) {
        self.queued.push_back((endpoint, fault));
    }

    pub(super) fn stand(&mut self, endpoint: Endpoint, fault: Fault) {
        self.standing.push((endpoint, fault));
    }

    pub(super) fn clear(&mut self) {
        self.queued.clear();
        self.standing.clear();
    }

    pub(super) fn requests(&self, endpoint: Endpoint) -> u32 {
        match endpoint {
            Endpoint::Any => self.requests.values().sum(),
            one => self.requests.get(&one).copied().unwrap_or(0),
        }
    }

    pub(super) fn counts(&self) -> (usize, usize) {
        (self.queued.len(), self.standing.len())
    }

    /// The fault that a request meets: the first queued one that fits, else the first standing one.
    pub(super) fn meet(&mut self, endpoint: Endpoint) -> Option<Fault> {
        *self.requests.entry(endpoint).or_default() += 1;
        let fits = |(on, _): &(Endpoint, Fault)| *on == endpoint || *on == Endpoint::Any;
        if let Some(at) = self.queued.iter().position(fits) {
            return self.queued.remove(at).map(|(_, fault)| fault);
        }
        self.standing.iter().find(|entry| fits(entry)).map(|(_, fault)| fault.clone())
    }
}
