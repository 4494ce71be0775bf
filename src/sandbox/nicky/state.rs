//! Requests and attempts, moved on by what is on the ledger whenever somebody looks.
//!
//! Money is matched to an attempt by its address alone, within two per cent, as Nicky does. Must never hold its lock
//! over an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, PrivateKey};
use crate::network::Node;

use super::super::nano::SandboxNode;
use super::super::web::{Refusal, Troubles};

/// A simulated Nicky; clones are the same one.
#[derive(Clone, Debug)]
pub struct Nicky {
    pub(super) node: SandboxNode,
    pub(super) clock: Arc<dyn Clock>,
    /// What goes wrong before a request is looked at.
    pub troubles: Troubles,
    state: Arc<Mutex<State>>,
}

/// How it behaves, where the documents leave it open or a counterpart would cheat.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// From a payment's being seen to its being confirmed.
    pub pipeline: Duration,
    /// How long an attempt may be paid.
    pub lease: Duration,
    /// Amounts are written as text.
    pub is_text_amounts: bool,
    /// Instead of the attempt's own address.
    pub address: Option<String>,
    /// Instead of the attempt's own amount, as a literal.
    pub amount: Option<String>,
    /// A memo nobody can send.
    pub memo: Option<String>,
    /// Every start gives another address.
    pub is_address_changing: bool,
    /// No report is taken.
    pub is_report_down: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            pipeline: Duration::from_secs(2),
            lease: Duration::from_secs(30 * 60),
            is_text_amounts: false,
            address: None,
            amount: None,
            memo: None,
            is_address_changing: false,
            is_report_down: false,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) knobs: Knobs,
    pub(super) requests: BTreeMap<String, Bill>,
    pub(super) attempts: BTreeMap<String, Try>,
    made: u64,
}

/// A payment request.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    pub(super) total: Raw,
    pub(super) accepts_xno: bool,
    pub(super) status: &'static str,
    pub(super) created_at: Millis,
}

/// An attempt to pay one.
#[derive(Clone, Debug)]
pub(super) struct Try {
    pub(super) request: String,
    pub(super) asset: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) account: Account,
    pub(super) created_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) finished_at: Option<Millis>,
    pub(super) reported: Option<String>,
    pub(super) found: Option<(BlockHash, Millis)>,
    pub(super) status: &'static str,
}

impl Nicky {
    /// A Nicky that looks for payments on `node`.
    pub fn new(node: SandboxNode) -> Self {
        let clock = Arc::clone(node.clock());
        Self { node, clock, troubles: Troubles::default(), state: Arc::default() }
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    /// A new open request; its short id.
    pub fn ask_for(&self, total: Raw, accepts_xno: bool) -> String {
        let created_at = self.clock.now();
        let mut state = self.state();
        let id = format!("REQ{:03}", state.next());
        let bill = Bill { total, accepts_xno, status: PENDING, created_at };
        state.requests.insert(id.clone(), bill);
        id
    }

    /// Requests that are there for whoever asks for them, so that an agent finds something to pay: `SANDBOX` or `NOXNO`
    /// and a number, over half an XNO.
    pub(super) fn offer(&self, id: &str) {
        let number = |prefix: &str| id.strip_prefix(prefix).filter(|rest| is_number(rest));
        let accepts_xno = number("SANDBOX").is_some();
        if !accepts_xno && number("NOXNO").is_none() {
            return;
        }
        let (total, created_at) = (Raw::new(Raw::ONE_XNO.get() / 2), self.clock.now());
        let bill = || Bill { total, accepts_xno, status: PENDING, created_at };
        self.state().requests.entry(id.to_owned()).or_insert_with(bill);
    }

    /// Somebody else pays the request, in whatever asset.
    pub fn finish_by_another(&self, short_id: &str) {
        if let Some(bill) = self.state().requests.get_mut(short_id) {
            bill.status = "Finished";
        }
    }

    /// The receiver withdraws the request.
    pub fn cancel(&self, short_id: &str) {
        if let Some(bill) = self.state().requests.get_mut(short_id) {
            bill.status = "Canceled";
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempt for this request, asset and e-mail address, made if there is none that can be paid.
    pub(super) fn start(
        &self,
        request: &str,
        asset: &str,
        name: &str,
        email: &str,
    ) -> Result<String, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        let bill = state.requests.get(request).ok_or(Refusal(404, "no such payment request"))?;
        if asset != USDT && !(asset == XNO && bill.accepts_xno) {
            return Err(Refusal(400, "the receiver does not accept this asset"));
        }
        if bill.status != PENDING {
            return Err(Refusal(422, "the payment request is not open"));
        }
        let is_same = |found: &Try| {
            (&*found.request, &*found.asset, &*found.email) == (request, asset, email)
        };
        let known =
            state.attempts.iter().find(|(_, found)| is_same(found) && now < found.expires_at);
        let known = known.map(|(id, found)| (id.clone(), found.name.clone()));
        if let Some((id, known_name)) = known {
            if known_name != name {
                return Err(Refusal(422, "the payer differs from the one who started"));
            }
            if state.knobs.is_address_changing {
                let account = state.fresh_account();
                if let Some(found) = state.attempts.get_mut(&id) {
                    found.account = account;
                }
            }
            return Ok(id);
        }
        let account = state.fresh_account();
        let id = format!("ATT{:03}", state.next());
        let attempt = Try {
            request: request.to_owned(),
            asset: asset.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            account,
            created_at: now,
            expires_at: now.plus(state.knobs.lease),
            finished_at: None,
            reported: None,
            found: None,
            status: "Pending",
        };
        state.attempts.insert(id.clone(), attempt);
        Ok(id)
    }

    /// Looks for the attempt's payment on the ledger and moves it and its request on.
    pub(super) async fn look(&self, id: &str) -> Result<(), Refusal> {
        let attempt = self.state().attempts.get(id).cloned();
        let account = attempt.ok_or(Refusal(404, "no such attempt"))?.account;
        let sends = self.node.receivable(account, Raw::ZERO, limits::RECEIVABLE_PAGE).await;
        let sends = sends.map_err(|_| Refusal(500, "the chain is out of reach"))?;
        let now = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let pipeline = state.knobs.pipeline;
        let Some(attempt) = state.attempts.get_mut(id) else { return Ok(()) };
        let Some(bill) = state.requests.get_mut(&attempt.request) else { return Ok(()) };
        let matching = sends.iter().find(|send| is_about(send.amount, bill.total));
        if attempt.found.is_none()
            && let Some(send) = matching.filter(|_| now < attempt.expires_at)
        {
            attempt.found = Some((send.hash, now));
        }
        match attempt.found {
            Some((_, seen_at)) if now.since(seen_at) >= pipeline => {
                attempt.status = "Confirmed";
                attempt.finished_at.get_or_insert(now);
                bill.status = "Finished";
            }
            Some(_) => attempt.status = "Received",
            None if now >= attempt.expires_at => attempt.status = "Expired",
            None => {}
        }
        Ok(())
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// An address nobody used; its key is known to everybody, as is fit for play money.
    fn fresh_account(&mut self) -> Account {
        let mut key = [0x4e; 32];
        key[..8].copy_from_slice(&self.next().to_be_bytes());
        PrivateKey::from_bytes(key).account()
    }
}

/// One to four digits.
fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Within two per cent.
fn is_about(paid: Raw, asked: Raw) -> bool {
    let difference = paid.get().abs_diff(asked.get());
    difference <= asked.get() / 50
}

pub(super) const PENDING: &str = "PaymentPending";
pub(super) const XNO: &str = "XNO.XNO";
pub(super) const USDT: &str = "USDT_TRC20";
