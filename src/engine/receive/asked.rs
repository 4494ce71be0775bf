//! What a running wallet remembers of its receives: who asked for them, and which ones the network refused.
//!
//! Nothing here may have to survive a crash: whoever asked asks again, and a refused send is refused again.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Millis;
use crate::limits;
use crate::nano::{Account, BlockHash};

/// Requests to receive, and sends not to try again.
#[derive(Debug, Default)]
pub(in crate::engine) struct Asked(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    until: HashMap<Account, Millis>,
    refused: HashSet<BlockHash>,
}

impl Asked {
    pub(super) fn ask(&self, account: Account, until: Millis) {
        self.memory().until.insert(account, until);
    }

    pub(super) fn is_asked(&self, account: &Account, now: Millis) -> bool {
        self.memory().until.get(account).is_some_and(|until| now <= *until)
    }

    pub(super) fn refuse(&self, send: BlockHash) {
        let mut memory = self.memory();
        if memory.refused.len() >= limits::RECEIVES_REFUSED {
            memory.refused.clear();
        }
        memory.refused.insert(send);
    }

    pub(super) fn is_refused(&self, send: &BlockHash) -> bool {
        self.memory().refused.contains(send)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_sends_are_forgotten_one_past_the_bound() {
        let asked = Asked::default();
        let hash = |n: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
            BlockHash::from_bytes(bytes)
        };
        (0..limits::RECEIVES_REFUSED).for_each(|n| asked.refuse(hash(n)));
        assert!(asked.is_refused(&hash(0)));
        asked.refuse(hash(limits::RECEIVES_REFUSED));
        assert!(!asked.is_refused(&hash(0)) && asked.is_refused(&hash(limits::RECEIVES_REFUSED)));
    }
}
