//! `receivable` and `accounts_receivable`.
//!
//! What comes back is where to look, not what is there: callers prove each send by its block.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::nonsense;
use super::wire::Entries;
use super::{Rpc, Shown};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::network::{NodeError, Receivable};

impl Rpc {
    /// As [`crate::network::Node::receivable`].
    pub async fn receivable(
        &self,
        account: Account,
        minimum: Raw,
        count: u32,
    ) -> Result<Vec<Receivable>, NodeError> {
        let asked = AskOne { account, ask: Ask::new("receivable", minimum, count) };
        let answer: One = self.call(&asked).await?;
        let mut lookups = 0;
        self.sends(answer.blocks, minimum, count, &mut lookups).await
    }

    /// As [`crate::network::Node::accounts_receivable`], with one request.
    pub async fn accounts_receivable(
        &self,
        accounts: &[Account],
        minimum: Raw,
        count: u32,
    ) -> Result<BTreeMap<Account, Vec<Receivable>>, NodeError> {
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked = AskMany { accounts, ask: Ask::new("accounts_receivable", minimum, count) };
        let mut answer: Many = self.call(&asked).await?;
        let mut lookups = 0;
        let mut found = BTreeMap::new();
        for account in accounts {
            let entries = answer.blocks.0.remove(account).flatten();
            let sends = match entries {
                Some(entries) => self.sends(entries, minimum, count, &mut lookups).await?,
                None if found.contains_key(account) => continue,
                None => Vec::new(),
            };
            found.insert(*account, sends);
        }
        Ok(found)
    }

    /// The sends a node lists, at most `count`. Where it tells the hash alone, the block says the rest.
    async fn sends(
        &self,
        entries: Sends,
        minimum: Raw,
        count: u32,
        lookups: &mut usize,
    ) -> Result<Vec<Receivable>, NodeError> {
        let mut sends = Vec::new();
        let most = usize::try_from(count).unwrap_or(usize::MAX);
        for (hash, told) in entries.0.into_iter().take(most) {
            let send = match told {
                Some(Told::Full { amount, source }) => Some(Receivable { hash, amount, source }),
                Some(Told::Amount(_)) | None if *lookups >= limits::NODE_LOOKUPS => break,
                Some(Told::Amount(_)) | None => {
                    *lookups += 1;
                    self.looked_up(hash).await?
                }
            };
            sends.extend(send.filter(|send| send.amount >= minimum));
        }
        Ok(sends)
    }

    async fn looked_up(&self, hash: BlockHash) -> Result<Option<Receivable>, NodeError> {
        match self.block_info(hash).await? {
            Some(Shown::State(info)) => {
                let source = info.contents.block.account;
                Ok(Some(Receivable { hash, amount: info.amount, source }))
            }
            Some(Shown::Legacy) => Ok(None),
            None => Err(nonsense("the node lists a send it does not know")),
        }
    }
}

type Sends = Entries<BlockHash, Told>;

/// What a node tells of a send: with `source` all, without it less.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Full { amount: Raw, source: Account },
    Amount(#[expect(dead_code, reason = "only its form matters: the block says the amount")] Raw),
}

#[derive(Serialize)]
struct Ask {
    action: &'static str,
    count: String,
    threshold: Raw,
    source: &'static str,
    include_only_confirmed: &'static str,
}

impl Ask {
    fn new(action: &'static str, threshold: Raw, count: u32) -> Self {
        let (source, include_only_confirmed) = ("true", "true");
        Self { action, count: count.to_string(), threshold, source, include_only_confirmed }
    }
}

#[derive(Serialize)]
struct AskOne {
    account: Account,
    #[serde(flatten)]
    ask: Ask,
}

#[derive(Serialize)]
struct AskMany<'a> {
    accounts: &'a [Account],
    #[serde(flatten)]
    ask: Ask,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    blocks: Sends,
}

#[derive(Deserialize)]
struct Many {
    #[serde(default)]
    blocks: Entries<Account, Sends>,
}
