//! `account_info`, `accounts_balances` and `account_history`.
//!
//! What contradicts itself must never leave this module as an answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rpc;
use super::answer::{ACCOUNT_NOT_FOUND, absent_if, nonsense};
use super::wire::{Count, Entries, Flag, List, hash_or_none};
use crate::clock::Millis;
use crate::fetch::quote;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Subtype};
use crate::network::{AccountBalance, AccountInfo, HistoryBlock, HistoryPage, NodeError};

impl Rpc {
    /// As [`crate::network::Node::account_info`].
    pub async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        let asked = AskInfo {
            action: "account_info",
            account,
            representative: "true",
            receivable: "true",
            include_confirmed: "true",
        };
        let found = absent_if(self.call::<Info>(&asked).await, ACCOUNT_NOT_FOUND)?;
        found.map(Info::checked).transpose()
    }

    /// As [`crate::network::Node::accounts_balances`], with one request.
    pub async fn accounts_balances(
        &self,
        accounts: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked =
            AskBalances { action: "accounts_balances", accounts, include_only_confirmed: "true" };
        let mut answer: Balances = self.call(&asked).await?;
        let mut found = BTreeMap::new();
        for account in accounts {
            let told = answer.balances.0.remove(account).flatten();
            let refused = answer.errors.0.remove(&account.to_string()).flatten();
            let balance = match (told, refused) {
                (Some(told), None) => told.into(),
                (None, Some(words)) if words == ACCOUNT_NOT_FOUND => AccountBalance::default(),
                (None, Some(words)) => return Err(NodeError::Refused { message: quote(&words) }),
                // Named twice by the caller.
                (None, None) if found.contains_key(account) => continue,
                _ => return Err(nonsense("not every account asked for has one balance")),
            };
            found.insert(*account, balance);
        }
        Ok(found)
    }

    /// As [`crate::network::Node::account_history`]. Changes and epoch blocks are left out, as nodes do.
    pub async fn account_history(
        &self,
        account: Account,
        head: Option<BlockHash>,
        count: u32,
    ) -> Result<HistoryPage, NodeError> {
        let asked =
            AskHistory { action: "account_history", account, count: count.to_string(), head };
        let answer = absent_if(self.call::<History>(&asked).await, ACCOUNT_NOT_FOUND)?;
        let Some(answer) = answer else { return Ok(HistoryPage::default()) };
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        if answer.history.0.len() > most {
            return Err(nonsense("the history is longer than asked for"));
        }
        let blocks = answer.history.0.into_iter().map(HistoryEntry::read);
        Ok(HistoryPage { blocks: blocks.collect::<Result<_, _>>()?, previous: answer.previous })
    }
}

#[derive(Serialize)]
struct AskInfo {
    action: &'static str,
    account: Account,
    representative: &'static str,
    receivable: &'static str,
    include_confirmed: &'static str,
}

/// `confirmation_height` and `confirmation_height_frontier` are what a node without `include_confirmed` says.
#[derive(Deserialize)]
struct Info {
    frontier: BlockHash,
    open_block: BlockHash,
    balance: Raw,
    representative: Account,
    block_count: Count,
    #[serde(default, deserialize_with = "hash_or_none")]
    confirmed_frontier: Option<BlockHash>,
    #[serde(default, deserialize_with = "hash_or_none")]
    confirmation_height_frontier: Option<BlockHash>,
    confirmed_height: Option<Count>,
    confirmation_height: Option<Count>,
    confirmed_balance: Option<Raw>,
    receivable: Option<Raw>,
    pending: Option<Raw>,
    confirmed_receivable: Option<Raw>,
    confirmed_pending: Option<Raw>,
}

impl Info {
    fn checked(self) -> Result<AccountInfo, NodeError> {
        let height = self.confirmed_height.or(self.confirmation_height).unwrap_or_default().0;
        let confirmed_frontier = match self.confirmed_height {
            Some(_) => self.confirmed_frontier,
            None => self.confirmed_frontier.or(self.confirmation_height_frontier),
        };
        if self.frontier.is_zero() || self.open_block.is_zero() || self.block_count.0 == 0 {
            return Err(nonsense("an account with a block that has no head"));
        }
        if height > self.block_count.0 || confirmed_frontier.is_some() != (height > 0) {
            return Err(nonsense("the confirmed part of the account contradicts itself"));
        }
        let at_head = confirmed_frontier == Some(self.frontier);
        if at_head != (height == self.block_count.0) {
            return Err(nonsense("the head and the confirmed head contradict their heights"));
        }
        // An old node does not say the confirmed balance; rather none than one too high.
        let otherwise = if at_head { self.balance } else { Raw::ZERO };
        Ok(AccountInfo {
            frontier: self.frontier,
            open_block: Some(self.open_block),
            balance: self.balance,
            representative: self.representative,
            block_count: self.block_count.0,
            confirmed_frontier,
            confirmed_height: height,
            confirmed_balance: self.confirmed_balance.unwrap_or(otherwise),
            receivable: self.receivable.or(self.pending).unwrap_or_default(),
            confirmed_receivable: self
                .confirmed_receivable
                .or(self.confirmed_pending)
                .unwrap_or_default(),
        })
    }
}

#[derive(Serialize)]
struct AskBalances<'a> {
    action: &'static str,
    accounts: &'a [Account],
    include_only_confirmed: &'static str,
}

#[derive(Deserialize)]
struct Balances {
    #[serde(default)]
    balances: Entries<Account, Balance>,
    /// By the text of the account, which need not be one.
    #[serde(default)]
    errors: Entries<String, String>,
}

#[derive(Deserialize)]
struct Balance {
    balance: Raw,
    receivable: Option<Raw>,
    pending: Option<Raw>,
}

impl From<Balance> for AccountBalance {
    fn from(told: Balance) -> Self {
        let receivable = told.receivable.or(told.pending).unwrap_or_default();
        Self { balance: told.balance, receivable }
    }
}

#[derive(Serialize)]
struct AskHistory {
    action: &'static str,
    account: Account,
    count: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<BlockHash>,
}

#[derive(Deserialize)]
struct History {
    history: List<HistoryEntry>,
    #[serde(default, deserialize_with = "hash_or_none")]
    previous: Option<BlockHash>,
}

/// `type` is the block's own where `subtype` says what it does.
#[derive(Deserialize)]
struct HistoryEntry {
    hash: BlockHash,
    #[serde(rename = "type")]
    kind: String,
    subtype: Option<String>,
    account: Account,
    amount: Raw,
    height: Count,
    local_timestamp: Option<Count>,
    #[serde(default)]
    confirmed: Flag,
}

impl HistoryEntry {
    fn read(self) -> Result<HistoryBlock, NodeError> {
        let kind = self.subtype.unwrap_or(self.kind);
        let subtype: Subtype =
            kind.parse().map_err(|_| nonsense(format!("a block of kind {}", quote(&kind))))?;
        // In seconds; zero in the C++ node where it does not know.
        let seconds = self.local_timestamp.unwrap_or_default().0;
        Ok(HistoryBlock {
            hash: self.hash,
            subtype,
            counterparty: self.account,
            amount: self.amount,
            height: self.height.0,
            local_timestamp: (seconds > 0).then(|| Millis(seconds.saturating_mul(1_000))),
            confirmed: self.confirmed.0,
        })
    }
}
