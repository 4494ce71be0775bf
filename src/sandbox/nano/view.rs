//! What the ledger looks like from outside: the answers of a node's read calls.
//!
//! Reading must never change the ledger, and never lie: lies are faults.

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Subtype};
use crate::network::{AccountInfo, BlockInfo, HistoryBlock, HistoryPage, Receivable};

use super::entry::Entry;
use super::ledger::Ledger;

/// The head of an account chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// Hash of the last block, confirmed or not.
    pub hash: BlockHash,
    /// Blocks in the chain.
    pub height: u64,
    /// Balance at the head.
    pub balance: Raw,
    /// Whether the head is cemented.
    pub confirmed: bool,
}

/// One block of an account's history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryEntry {
    /// Hash of the block.
    pub hash: BlockHash,
    /// Its derived kind; the first block of an account is a receive.
    pub subtype: Subtype,
    /// What it moved.
    pub amount: Raw,
    /// Balance after it.
    pub balance: Raw,
    /// The other side: destination of a send, sender of a receive, otherwise the account itself.
    pub counterparty: Account,
    /// Height in the chain, from 1.
    pub height: u64,
    /// Whether it is cemented.
    pub confirmed: bool,
    /// When the node saw it.
    pub seen_at: Millis,
}

/// `account_info` as it was `blocks_back` blocks of this chain ago; 0 is the truth.
pub(super) fn account_info(
    ledger: &Ledger,
    account: &Account,
    blocks_back: usize,
) -> Option<AccountInfo> {
    let chain = ledger.chain(account);
    let chain = &chain[..chain.len().saturating_sub(blocks_back)];
    let head = ledger.entry(chain.last()?)?;
    let confirmed_height = ledger.confirmed_height(account).min(chain.len());
    let confirmed = chain[..confirmed_height].last().and_then(|hash| ledger.entry(hash));
    let sends: Vec<_> = ledger.receivable(account).collect();
    let sum = |confirmed_only: bool| {
        sends
            .iter()
            .filter(|(hash, _)| !confirmed_only || ledger.is_confirmed(hash))
            .try_fold(Raw::ZERO, |sum, (_, waiting)| sum.checked_add(waiting.amount))
            .expect("no more than the supply waits to be received")
    };
    Some(AccountInfo {
        frontier: head.hash(),
        open_block: chain.first().copied(),
        balance: head.block().balance,
        representative: head.block().representative,
        block_count: head.height,
        confirmed_frontier: confirmed.map(Entry::hash),
        confirmed_height: confirmed_height as u64,
        confirmed_balance: confirmed.map_or(Raw::ZERO, |entry| entry.block().balance),
        receivable: sum(false),
        confirmed_receivable: sum(true),
    })
}

/// `receivable` with `include_only_confirmed`: in the order of the hashes, as a node without `sorting` answers.
pub(super) fn receivable(
    ledger: &Ledger,
    account: &Account,
    minimum: Raw,
    count: u32,
) -> Vec<Receivable> {
    ledger
        .receivable(account)
        .filter(|(hash, waiting)| waiting.amount >= minimum && ledger.is_confirmed(hash))
        .map(|(hash, waiting)| Receivable {
            hash: *hash,
            amount: waiting.amount,
            source: waiting.source,
        })
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .collect()
}

/// `block_info`.
pub(super) fn block_info(ledger: &Ledger, hash: &BlockHash) -> Option<BlockInfo> {
    let entry = ledger.entry(hash)?;
    Some(BlockInfo {
        contents: *entry.signed(),
        amount: entry.amount(),
        height: entry.height,
        successor: ledger.successor(entry),
        confirmed: ledger.is_confirmed(hash),
        subtype: entry.subtype(),
    })
}

/// The head of an account chain; `None` for an account without a block.
pub(super) fn head(ledger: &Ledger, account: &Account) -> Option<Head> {
    let entry = ledger.head(account)?;
    Some(Head {
        hash: entry.hash(),
        height: entry.height,
        balance: entry.block().balance,
        confirmed: ledger.is_confirmed(&entry.hash()),
    })
}

/// The blocks of an account, newest first.
pub(super) fn history(ledger: &Ledger, account: &Account) -> Vec<HistoryEntry> {
    let entries = ledger.chain(account).iter().rev().filter_map(|hash| ledger.entry(hash));
    entries.map(|entry| history_entry(ledger, entry)).collect()
}

/// Every send to an account in the order of arrival; its counterparty is the sender.
pub(super) fn sends_to(ledger: &Ledger, account: &Account) -> Vec<HistoryEntry> {
    let is_to = |entry: &&Entry| {
        entry.subtype() == Subtype::Send && entry.block().link.as_account() == *account
    };
    let sends = ledger.entries().filter(is_to);
    sends
        .map(|entry| HistoryEntry {
            counterparty: entry.block().account,
            ..history_entry(ledger, entry)
        })
        .collect()
}

/// `account_history`: newest first, from `head` or the chain's own.
pub(super) fn history_page(
    ledger: &Ledger,
    account: &Account,
    head: Option<BlockHash>,
    count: u32,
) -> HistoryPage {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let entries = history(ledger, account).into_iter();
    let mut rest = entries.skip_while(|entry| head.is_some_and(|head| entry.hash != head));
    let blocks = rest.by_ref().take(count).map(|entry| HistoryBlock {
        hash: entry.hash,
        subtype: entry.subtype,
        counterparty: entry.counterparty,
        amount: entry.amount,
        height: entry.height,
        local_timestamp: Some(entry.seen_at),
        confirmed: entry.confirmed,
    });
    HistoryPage { blocks: blocks.collect(), previous: rest.next().map(|entry| entry.hash) }
}

/// The balance at the last cemented block.
pub(super) fn confirmed_balance(ledger: &Ledger, account: &Account) -> Raw {
    let height = ledger.confirmed_height(account);
    let last = ledger.chain(account)[..height].last().and_then(|hash| ledger.entry(hash));
    last.map_or(Raw::ZERO, |entry| entry.block().balance)
}

fn history_entry(ledger: &Ledger, entry: &Entry) -> HistoryEntry {
    let block = entry.block();
    let counterparty = match entry.subtype() {
        Subtype::Send => block.link.as_account(),
        Subtype::Receive | Subtype::Open => {
            ledger.entry(&block.link.as_hash()).map_or(block.account, |send| send.block().account)
        }
        Subtype::Change | Subtype::Epoch => block.account,
    };
    HistoryEntry {
        hash: entry.hash(),
        subtype: entry.subtype(),
        amount: entry.amount(),
        balance: block.balance,
        counterparty,
        height: entry.height,
        confirmed: ledger.is_confirmed(&entry.hash()),
        seen_at: entry.seen_at,
    }
}
