//! Who wakes whom: each lane's loop sleeps on a bell of its own, so that news for one account cost the others nothing.
//!
//! A ring is never lost: one that comes while the loop is busy is heard at its next pause.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Engine;
use crate::books::Payment;
use crate::nano::Account;

/// What a lane's loop sleeps on.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Notify,
    look: AtomicBool,
    loops: AtomicBool,
}

/// The bells of all lanes.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<HashMap<Account, Arc<Bell>>>);

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.notify_one();
    }

    /// Rings, and wants the network to be asked about this account whatever the last round said.
    pub(super) fn ring_to_look(&self) {
        self.look.store(true, Ordering::Release);
        self.ring();
    }

    /// Whether the network is to be asked about this account; true once for any number of rings.
    pub(super) fn take_look(&self) -> bool {
        self.look.swap(false, Ordering::AcqRel)
    }

    /// Whether a loop is to be started for it: true the first time.
    pub(super) fn start_loop(&self) -> bool {
        !self.loops.swap(true, Ordering::AcqRel)
    }

    pub(super) async fn heard(&self) {
        self.rung.notified().await;
    }
}

impl Bells {
    /// The bell of one of our lanes, hung up when it is first asked for.
    pub(super) fn of(&self, account: Account) -> Arc<Bell> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(account).or_default())
    }

    /// The bell of a lane, if it has one; none for anybody else's account.
    pub(super) fn hung(&self, account: &Account) -> Option<Arc<Bell>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()
    }

    pub(super) fn ring_all(&self) {
        for bell in self.0.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.ring();
        }
    }
}

impl Engine {
    /// Lets every loop look at the network again at once.
    pub(crate) fn nudge(&self) {
        self.rounds.forget();
        self.bells.ring_all();
        self.remotes.stir();
        self.wake.notify_one();
    }

    /// Lets one lane go on: its books have changed.
    pub(crate) fn nudge_lane(&self, account: Account) {
        self.bells.of(account).ring();
        self.wake.notify_one();
    }

    /// Lets a payment go on, through its lane or by itself.
    pub(crate) fn nudge_payment(&self, payment: &Payment) {
        match payment.account {
            Some(account) => self.nudge_lane(account),
            None => self.remotes.stir(),
        }
        self.wake.notify_one();
    }

    /// Lets one lane ask the network about its account at once.
    pub(crate) fn look_at(&self, account: Account) {
        self.bells.of(account).ring_to_look();
    }
}
