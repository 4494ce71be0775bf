//! The ledger: blocks, chains, what waits to be received, and what is cemented. In memory and pure: time is handed in.
//!
//! Blocks enter by [`Ledger::insert`] after the checks of [`super::check`] alone, and leave by roll-back from the head
//! of their chain. A cemented block never leaves and never becomes unconfirmed again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::work::Thresholds;
use crate::nano::{Account, BlockHash, Network, Subtype};

use super::entry::{Accepted, Entry, Waiting, genesis_stand_in};

/// Everything the node knows.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    genesis: BlockHash,
    epoch_signer: Account,
    thresholds: Thresholds,
    entries: HashMap<BlockHash, Entry>,
    chains: HashMap<Account, Chain>,
    receivable: HashMap<Account, BTreeMap<BlockHash, Waiting>>,
    /// Order of arrival, so dependencies come before their dependents.
    order: Vec<BlockHash>,
    /// The part of `order` that is not cemented.
    unconfirmed: Vec<BlockHash>,
    hold_new: bool,
    /// Cemented and not yet told of, in order.
    cemented: Vec<(BlockHash, Cause)>,
}

/// Why a block was cemented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// It won an election of its own.
    Quorum,
    /// A block that depends on it won one.
    Dependent,
}

#[derive(Clone, Debug, Default)]
struct Chain {
    hashes: Vec<BlockHash>,
    confirmed: usize,
}

impl Ledger {
    /// The dev network's ledger with nothing but its genesis block, which holds the whole supply.
    pub(super) fn genesis() -> Self {
        let account = Network::Dev.genesis_account();
        let hash = Network::Dev.genesis_hash();
        let mut ledger = Self {
            genesis: hash,
            epoch_signer: account,
            thresholds: Network::Dev.thresholds(),
            entries: HashMap::new(),
            chains: HashMap::new(),
            receivable: HashMap::new(),
            order: Vec::new(),
            unconfirmed: Vec::new(),
            hold_new: false,
            cemented: Vec::new(),
        };
        ledger.insert(genesis_stand_in(account, hash), Millis::default());
        ledger.confirm(&hash);
        ledger.take_cemented();
        ledger
    }

    /// Puts a checked block at the head of its chain.
    ///
    /// # Panics
    ///
    /// If the block does not follow the head: it was checked against another state of the ledger.
    pub(super) fn insert(&mut self, accepted: Accepted, seen_at: Millis) {
        let (hash, block) = (accepted.hash, &accepted.signed.block);
        let chain = self.chains.entry(block.account).or_default();
        let head = chain.hashes.last().copied().unwrap_or(BlockHash::ZERO);
        assert_eq!(head, block.previous, "a checked block follows the head of its chain");
        chain.hashes.push(hash);
        let height = chain.hashes.len() as u64;
        match accepted.subtype {
            Subtype::Send => {
                let waiting = Waiting {
                    source: block.account,
                    amount: accepted.amount,
                    epoch: accepted.epoch,
                };
                self.receivable.entry(block.link.as_account()).or_default().insert(hash, waiting);
            }
            Subtype::Receive | Subtype::Open => {
                self.take_waiting(&accepted.signed.block.account, &block.link.as_hash());
            }
            Subtype::Change | Subtype::Epoch => {}
        }
        self.order.push(hash);
        self.unconfirmed.push(hash);
        self.entries.insert(hash, Entry { accepted, height, seen_at, held: self.hold_new });
    }

    /// Cements every block that is old enough, not held, and whose dependencies are cemented.
    ///
    /// Age is the distance between the two times, so a clock that was set back delays a block by at most `delay` more.
    pub(super) fn settle(&mut self, now: Millis, delay: Duration) {
        let mut waiting = Vec::new();
        for hash in std::mem::take(&mut self.unconfirmed) {
            let entry = &self.entries[&hash];
            let age = now.since(entry.seen_at).max(entry.seen_at.since(now));
            let ripe = age >= delay && !entry.held;
            if ripe && self.dependencies(entry).iter().all(|hash| self.is_confirmed(hash)) {
                self.cement(&hash, Cause::Quorum);
            } else {
                waiting.push(hash);
            }
        }
        self.unconfirmed = waiting;
    }

    /// Cements a block at once, with everything it depends on, held or not. Nothing happens for an unknown block.
    pub(super) fn confirm(&mut self, hash: &BlockHash) {
        if !self.contains(hash) {
            return;
        }
        let mut wanted = HashSet::new();
        let mut open = vec![*hash];
        while let Some(hash) = open.pop() {
            if !self.is_confirmed(&hash) && wanted.insert(hash) {
                open.extend(self.dependencies(&self.entries[&hash]));
            }
        }
        for other in std::mem::take(&mut self.unconfirmed) {
            if wanted.contains(&other) {
                let cause = if other == *hash { Cause::Quorum } else { Cause::Dependent };
                self.cement(&other, cause);
            } else {
                self.unconfirmed.push(other);
            }
        }
    }

    /// What was cemented since the last time this was asked.
    pub(super) fn take_cemented(&mut self) -> Vec<(BlockHash, Cause)> {
        std::mem::take(&mut self.cemented)
    }

    /// When [`Ledger::settle`] has something to cement next; `None` if all that is left is held.
    pub(super) fn next_ripe(&self, delay: Duration) -> Option<Millis> {
        let mut ripe_at: HashMap<BlockHash, Option<Millis>> = HashMap::new();
        // Dependencies arrive before their dependents.
        for hash in &self.unconfirmed {
            let entry = &self.entries[hash];
            let own = (!entry.held).then(|| entry.seen_at.plus(delay));
            let ripe = self
                .dependencies(entry)
                .iter()
                .filter(|other| !self.is_confirmed(other))
                .map(|other| ripe_at.get(other).copied().flatten())
                .fold(own, |latest, other| Some(latest?.max(other?)));
            ripe_at.insert(*hash, ripe);
        }
        ripe_at.into_values().flatten().min()
    }

    /// Voting weight: the balances at the heads of all accounts that name `representative`.
    pub(super) fn weight(&self, representative: &Account) -> Raw {
        let heads = self.chains.keys().filter_map(|account| self.head(account));
        heads
            .map(Entry::block)
            .filter(|block| block.representative == *representative)
            .try_fold(Raw::ZERO, |sum, block| sum.checked_add(block.balance))
            .expect("all balances together are at most the supply")
    }

    /// Accounts with a block.
    pub(super) fn account_count(&self) -> usize {
        self.chains.len()
    }

    /// Keeps a block (and so its dependents) unconfirmed, or lets it go. Whether the block is known.
    pub(super) fn hold(&mut self, hash: &BlockHash, held: bool) -> bool {
        self.entries.get_mut(hash).map(|entry| entry.held = held).is_some()
    }

    /// Whether blocks are held from their arrival on; those that arrived before are not touched.
    pub(super) fn hold_new(&mut self, held: bool) {
        self.hold_new = held;
    }

    /// Takes an unconfirmed block and its descendants out, last one first; the sends they received wait again. Nothing
    /// happens to a cemented block.
    pub(super) fn roll_back(&mut self, hash: &BlockHash) -> Vec<BlockHash> {
        let mut family = Vec::new();
        let mut members = HashSet::new();
        for other in self.unconfirmed.iter().skip_while(|other| *other != hash) {
            let depends = self.dependencies(&self.entries[other]);
            if other == hash || depends.iter().any(|dependency| members.contains(dependency)) {
                members.insert(*other);
                family.push(*other);
            }
        }
        family.reverse();
        for hash in &family {
            self.undo(hash);
        }
        family
    }

    /// This ledger as it was before the last `blocks` blocks arrived, at most back to genesis.
    pub(super) fn as_of(&self, blocks: usize) -> Self {
        let mut past = self.clone();
        for hash in self.order.iter().skip(1).rev().take(blocks) {
            past.undo(hash);
        }
        past
    }

    /// The head of an account chain; `None` for an account without a block.
    pub(super) fn head(&self, account: &Account) -> Option<&Entry> {
        self.entry(self.chain(account).last()?)
    }

    /// Hashes of an account chain, first block first.
    pub(super) fn chain(&self, account: &Account) -> &[BlockHash] {
        self.chains.get(account).map_or(&[], |chain| &chain.hashes)
    }

    /// How many blocks of an account chain are cemented.
    pub(super) fn confirmed_height(&self, account: &Account) -> usize {
        self.chains.get(account).map_or(0, |chain| chain.confirmed)
    }

    /// Cemented blocks of all chains, the genesis block included.
    pub(super) fn confirmed_count(&self) -> usize {
        self.order.len() - self.unconfirmed.len()
    }

    /// Blocks of all chains, the genesis block included.
    pub(super) fn block_count(&self) -> usize {
        self.order.len()
    }

    /// Whether a block is in the ledger.
    pub(super) fn contains(&self, hash: &BlockHash) -> bool {
        self.entries.contains_key(hash)
    }

    /// Every block, in the order of arrival.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|hash| self.entry(hash))
    }

    /// One block.
    pub(super) fn entry(&self, hash: &BlockHash) -> Option<&Entry> {
        self.entries.get(hash)
    }

    /// The block that follows `entry` in its chain.
    pub(super) fn successor(&self, entry: &Entry) -> Option<BlockHash> {
        let next = usize::try_from(entry.height).ok()?;
        self.chain(&entry.block().account).get(next).copied()
    }

    /// Whether a block is cemented.
    pub(super) fn is_confirmed(&self, hash: &BlockHash) -> bool {
        self.entry(hash).is_some_and(|entry| {
            entry.height <= self.confirmed_height(&entry.block().account) as u64
        })
    }

    /// Whether this is the genesis block, which is no state block: its entry is a stand-in with another hash.
    pub(super) fn is_genesis(&self, hash: &BlockHash) -> bool {
        *hash == self.genesis
    }

    /// The send `source` if it still waits for `account`.
    pub(super) fn waiting(&self, account: &Account, source: &BlockHash) -> Option<&Waiting> {
        self.receivable.get(account)?.get(source)
    }

    /// Every send that waits for `account`, confirmed or not, in the order of their hashes.
    pub(super) fn receivable(
        &self,
        account: &Account,
    ) -> impl Iterator<Item = (&BlockHash, &Waiting)> {
        self.receivable.get(account).into_iter().flatten()
    }

    /// Whether anything waits for `account`.
    pub(super) fn has_receivable(&self, account: &Account) -> bool {
        self.receivable(account).next().is_some()
    }

    /// Who signs epoch blocks: on the dev network the genesis account.
    pub(super) fn epoch_signer(&self) -> Account {
        self.epoch_signer
    }

    /// Work thresholds of the dev network.
    pub(super) fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    fn cement(&mut self, hash: &BlockHash, cause: Cause) {
        let entry = &self.entries[hash];
        let chain = self.chains.get_mut(&entry.block().account).expect("a block is in a chain");
        chain.confirmed += 1;
        assert_eq!(chain.confirmed as u64, entry.height, "a chain is cemented from its start");
        self.cemented.push((*hash, cause));
    }

    /// Previous block and, for a receive, the send.
    fn dependencies(&self, entry: &Entry) -> Vec<BlockHash> {
        let block = entry.block();
        let mut hashes = Vec::with_capacity(2);
        if !block.previous.is_zero() {
            hashes.push(block.previous);
        }
        if matches!(entry.subtype(), Subtype::Receive | Subtype::Open)
            && !self.is_genesis(&entry.hash())
        {
            hashes.push(block.link.as_hash());
        }
        hashes
    }

    fn take_waiting(&mut self, account: &Account, source: &BlockHash) {
        if let Some(sends) = self.receivable.get_mut(account) {
            sends.remove(source);
            if sends.is_empty() {
                self.receivable.remove(account);
            }
        }
    }

    /// Takes out a block that is the head of its chain and whose send, if it is one, was not received.
    fn undo(&mut self, hash: &BlockHash) {
        let entry = self.entries.remove(hash).expect("a block to undo is in the ledger");
        let block = entry.block();
        let chain = self.chains.get_mut(&block.account).expect("a block is in a chain");
        assert_eq!(chain.hashes.pop(), Some(*hash), "a chain is undone from its head");
        chain.confirmed = chain.confirmed.min(chain.hashes.len());
        if chain.hashes.is_empty() {
            self.chains.remove(&block.account);
        }
        match entry.subtype() {
            Subtype::Send => self.take_waiting(&block.link.as_account(), hash),
            Subtype::Receive | Subtype::Open => {
                let source = block.link.as_hash();
                let send = &self.entries[&source];
                let waiting = Waiting {
                    source: send.block().account,
                    amount: send.amount(),
                    epoch: send.epoch(),
                };
                self.receivable.entry(block.account).or_default().insert(source, waiting);
            }
            Subtype::Change | Subtype::Epoch => {}
        }
        remove_last(&mut self.order, hash);
        remove_last(&mut self.unconfirmed, hash);
    }
}

/// Removes a hash that is near the end.
fn remove_last(hashes: &mut Vec<BlockHash>, hash: &BlockHash) {
    if let Some(at) = hashes.iter().rposition(|other| other == hash) {
        hashes.remove(at);
    }
}
