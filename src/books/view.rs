//! Reading the books, typed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::clock::ClockRow;
use super::tables::{
    Approval, Asked, Counters, Freeze, HistoryEntry, HostApproved, Idempotency, Lane,
    NetworkInForce, Payment, Pin, PolicyInForce, Wallet,
};
use super::{Agent, Rows, RowsError, Scan, Table};
use crate::clock::Millis;
use crate::digest::Digest;
use crate::ids::{ApprovalId, PaymentId};
use crate::limits;
use crate::money::{Currency, Money};
use crate::nano::{Account, BlockHash};
use crate::payment::Purchase;
use crate::policy::{Budget, Request};
use crate::secret::SecretVerifier;

/// The books at one moment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    rows: &'a dyn Rows,
    now: Millis,
    unbooked_skew: u64,
}

impl<'a> View<'a> {
    /// Looks at `rows`; `now` is ledger time.
    pub fn new(rows: &'a dyn Rows, now: Millis) -> Self {
        Self { rows, now, unbooked_skew: 0 }
    }

    pub(super) fn moved(&self, now: Millis, unbooked_skew: u64) -> Self {
        Self { now, unbooked_skew, ..*self }
    }

    pub(super) fn unbooked_skew(&self) -> u64 {
        self.unbooked_skew
    }

    /// Ledger time of this look.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The wallet, once it is made.
    pub fn wallet(&self) -> Result<Option<Wallet>, RowsError> {
        self.get(Table::Singles, WALLET)
    }

    /// The policy in force.
    pub fn policy(&self) -> Result<Option<PolicyInForce>, RowsError> {
        self.get(Table::Singles, POLICY)
    }

    /// How the network is reached, where that was set.
    pub fn network(&self) -> Result<Option<NetworkInForce>, RowsError> {
        self.get(Table::Singles, NETWORK)
    }

    /// How the machine's clocks stand to each other, once that was looked at.
    pub fn clock(&self) -> Result<Option<ClockRow>, RowsError> {
        self.get(Table::Singles, CLOCK)
    }

    /// Whether the wallet is frozen, and why.
    pub fn freeze(&self) -> Result<Option<Freeze>, RowsError> {
        self.get(Table::Singles, FREEZE)
    }

    /// What tells the operator secret, where one is set.
    pub fn operator(&self) -> Result<Option<SecretVerifier>, RowsError> {
        self.get(Table::Singles, OPERATOR)
    }

    /// Numbers kept along the way.
    pub fn counters(&self) -> Result<Counters, RowsError> {
        Ok(self.get(Table::Singles, COUNTERS)?.unwrap_or_default())
    }

    /// One payment.
    pub fn payment(&self, id: PaymentId) -> Result<Option<Payment>, RowsError> {
        self.get(Table::Payments, id.as_bytes())
    }

    /// One lane.
    pub fn lane(&self, account: &Account) -> Result<Option<Lane>, RowsError> {
        self.get(Table::Lanes, account.as_bytes())
    }

    /// All lanes, by index.
    pub fn lanes(&self) -> Result<Vec<Lane>, RowsError> {
        let limit = limits::ACCOUNTS as usize;
        let mut lanes: Vec<Lane> =
            self.scan(Table::Lanes, &scan(&[], limit))?.into_iter().map(|(_, lane)| lane).collect();
        lanes.sort_by_key(|lane| lane.index);
        Ok(lanes)
    }

    /// What is held and settled in a currency.
    pub fn budget(&self, currency: Currency) -> Result<Budget, RowsError> {
        Ok(self.get(Table::Budgets, currency.as_str().as_bytes())?.unwrap_or_default())
    }

    /// What is held and settled, by currency.
    pub fn budgets(&self) -> Result<Vec<(Currency, Budget)>, RowsError> {
        let rows = self.scan(Table::Budgets, &scan(&[], limits::CURRENCIES))?;
        let named = rows.into_iter().map(|(key, budget)| {
            let code = std::str::from_utf8(&key).map_err(|e| unreadable(Table::Budgets, &e))?;
            Ok((code.parse().map_err(|e| unreadable(Table::Budgets, &e))?, budget))
        });
        named.collect()
    }

    /// A waiting approval.
    pub fn approval(&self, id: ApprovalId) -> Result<Option<Approval>, RowsError> {
        self.get(Table::Approvals, id.as_bytes())
    }

    /// All waiting approvals, oldest first.
    pub fn approvals(&self) -> Result<Vec<(ApprovalId, Approval)>, RowsError> {
        let rows = self.scan(Table::Approvals, &scan(&[], limits::APPROVALS_WAITING as usize))?;
        let mut found: Vec<(ApprovalId, Approval)> = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            let id = Uuid::from_slice(&key).map_err(|e| unreadable(Table::Approvals, &e))?;
            found.push((ApprovalId(id), row));
        }
        found.sort_by_key(|(id, row)| (row.asked_at_ms, *id));
        Ok(found)
    }

    /// What was asked of a host's user, answered or not.
    pub fn asked(&self, id: ApprovalId) -> Result<Option<Asked>, RowsError> {
        self.get(Table::Asked, id.as_bytes())
    }

    /// What hosts' users approved within the last day.
    pub fn host_approved(&self, currency: Currency) -> Result<Vec<HostApproved>, RowsError> {
        let mut approved: Vec<HostApproved> =
            self.get(Table::HostApproved, currency.as_str().as_bytes())?.unwrap_or_default();
        let now = self.budget_time()?;
        approved.retain(|one| now.since(one.at_ms) < limits::HOST_APPROVAL_WINDOW);
        Ok(approved)
    }

    /// One agent, revoked or not.
    pub fn agent(&self, id: &str) -> Result<Option<Agent>, RowsError> {
        self.get(Table::Agents, id.as_bytes())
    }

    /// Every agent there ever was, by name.
    pub fn agents(&self) -> Result<Vec<(String, Agent)>, RowsError> {
        let rows = self.scan(Table::Agents, &scan(&[], limits::AGENTS))?;
        let name = |key: Vec<u8>| String::from_utf8(key).map_err(|e| unreadable(Table::Agents, &e));
        rows.into_iter().map(|(key, agent)| Ok((name(key)?, agent))).collect()
    }

    /// What a key stands for. Keys of different agents never meet.
    pub fn idempotency(
        &self,
        agent: Option<&str>,
        key: &str,
    ) -> Result<Option<Idempotency>, RowsError> {
        self.get(Table::Idempotency, &agent_key(agent, key.as_bytes()))
    }

    /// The payment a call asked for.
    pub fn payment_of_call(&self, call: Uuid) -> Result<Option<PaymentId>, RowsError> {
        self.get(Table::Calls, call.as_bytes())
    }

    /// Recent payments with the same agent, payee and amount, or of the same purchase.
    pub fn lookalikes(
        &self,
        request: &Request,
        purchase: Option<&Purchase>,
    ) -> Result<Vec<PaymentId>, RowsError> {
        let key = likeness(request, purchase);
        Ok(self.get(Table::Duplicates, &key.0)?.unwrap_or_default())
    }

    /// Times of an agent's requests in the last minute.
    pub fn recent_requests(&self, agent: Option<&str>) -> Result<Vec<Millis>, RowsError> {
        let mut times: Vec<Millis> =
            self.get(Table::Rates, &agent_key(agent, &[]))?.unwrap_or_default();
        let now = self.budget_time()?;
        times.retain(|at| now.since(*at) < limits::RATE_WINDOW);
        Ok(times)
    }

    /// Times of everybody's requests in the last minute.
    pub fn all_recent_requests(&self) -> Result<Vec<Millis>, RowsError> {
        let mut times: Vec<Millis> = self.get(Table::Rates, EVERYBODY)?.unwrap_or_default();
        let now = self.budget_time()?;
        times.retain(|at| now.since(*at) < limits::RATE_WINDOW);
        Ok(times)
    }

    /// Whether a block is one this wallet has signed.
    pub fn is_our_block(&self, hash: &BlockHash) -> Result<bool, RowsError> {
        Ok(self.rows.get(Table::Blocks, hash.as_bytes())?.is_some_and(|whose| whose == OWN_BLOCK))
    }

    /// Whether a block of one of our accounts is on the books, whoever signed it.
    pub fn is_known_block(&self, hash: &BlockHash) -> Result<bool, RowsError> {
        Ok(self.rows.get(Table::Blocks, hash.as_bytes())?.is_some())
    }

    /// Payments that want an account's lane, in order.
    pub fn queue(&self, account: &Account) -> Result<Vec<PaymentId>, RowsError> {
        let limit = limits::OPEN_PAYMENTS_PER_LANE as usize;
        let rows = self.scan(Table::Queue, &scan(account.as_bytes(), limit))?;
        Ok(rows.into_iter().map(|(_, id)| id).collect())
    }

    /// Payments without an account of ours that are under way, in order.
    pub fn remote_queue(&self) -> Result<Vec<PaymentId>, RowsError> {
        let limit = limits::OPEN_REMOTE_PAYMENTS as usize;
        let rows = self.scan(Table::Queue, &scan(REMOTE, limit))?;
        Ok(rows.into_iter().map(|(_, id)| id).collect())
    }

    /// Whom a seller had paid on a network the last time.
    pub fn pin(&self, origin: &str, network: &str) -> Result<Option<Pin>, RowsError> {
        self.get(Table::Pins, &pin_key(origin, network))
    }

    /// An account's history, newest first; `before` is the seq to continue from.
    pub fn history(
        &self,
        account: &Account,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, HistoryEntry)>, RowsError> {
        let after = before.map(|seq| seq_key(account.as_bytes(), seq));
        let scan =
            Scan { prefix: account.as_bytes(), after: after.as_deref(), reverse: true, limit };
        let rows = self.scan(Table::History, &scan)?;
        Ok(rows.into_iter().map(|(key, entry)| (seq_of(&key), entry)).collect())
    }

    /// Seqs of a payment's events.
    pub fn trail(&self, id: PaymentId) -> Result<Vec<u64>, RowsError> {
        let rows = self.rows.scan(Table::Trail, &scan(id.as_bytes(), limits::TRAIL_EVENTS))?;
        Ok(rows.into_iter().map(|(key, _)| seq_of(&key)).collect())
    }

    pub(super) fn get<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<T>, RowsError> {
        self.rows.get(table, key)?.map(|bytes| decode(table, &bytes)).transpose()
    }

    pub(super) fn scan<T: DeserializeOwned>(
        &self,
        table: Table,
        scan: &Scan<'_>,
    ) -> Result<Vec<(Vec<u8>, T)>, RowsError> {
        let rows = self.rows.scan(table, scan)?;
        rows.into_iter().map(|(key, bytes)| Ok((key, decode(table, &bytes)?))).collect()
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Rows are JSON: they outlive versions of this program.
pub(super) fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    serde_json::to_vec(row).expect("a row is plain JSON")
}

/// An agent's name and a key of its own, kept apart by a byte no name contains.
pub(super) fn agent_key(agent: Option<&str>, key: &[u8]) -> Vec<u8> {
    let mut bytes = agent.unwrap_or_default().as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(key);
    bytes
}

/// The same for payments that may be one and the same.
pub(super) fn likeness(request: &Request, purchase: Option<&Purchase>) -> Digest {
    let agent = request.agent_id.as_deref();
    match purchase {
        Some(purchase) => purchase_key(agent, purchase),
        None => lookalike_key(agent, &request.payee.address, &request.amount),
    }
}

fn lookalike_key(agent: Option<&str>, payee: &str, amount: &Money) -> Digest {
    let parts = (agent.unwrap_or_default(), payee, amount.amount.to_string(), amount.currency);
    Digest::of_json(&parts).expect("text has a canonical form")
}

/// Purchases of the same thing, whatever they cost.
fn purchase_key(agent: Option<&str>, purchase: &Purchase) -> Digest {
    let parts = (agent.unwrap_or_default(), purchase.digest());
    Digest::of_json(&parts).expect("text has a canonical form")
}

/// Neither part holds a zero byte.
pub(super) fn pin_key(origin: &str, network: &str) -> Vec<u8> {
    [origin.as_bytes(), &[0], network.as_bytes()].concat()
}

pub(super) fn seq_key(prefix: &[u8], seq: u64) -> Vec<u8> {
    [prefix, &seq.to_be_bytes()].concat()
}

pub(super) const WALLET: &[u8] = b"wallet";
pub(super) const CLOCK: &[u8] = b"clock";
pub(super) const NETWORK: &[u8] = b"network";
pub(super) const POLICY: &[u8] = b"policy";
pub(super) const FREEZE: &[u8] = b"freeze";
pub(super) const OPERATOR: &[u8] = b"operator";
pub(super) const FUNDING: &[u8] = b"funding";
/// No agent's key: those hold a zero byte.
pub(super) const EVERYBODY: &[u8] = b"*";
pub(super) const REQUESTS: &[u8] = b"requests";
pub(super) const COUNTERS: &[u8] = b"counters";
/// In the place of an account, in the queue of payments that have none: nobody's, so no lane's either.
pub(super) const REMOTE: &[u8] = Account::BURN.as_bytes();
pub(super) const OWN_BLOCK: &[u8] = b"0";
pub(super) const FOREIGN_BLOCK: &[u8] = b"1";

pub(super) fn seq_of(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

pub(super) fn scan(prefix: &[u8], limit: usize) -> Scan<'_> {
    Scan { prefix, after: None, reverse: false, limit }
}

fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, RowsError> {
    serde_json::from_slice(bytes).map_err(|e| unreadable(table, &e))
}

pub(super) fn unreadable(table: Table, error: &dyn std::error::Error) -> RowsError {
    RowsError::Unreadable { table: table.name(), detail: error.to_string() }
}
