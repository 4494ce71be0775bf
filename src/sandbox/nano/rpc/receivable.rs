//! What waits to be received: `receivable` and its older name, for one account and for many.
//!
//! An unconfirmed send must never show unless it was asked for: it may be rolled back with whoever received it.

use super::accounts::version;
use super::dispatch::{Answer, Look};
use super::request::{Complaint, Request};
use super::tree::{Fields, Tree};
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::sandbox::nano::entry::Waiting;
use crate::sandbox::nano::faults::Fault;

/// `receivable`.
pub(super) fn receivable(look: &Look<'_>) -> Answer {
    listed(look).map(Tree::from)
}

/// `pending`, C++ only.
pub(super) fn pending(look: &Look<'_>) -> Answer {
    Ok(listed(look)?.put("deprecated", "1").into())
}

/// `accounts_receivable`.
pub(super) fn accounts_receivable(look: &Look<'_>) -> Answer {
    listed_of_many(look).map(Tree::from)
}

/// `accounts_pending`, C++ only.
pub(super) fn accounts_pending(look: &Look<'_>) -> Answer {
    Ok(listed_of_many(look)?.put("deprecated", "1").into())
}

/// `receivable_exists`.
pub(super) fn receivable_exists(look: &Look<'_>) -> Answer {
    let hash = look.request.hash("hash")?;
    let visible = Visible::of(look.request)?;
    let entry = look.ledger.entry(&hash).filter(|_| !matches!(look.fault, Fault::Denial));
    let entry = entry.ok_or_else(|| Complaint::error("Block not found"))?;
    let destination = entry.block().link.as_account();
    let exists = look.ledger.waiting(&destination, &hash).is_some() && visible.shows(look, &hash);
    Ok(Fields::default().tree("exists", Tree::digit(exists)).into())
}

/// Which sends show.
struct Visible {
    include_active: bool,
    only_confirmed: bool,
}

/// How the list is written.
struct Shape {
    threshold: Raw,
    source: bool,
    min_version: bool,
    sorting: bool,
}

impl Visible {
    fn of(request: &Request) -> Result<Self, Complaint> {
        // RsNano knows no `include_active`: what is in an election shows.
        let include_active = !request.is_cpp() || request.flag("include_active", false)?;
        let only_confirmed = request.flag("include_only_confirmed", true)?;
        Ok(Self { include_active, only_confirmed })
    }

    /// An unconfirmed block is in an election here, always.
    fn shows(&self, look: &Look<'_>, hash: &BlockHash) -> bool {
        look.ledger.is_confirmed(hash) || (self.include_active && !self.only_confirmed)
    }
}

impl Shape {
    fn of(request: &Request, min_version: bool) -> Result<Self, Complaint> {
        Ok(Self {
            threshold: request.threshold()?,
            source: request.flag("source", false)?,
            min_version: min_version && request.flag("min_version", false)?,
            sorting: request.flag("sorting", false)?,
        })
    }

    /// A plain list of hashes.
    fn is_simple(&self) -> bool {
        self.threshold.is_zero() && !self.source && !self.min_version && !self.sorting
    }

    fn write(&self, sends: &[(&BlockHash, &Waiting)]) -> Tree {
        if self.is_simple() {
            return Tree::List(sends.iter().map(|(hash, _)| Tree::text(hash)).collect());
        }
        let mut fields = Fields::default();
        for (hash, waiting) in sends {
            fields.add(&hash.to_string(), self.entry(waiting));
        }
        fields.into()
    }

    fn entry(&self, waiting: &Waiting) -> Tree {
        if !self.source && !self.min_version {
            return Tree::text(waiting.amount);
        }
        let mut fields = Fields::default().put("amount", waiting.amount);
        if self.source {
            fields = fields.put("source", waiting.source);
        }
        if self.min_version {
            fields = fields.put("min_version", version(waiting.epoch));
        }
        fields.into()
    }
}

fn listed(look: &Look<'_>) -> Result<Fields, Complaint> {
    let request = look.request;
    let account = request.account("account")?;
    let count = request.optional_count()?;
    let offset = request.offset()?;
    let shape = Shape::of(request, true)?;
    let mut sends = visible(look, &account, &Visible::of(request)?);
    if shape.sorting {
        sends.retain(|(_, waiting)| waiting.amount >= shape.threshold);
        sends.sort_by_key(|(_, waiting)| std::cmp::Reverse(waiting.amount));
    }
    // A node counts the offset before it looks at the threshold, unless it sorts.
    let mut sends: Vec<_> = sends.into_iter().skip(offset).collect();
    sends.retain(|(_, waiting)| waiting.amount >= shape.threshold);
    sends.truncate(count);
    Ok(Fields::default().tree("blocks", shape.write(&sends)))
}

fn listed_of_many(look: &Look<'_>) -> Result<Fields, Complaint> {
    let request = look.request;
    let count = if request.is_cpp() { request.optional_count()? } else { request.count()? };
    let shape = Shape::of(request, false)?;
    let shows = Visible::of(request)?;
    let mut blocks = Fields::default();
    for text in request.list("accounts")? {
        let account: Account = request.parsed(&text, "Bad account number")?;
        let mut sends = visible(look, &account, &shows);
        sends.retain(|(_, waiting)| waiting.amount >= shape.threshold);
        sends.truncate(count);
        if shape.sorting {
            sends.sort_by_key(|(_, waiting)| std::cmp::Reverse(waiting.amount));
        }
        if !sends.is_empty() {
            blocks.add(&account.to_string(), shape.write(&sends));
        }
    }
    Ok(Fields::default().tree("blocks", blocks.into()))
}

/// In the order of the hashes.
fn visible<'a>(
    look: &Look<'a>,
    account: &Account,
    shows: &Visible,
) -> Vec<(&'a BlockHash, &'a Waiting)> {
    if matches!(look.fault, Fault::Denial) {
        return Vec::new();
    }
    look.ledger.receivable(account).filter(|(hash, _)| shows.shows(look, hash)).collect()
}
