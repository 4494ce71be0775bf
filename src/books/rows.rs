//! Keyed rows, as the fold sees them; a store or a map stands behind.

use std::collections::BTreeMap;

/// The tables of the books.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Table {
    /// Agent to what is known of it; never removed.
    Agents,
    /// Approval id to what waits.
    Approvals,
    /// Approval id to what a host's user was asked.
    Asked,
    /// Block hash to whose it is.
    Blocks,
    /// Currency to held and settled.
    Budgets,
    /// Call id to the payment it asked for.
    Calls,
    /// Endpoint and session to what was asked for there.
    Checkouts,
    /// Digest of agent, payee and amount to recent payments.
    Duplicates,
    /// Account and seq to one line of history.
    History,
    /// Currency to what hosts' users approved within a day.
    HostApproved,
    /// Agent and key to the payment it stands for.
    Idempotency,
    /// Account to its lane.
    Lanes,
    /// Mandate and currency to what is held and settled of its budget.
    MandateBudgets,
    /// Mandate, currency, time and seq to all that was settled up to there.
    MandateSpends,
    /// Mandates in force, and revoked ones, by id.
    Mandates,
    /// Merchant id to what the owner says of it.
    Merchants,
    /// Their id to an order we made at Nanswap Pay.
    NanswapOrders,
    /// Digest of a signed webhook to what became of it.
    NanswapWebhooks,
    /// Payment id and task to what is done for a third party.
    Outbox,
    /// Tasks that have not ended, to their payments.
    OutboxOpen,
    /// Address to what the owner says of it.
    Payees,
    /// Payment id to the payment.
    Payments,
    /// Seller's origin and network to whom it had paid the last time.
    Pins,
    /// Proposal id to the mandate an agent has drafted.
    Proposals,
    /// Account and seq to payments that want its lane, in order.
    Queue,
    /// Agent to the times of its recent requests.
    Rates,
    /// Account and amount to the payment request that wants it.
    RequestAmounts,
    /// Account, amount asked for and request, of those that are watched.
    RequestAsks,
    /// Block hash to the payment request it belongs to.
    RequestBlocks,
    /// Time and request, of what ends then.
    RequestEnds,
    /// Seq to the payment request made there.
    RequestLog,
    /// Request id to the payment request.
    Requests,
    /// Rows there is one of: wallet, policy, freeze, counters.
    Singles,
    /// What is paid at a third party, to the payment for it.
    Subjects,
    /// Everybody, agent or rail to what its payments come to.
    Tallies,
    /// Payment id and seq of each of its events.
    Trail,
    /// Account to how far payments to it were looked for.
    Watches,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::Agents,
        Self::Approvals,
        Self::Asked,
        Self::Blocks,
        Self::Budgets,
        Self::Calls,
        Self::Checkouts,
        Self::Duplicates,
        Self::History,
        Self::HostApproved,
        Self::Idempotency,
        Self::Lanes,
        Self::MandateBudgets,
        Self::MandateSpends,
        Self::Mandates,
        Self::Merchants,
        Self::NanswapOrders,
        Self::NanswapWebhooks,
        Self::Outbox,
        Self::OutboxOpen,
        Self::Payees,
        Self::Payments,
        Self::Pins,
        Self::Proposals,
        Self::Queue,
        Self::Rates,
        Self::RequestAmounts,
        Self::RequestAsks,
        Self::RequestBlocks,
        Self::RequestEnds,
        Self::RequestLog,
        Self::Requests,
        Self::Singles,
        Self::Subjects,
        Self::Tallies,
        Self::Trail,
        Self::Watches,
    ];

    /// Its name in a store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Approvals => "approvals",
            Self::Asked => "asked",
            Self::Blocks => "blocks",
            Self::Budgets => "budgets",
            Self::Calls => "calls",
            Self::Checkouts => "checkouts",
            Self::Duplicates => "duplicates",
            Self::History => "history",
            Self::HostApproved => "host_approved",
            Self::Idempotency => "idempotency",
            Self::Lanes => "lanes",
            Self::MandateBudgets => "mandate_budgets",
            Self::MandateSpends => "mandate_spends",
            Self::Mandates => "mandates",
            Self::Merchants => "merchants",
            Self::NanswapOrders => "nanswap_orders",
            Self::NanswapWebhooks => "nanswap_webhooks",
            Self::Outbox => "outbox",
            Self::OutboxOpen => "outbox_open",
            Self::Payees => "payees",
            Self::Payments => "payments",
            Self::Pins => "pins",
            Self::Proposals => "proposals",
            Self::Queue => "queue",
            Self::Rates => "rates",
            Self::RequestAmounts => "request_amounts",
            Self::RequestAsks => "request_asks",
            Self::RequestBlocks => "request_blocks",
            Self::RequestEnds => "request_ends",
            Self::RequestLog => "request_log",
            Self::Requests => "requests",
            Self::Singles => "singles",
            Self::Subjects => "subjects",
            Self::Tallies => "tallies",
            Self::Trail => "trail",
            Self::Watches => "watches",
        }
    }
}

/// A row could not be read: the medium failed, or what is there is no row.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RowsError {
    /// The medium failed.
    #[error("the store cannot be read: {0}")]
    Medium(String),
    /// The bytes are not those of a row.
    #[error("a row of {table} cannot be read: {detail}")]
    Unreadable {
        /// Which table.
        table: &'static str,
        /// What stood in the way.
        detail: String,
    },
}

/// A key and its row.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// Rows to read.
pub trait Rows {
    /// One row.
    ///
    /// # Errors
    /// [`RowsError::Medium`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError>;

    /// Up to `limit` rows whose key begins with `prefix`, in key order or against it, and beyond `after` if given.
    ///
    /// # Errors
    /// [`RowsError::Medium`].
    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError>;
}

/// Which rows to scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// Keys begin with this.
    pub prefix: &'a [u8],
    /// Start strictly beyond this key, in the direction of the scan.
    pub after: Option<&'a [u8]>,
    /// Against key order.
    pub reverse: bool,
    /// At most so many.
    pub limit: usize,
}

impl Scan<'_> {
    /// Whether a key lies in the scan.
    pub fn wants(&self, key: &[u8]) -> bool {
        key.starts_with(self.prefix)
            && self.after.is_none_or(|after| if self.reverse { key < after } else { key > after })
    }
}

/// Rows to write.
pub trait RowsMut: Rows {
    /// Writes one row.
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>);
    /// Removes one row.
    fn delete(&mut self, table: Table, key: &[u8]);
}

/// Rows in memory, for `verify --deep` and tests.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MemoryRows(BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl MemoryRows {
    /// All rows of one table, in key order.
    pub fn table(&self, table: Table) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0
            .range((table, Vec::new())..)
            .take_while(move |((t, _), _)| *t == table)
            .map(|((_, key), value)| (key.as_slice(), value.as_slice()))
    }
}

impl Rows for MemoryRows {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.0.get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        let rows = self.table(table).filter(|(key, _)| scan.wants(key));
        let owned = |(key, value): (&[u8], &[u8])| (key.to_vec(), value.to_vec());
        let mut found: Vec<_> = rows.map(owned).collect();
        if scan.reverse {
            found.reverse();
        }
        found.truncate(scan.limit);
        Ok(found)
    }
}

impl RowsMut for MemoryRows {
    fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.0.insert((table, key.to_vec()), value);
    }

    fn delete(&mut self, table: Table, key: &[u8]) {
        self.0.remove(&(table, key.to_vec()));
    }
}
