//! `wallet.history`: confirmed sends and receives of one account, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::books::{HistoryEntry, HistoryKind, RowsError, View};
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, AccountRef, Audience, Caller, Context, Operation, Outcome, Spec};

/// What went in and out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletHistory {
    /// Address or index of one of this wallet's accounts; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
    /// Entries on one page, 1 to 100; 20 when left out.
    #[serde(default)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// One page of history.
#[derive(Debug, JsonSchema, Serialize)]
pub struct History {
    /// Whose history.
    account: String,
    /// Newest first.
    #[schemars(with = "Vec<Map<String, Value>>")]
    entries: Vec<Entry>,
    /// Give it as `cursor` for the page after this one; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One confirmed block that moved money.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Entry {
    /// send or receive.
    kind: HistoryKind,
    /// How much, in XNO.
    amount: String,
    /// The same in raw.
    amount_raw: String,
    /// The other side.
    counterparty: String,
    /// Our confirmed block.
    block_hash: String,
    /// When the wallet saw it confirmed, RFC 3339.
    at: String,
    /// The payment, for a send of the caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    /// The note given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    /// True where this wallet did not sign the block: somebody else has its keys.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    foreign: bool,
}

impl Operation for WalletHistory {
    type Output = History;
    const SPEC: Spec = Spec {
        name: "wallet.history",
        title: "Wallet history",
        description: "Confirmed sends and receives of one account, newest first, in pages: amount, the other side, block hash, time, and for your own payments payment id and memo.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "wallet",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<History>, Failure> {
        let account = AccountRef::resolve(self.account.as_ref(), &context.engine)?;
        let limit = page_size(self.limit)? as usize;
        let before = self.cursor.as_deref().map(parse_cursor).transpose()?;
        let mut rows = context
            .engine
            .store()
            .read(|view| {
                let rows = view.history(&account, before, limit + 1)?;
                let shown = rows.into_iter().map(|(seq, row)| {
                    Ok((seq, if is_seen(view, &row, &context.caller)? { row } else { bare(row) }))
                });
                shown.collect::<Result<Vec<_>, RowsError>>()
            })
            .map_err(|e| store_failure(&e))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|(seq, _)| seq.to_string());
        let entries = rows.into_iter().map(|(_, row)| entry(row)).collect();
        Ok(Outcome::Done(History { account: account.to_string(), entries, next_cursor }))
    }
}

/// Whether the payment behind an entry is one the caller may see. A receive has none.
fn is_seen(view: &View<'_>, row: &HistoryEntry, caller: &Caller) -> Result<bool, RowsError> {
    let Some(id) = row.payment_id.filter(|_| *caller != Caller::Operator) else { return Ok(true) };
    Ok(view.payment(id)?.is_some_and(|payment| caller.may_see(payment.request.agent_id.as_deref())))
}

/// What moved the common balance, without what it was for: that is the agent's alone who asked for it.
fn bare(row: HistoryEntry) -> HistoryEntry {
    HistoryEntry { payment_id: None, memo: None, ..row }
}

fn entry(row: HistoryEntry) -> Entry {
    Entry {
        kind: row.kind,
        amount: row.amount.to_xno(),
        amount_raw: row.amount.to_string(),
        counterparty: row.counterparty.to_string(),
        block_hash: row.block_hash.to_string(),
        at: row.at_ms.to_string(),
        payment_id: row.payment_id.map(|id| id.to_string()),
        memo: row.memo,
        foreign: row.foreign,
    }
}

fn page_size(asked: Option<u32>) -> Result<u32, Failure> {
    let size = asked.unwrap_or(limits::PAGE_DEFAULT);
    if (1..=limits::PAGE_MAX).contains(&size) {
        return Ok(size);
    }
    let message = format!("limit is {size}; it is 1 to {}", limits::PAGE_MAX);
    Err(Failure::invalid("INVALID_LIMIT", message))
}

fn parse_cursor(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| {
        Failure::invalid("INVALID_CURSOR", "cursor is not a next_cursor of this tool")
            .hint("Leave it out for the first page")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_end_at_their_bounds() {
        assert_eq!(page_size(None).unwrap(), limits::PAGE_DEFAULT);
        assert!(page_size(Some(1)).is_ok() && page_size(Some(limits::PAGE_MAX)).is_ok());
        assert!(page_size(Some(0)).is_err() && page_size(Some(limits::PAGE_MAX + 1)).is_err());
    }
}
