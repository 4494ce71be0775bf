//! What a running wallet remembers of the accounts it watches: what was heard, what is to be looked at, how far it got.
//!
//! Nothing here may have to survive a crash: the next start looks through every account from where the books say.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::books::Watch;
use crate::clock::Millis;
use crate::limits;
use crate::nano::{Account, BlockHash};

/// The memory of the watcher.
#[derive(Debug, Default)]
pub(in crate::engine) struct Memory {
    inner: Mutex<Inner>,
    stirred: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    places: BTreeMap<Account, Place>,
    heard: VecDeque<(Account, BlockHash)>,
    wanted: VecDeque<Account>,
    dismissed: HashSet<BlockHash>,
    turn: Option<Account>,
    looked: HashMap<Account, Millis>,
}

/// How far an account's chain was looked through.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    /// Up to this height.
    pub(super) height: u64,
    /// A look that has not come down to there yet: where it goes on, and the height it will then have reached.
    pub(super) under_way: Option<(BlockHash, u64)>,
}

impl Memory {
    pub(super) fn stir(&self) {
        self.stirred.notify_one();
    }

    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// A message named a send to this account; where there are too many, the account is looked at instead.
    pub(super) fn hear(&self, to: Account, hash: BlockHash) {
        let mut inner = self.inner();
        if !inner.places.contains_key(&to) {
            return;
        }
        if inner.heard.len() < limits::REQUEST_HEARD {
            inner.heard.push_back((to, hash));
        } else {
            inner.want(to);
        }
        drop(inner);
        self.stir();
    }

    pub(super) fn next_heard(&self) -> Option<(Account, BlockHash)> {
        self.inner().heard.pop_front()
    }

    /// Wants an account looked at soon, if it is watched.
    pub(super) fn want(&self, account: Account) {
        let mut inner = self.inner();
        if inner.places.contains_key(&account) {
            inner.want(account);
            drop(inner);
            self.stir();
        }
    }

    /// As [`Self::want`], by the watcher itself, which goes on at its own pace.
    pub(super) fn put_back(&self, account: Account) {
        self.inner().want(account);
    }

    /// Wants every account looked at: something may have been missed.
    pub(super) fn want_all(&self) {
        let mut inner = self.inner();
        inner.wanted = inner.places.keys().copied().collect();
        drop(inner);
        self.stir();
    }

    /// Wants some more accounts looked at, each in its turn.
    pub(super) fn want_some(&self, count: usize) {
        let mut inner = self.inner();
        let after = inner.turn;
        let next = inner.places.keys().filter(|account| after.is_none_or(|turn| **account > turn));
        let next: Vec<Account> = next.take(count).copied().collect();
        inner.turn = if next.len() < count { None } else { next.last().copied() };
        next.into_iter().for_each(|account| inner.want(account));
    }

    pub(super) fn next_wanted(&self) -> Option<Account> {
        let mut inner = self.inner();
        let wanted = inner.wanted.pop_front();
        wanted.filter(|account| inner.places.contains_key(account))
    }

    pub(super) fn is_busy(&self) -> bool {
        let inner = self.inner();
        !inner.heard.is_empty() || !inner.wanted.is_empty()
    }

    /// Takes up what the books watch; an account that is new here is looked at from where the books say.
    pub(super) fn take_up(&self, watches: &[Watch]) {
        let mut inner = self.inner();
        let mut before = std::mem::take(&mut inner.places);
        for watch in watches {
            let known = before.remove(&watch.account);
            let place = known.unwrap_or_else(|| {
                inner.want(watch.account);
                Place { height: watch.height, under_way: None }
            });
            inner.places.insert(watch.account, place);
        }
        for gone in before.keys() {
            inner.looked.remove(gone);
        }
    }

    pub(super) fn place(&self, account: &Account) -> Option<Place> {
        self.inner().places.get(account).copied()
    }

    pub(super) fn reached(&self, account: Account, place: Place) {
        if let Some(known) = self.inner().places.get_mut(&account) {
            *known = place;
        }
    }

    /// When a look that came to its end began.
    pub(super) fn looked_at(&self, account: &Account) -> Option<Millis> {
        self.inner().looked.get(account).copied()
    }

    pub(super) fn looked(&self, account: Account, at: Millis) {
        self.inner().looked.insert(account, at);
    }

    /// This send settles nothing, now and later.
    pub(super) fn dismiss(&self, send: BlockHash) {
        let mut inner = self.inner();
        if inner.dismissed.len() >= limits::REQUEST_DISMISSED {
            inner.dismissed.clear();
        }
        inner.dismissed.insert(send);
    }

    pub(super) fn is_dismissed(&self, send: &BlockHash) -> bool {
        self.inner().dismissed.contains(send)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn want(&mut self, account: Account) {
        if !self.wanted.contains(&account) {
            self.wanted.push_back(account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: usize) -> BlockHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        BlockHash::from_bytes(bytes)
    }

    fn watch(n: u8) -> Watch {
        Watch { account: Account::from_bytes([n; 32]), height: u64::from(n), requests: 1 }
    }

    #[test]
    fn news_beyond_the_bound_become_one_look() {
        let memory = Memory::default();
        memory.take_up(&[watch(1)]);
        let account = watch(1).account;
        assert_eq!(memory.next_wanted(), Some(account));
        (0..limits::REQUEST_HEARD).for_each(|n| memory.hear(account, hash(n)));
        assert_eq!(memory.next_wanted(), None);
        memory.hear(account, hash(limits::REQUEST_HEARD));
        memory.hear(account, hash(limits::REQUEST_HEARD + 1));
        assert_eq!((memory.next_wanted(), memory.next_wanted()), (Some(account), None));
        assert_eq!(memory.next_heard(), Some((account, hash(0))));
        memory.hear(watch(2).account, hash(0));
        assert_eq!(std::iter::from_fn(|| memory.next_heard()).count(), limits::REQUEST_HEARD - 1);
    }

    #[test]
    fn dismissed_sends_are_forgotten_one_past_the_bound() {
        let memory = Memory::default();
        (0..limits::REQUEST_DISMISSED).for_each(|n| memory.dismiss(hash(n)));
        assert!(memory.is_dismissed(&hash(0)));
        memory.dismiss(hash(limits::REQUEST_DISMISSED));
        assert!(!memory.is_dismissed(&hash(0)));
    }

    #[test]
    fn every_account_has_its_turn() {
        let memory = Memory::default();
        let watches: Vec<Watch> = (1..=5).map(watch).collect();
        memory.take_up(&watches);
        while memory.next_wanted().is_some() {}
        let mut seen: Vec<Account> = Vec::new();
        for _ in 0..3 {
            memory.want_some(2);
            seen.extend(std::iter::from_fn(|| memory.next_wanted()));
        }
        assert_eq!(seen, watches.iter().map(|watch| watch.account).collect::<Vec<_>>());
        memory.want_some(2);
        assert_eq!(memory.next_wanted(), Some(watches[0].account));
        // What is watched no longer is not looked at.
        memory.take_up(&watches[..1]);
        assert_eq!(memory.next_wanted(), None);
        assert_eq!(memory.place(&watches[1].account), None);
    }
}
