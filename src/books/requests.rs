//! Requests to be paid: their events, their rows, and how they are found.
//!
//! Nothing here may say that a request is paid but its own row.

use serde::{Deserialize, Serialize};

use super::view::{REQUESTS, View, scan, seq_of};
use super::{RowsError, Scan, Table};
use crate::clock::Millis;
use crate::ids::RequestId;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::payment::{Arrival, Claim, Claims, Fit, Match};

/// What `request.created` says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRequest {
    /// What is wanted.
    pub claim: Claim,
    /// The account to pay to, ours or not.
    pub account: Account,
    /// Which agent made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Where the payer's browser may go afterwards; never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// The caller's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Confirmed blocks of the account when it was first watched; nothing for an account that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
}

/// A confirmed send that belongs to a request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestReceipt {
    /// The request.
    pub request_id: RequestId,
    /// The send block.
    pub block_hash: BlockHash,
    /// Who paid.
    pub payer: Account,
    /// How much.
    pub amount_raw: Raw,
    /// When the network had it, as far as is known.
    pub paid_at_ms: Millis,
    /// How it fits.
    pub fit: Fit,
    /// Whether the request had expired.
    pub late: bool,
}

/// The end of a request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestEnd {
    /// The request.
    pub request_id: RequestId,
}

/// How far an account was looked through.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestScan {
    /// The account, ours or not.
    pub account: Account,
    /// Height of the last confirmed block looked at.
    pub height: u64,
}

/// One request to be paid.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PaymentRequest {
    /// What is wanted, and until when.
    pub claim: Claim,
    /// The account to pay to.
    pub account: Account,
    /// Which agent made it.
    pub agent_id: Option<String>,
    /// Where the payer's browser may go afterwards.
    pub redirect_url: Option<String>,
    /// The caller's note.
    pub memo: Option<String>,
    /// Seq of its first event.
    pub first_seq: u64,
    /// Where it stands.
    pub state: RequestState,
    /// What came in other amounts.
    pub other: Option<OtherPayment>,
}

/// Where a request stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Not paid.
    Open,
    /// Not paid in time; a late payment is still looked for.
    Expired,
    /// Not paid, and no longer looked for.
    Closed,
    /// Paid by this send.
    Paid(RequestReceipt),
}

/// Sends that belong to a request, but are not what it wants.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OtherPayment {
    /// The last one.
    pub last: RequestReceipt,
    /// All of them.
    pub total: Raw,
}

/// A request in one word.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum RequestStatus {
    /// Nothing came yet.
    Open,
    /// Less than asked came.
    Underpaid,
    /// More than asked came, in another amount than the request's own.
    Overpaid,
    /// The money is there.
    Paid,
    /// The money is there, but came after the request had expired.
    PaidLate,
    /// Nothing came in time.
    Expired,
}

/// How far an account is looked through for payments.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Watch {
    /// Which.
    pub account: Account,
    /// Height of the last block looked at.
    pub height: u64,
    /// Requests that are watched on it.
    pub requests: u32,
}

/// Numbers kept so that nothing must be counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RequestCounters {
    /// Requests that are watched.
    pub watched: u32,
    /// Accounts that are.
    pub accounts: u32,
}

impl PaymentRequest {
    /// Its id.
    pub fn id(&self) -> RequestId {
        self.claim.request_id
    }

    /// Whether payments are looked for.
    pub fn is_watched(&self) -> bool {
        matches!(self.state, RequestState::Open | RequestState::Expired)
    }

    /// Where it stands at a time.
    pub fn status(&self, now: Millis) -> RequestStatus {
        match (&self.state, &self.other) {
            (RequestState::Paid(paid), _) if paid.late => RequestStatus::PaidLate,
            (RequestState::Paid(_), _) => RequestStatus::Paid,
            (_, Some(other)) if other.total < self.claim.asked_raw => RequestStatus::Underpaid,
            (_, Some(_)) => RequestStatus::Overpaid,
            (RequestState::Open, None) if now <= self.claim.expires_at_ms => RequestStatus::Open,
            _ => RequestStatus::Expired,
        }
    }

    /// The send that paid it, or the last one in another amount.
    pub fn receipt(&self) -> Option<&RequestReceipt> {
        match &self.state {
            RequestState::Paid(paid) => Some(paid),
            _ => self.other.as_ref().map(|other| &other.last),
        }
    }

    /// When it ends next by the clock alone; nothing for one that has ended.
    pub fn ends_at(&self) -> Option<Millis> {
        match self.state {
            RequestState::Open => Some(self.claim.expires_at_ms),
            RequestState::Expired => Some(self.claim.expires_at_ms.plus(limits::REQUEST_LATE)),
            RequestState::Closed | RequestState::Paid(_) => None,
        }
    }
}

impl View<'_> {
    /// One request.
    pub fn request(&self, id: RequestId) -> Result<Option<PaymentRequest>, RowsError> {
        self.get(Table::Requests, id.as_bytes())
    }

    /// The request a send belongs to.
    pub fn request_of_block(&self, hash: &BlockHash) -> Result<Option<RequestId>, RowsError> {
        self.get(Table::RequestBlocks, hash.as_bytes())
    }

    /// Requests, newest first; `before` is the seq to continue from.
    pub fn requests(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, PaymentRequest)>, RowsError> {
        let after = before.map(u64::to_be_bytes);
        let after = after.as_ref().map(<[u8; 8]>::as_slice);
        let ids: Vec<(Vec<u8>, RequestId)> =
            self.scan(Table::RequestLog, &Scan { prefix: &[], after, reverse: true, limit })?;
        let row = |(key, id): (Vec<u8>, RequestId)| {
            Ok(self.request(id)?.map(|request| (seq_of(&key), request)))
        };
        ids.into_iter().map(row).filter_map(Result::transpose).collect()
    }

    /// Requests whose time has come, soonest first, and the time.
    pub fn request_ends(&self, limit: usize) -> Result<Vec<(Millis, PaymentRequest)>, RowsError> {
        let ids: Vec<(Vec<u8>, RequestId)> = self.scan(Table::RequestEnds, &scan(&[], limit))?;
        let mut found = Vec::with_capacity(ids.len());
        for (key, id) in ids {
            let at = key.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            found.extend(self.request(id)?.map(|request| (Millis(at), request)));
        }
        Ok(found)
    }

    /// Whether a send of this amount to the account could belong to a request.
    pub fn is_amount_of_interest(&self, to: &Account, amount: Raw) -> Result<bool, RowsError> {
        let wanted = self.get::<RequestId>(Table::RequestAmounts, &amount_key(to, amount))?;
        Ok(wanted.is_some()
            || !self.requests_asking(to, amount, 1)?.is_empty()
            || self.watch(to)?.is_some_and(|watch| watch.requests == 1))
    }

    /// The least that a watched request of the account asked for.
    pub fn least_asked(&self, account: &Account) -> Result<Option<Raw>, RowsError> {
        let ids: Vec<(Vec<u8>, RequestId)> =
            self.scan(Table::RequestAsks, &scan(account.as_bytes(), 1))?;
        let request = ids.first().map(|(_, id)| self.request(*id)).transpose()?.flatten();
        Ok(request.map(|request| request.claim.asked_raw))
    }

    /// Whether an amount at an account stands for a watched request, as its own or as what it asked.
    pub fn is_amount_taken(&self, to: &Account, amount: Raw) -> Result<bool, RowsError> {
        let wanted = self.get::<RequestId>(Table::RequestAmounts, &amount_key(to, amount))?;
        Ok(wanted.is_some() || !self.requests_asking(to, amount, 1)?.is_empty())
    }

    /// The request that a confirmed send belongs to, unless it belongs to one already.
    pub fn match_request(
        &self,
        to: &Account,
        arrival: &Arrival,
    ) -> Result<Option<Match>, RowsError> {
        if self.request_of_block(&arrival.block_hash)?.is_some() {
            return Ok(None);
        }
        let exact: Option<RequestId> =
            self.get(Table::RequestAmounts, &amount_key(to, arrival.amount))?;
        let exact = exact.map(|id| self.request(id)).transpose()?.flatten();
        let is_alone = self.watch(to)?.is_some_and(|watch| watch.requests == 1);
        let only = self.requests_at(to.as_bytes(), usize::from(is_alone))?.pop();
        let asked = self.requests_asking(to, arrival.amount, limits::REQUEST_RIVALS)?;
        let claim = |request: PaymentRequest| request.claim;
        let claims = Claims {
            exact: exact.map(claim),
            asked: asked.into_iter().map(claim).collect(),
            only: only.map(claim),
        };
        Ok(claims.settled_by(arrival))
    }

    /// How far an account is looked through, while it is.
    pub fn watch(&self, account: &Account) -> Result<Option<Watch>, RowsError> {
        self.get(Table::Watches, account.as_bytes())
    }

    /// All accounts that are watched.
    pub fn watches(&self) -> Result<Vec<Watch>, RowsError> {
        let limit = limits::REQUEST_ACCOUNTS as usize;
        let rows = self.scan(Table::Watches, &scan(&[], limit))?;
        Ok(rows.into_iter().map(|(_, watch)| watch).collect())
    }

    /// How many there are.
    pub fn request_counters(&self) -> Result<RequestCounters, RowsError> {
        Ok(self.get(Table::Singles, REQUESTS)?.unwrap_or_default())
    }

    /// Watched requests that asked just this, newest first.
    fn requests_asking(
        &self,
        to: &Account,
        asked: Raw,
        limit: usize,
    ) -> Result<Vec<PaymentRequest>, RowsError> {
        self.requests_at(&amount_key(to, asked), limit)
    }

    fn requests_at(&self, prefix: &[u8], limit: usize) -> Result<Vec<PaymentRequest>, RowsError> {
        let newest = Scan { prefix, after: None, reverse: true, limit };
        let ids: Vec<(Vec<u8>, RequestId)> = self.scan(Table::RequestAsks, &newest)?;
        ids.into_iter().filter_map(|(_, id)| self.request(id).transpose()).collect()
    }
}

/// Account and amount.
pub(super) fn amount_key(account: &Account, amount: Raw) -> Vec<u8> {
    [account.as_bytes().as_slice(), &amount.to_be_bytes()].concat()
}

/// Account, amount asked for and request.
pub(super) fn ask_key(request: &PaymentRequest) -> Vec<u8> {
    let mut key = amount_key(&request.account, request.claim.asked_raw);
    key.extend_from_slice(request.id().as_bytes());
    key
}

/// Time and request.
pub(super) fn end_key(at: Millis, id: RequestId) -> Vec<u8> {
    [at.0.to_be_bytes().as_slice(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
