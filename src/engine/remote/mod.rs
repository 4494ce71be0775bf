//! Payments to payees that are handed a proof: who they are, and who drives which.
//!
//! What is kept here is only in memory and only saves work: a restart hands the same proofs over again. No payment may
//! wait for another one here.

mod buy;
mod cheque;
mod drive;
mod handover;

pub use buy::{Offer, Source, Wish};
pub(super) use cheque::lapsed;
pub use handover::{Handover, MakeHeader, MakeProof, Offered, Signing, Unprepared};

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Engine, Pace};
use crate::clock::Millis;
use crate::ids::PaymentId;
use crate::limits;
use crate::payment::{Handed, Till};

/// The payees, and the payments that are driven just now.
#[derive(Debug)]
pub(super) struct Remotes {
    tills: BTreeMap<Till, Arc<dyn Handover>>,
    driven: Mutex<HashMap<PaymentId, Memory>>,
    stir: watch::Sender<u64>,
}

/// What this process knows of one payment beside the books.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    /// How often it handed the proof over.
    pub(super) handed: Option<Handed>,
    /// Whether the payee said no to it.
    pub(super) is_refused: bool,
    /// Whether it is being handed over just now.
    pub(super) is_under_way: bool,
    /// Since when the payee cannot be asked.
    pub(super) silent_since: Option<Millis>,
}

impl Default for Remotes {
    fn default() -> Self {
        Self { tills: BTreeMap::new(), driven: Mutex::default(), stir: watch::Sender::new(0) }
    }
}

impl Remotes {
    /// Lets every loop look again.
    pub(super) fn stir(&self) {
        self.stir.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn till(&self, till: Till) -> Option<&Arc<dyn Handover>> {
        self.tills.get(&till)
    }

    pub(super) fn memory(&self, id: PaymentId) -> Memory {
        self.driven().get(&id).copied().unwrap_or_default()
    }

    pub(super) fn remember(&self, id: PaymentId, change: impl FnOnce(&mut Memory)) {
        change(self.driven().entry(id).or_default());
    }

    pub(super) fn note_handed(&self, id: PaymentId, now: Millis) {
        self.remember(id, |memory| {
            let times = memory.handed.map_or(0, |handed| handed.times);
            memory.handed = Some(Handed { times: times.saturating_add(1), last: now });
        });
    }

    pub(super) fn forget(&self, id: PaymentId) {
        self.driven().remove(&id);
    }

    /// Whether a loop is to be started for it: true the first time.
    fn begin(&self, id: PaymentId) -> bool {
        let mut driven = self.driven();
        let is_new = !driven.contains_key(&id);
        driven.entry(id).or_default();
        is_new
    }

    fn driven(&self) -> MutexGuard<'_, HashMap<PaymentId, Memory>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The same engine, with one kind of payee more; before it is started.
    ///
    /// # Panics
    /// When the engine runs already.
    #[must_use]
    pub fn with_handover(mut self, till: Till, handover: Arc<dyn Handover>) -> Self {
        let remotes = Arc::get_mut(&mut self.remotes);
        let remotes = remotes.expect("nothing runs yet, so nobody else holds it");
        remotes.tills.insert(till, handover);
        self
    }

    /// The payee of one kind, as it was put in.
    pub fn handover(&self, till: Till) -> Option<Arc<dyn Handover>> {
        self.remotes.till(till).map(Arc::clone)
    }

    /// Starts a loop for each payment without a lane, those a crash left open first.
    pub(super) async fn remote_loop(self: Arc<Self>) {
        let mut stirred = self.remotes.stir.subscribe();
        while !self.stopping.is_cancelled() {
            match self.store().read(|view| view.remote_queue()) {
                Ok(ids) => ids.into_iter().for_each(|id| self.start_remote(id)),
                Err(error) => tracing::error!(%error, "payments without a lane cannot be read"),
            }
            tokio::select! {
                _ = stirred.changed() => {}
                () = self.clock().sleep(limits::LANE_IDLE) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    fn start_remote(self: &Arc<Self>, id: PaymentId) {
        if self.remotes.begin(id) {
            let engine = Arc::clone(self);
            self.tasks.spawn(async move { engine.payment_loop(id).await });
        }
    }

    async fn payment_loop(self: Arc<Self>, id: PaymentId) {
        let mut stirred = self.remotes.stir.subscribe();
        while !self.stopping.is_cancelled() {
            let pause = match self.drive_remote(id).await {
                Ok(Some(Pace::Again)) => continue,
                Ok(Some(Pace::After(pause))) => pause,
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "a payment cannot be driven");
                    limits::LANE_IDLE
                }
            };
            tokio::select! {
                _ = stirred.changed() => {}
                () = self.clock().sleep(pause) => {}
                () = self.stopping.cancelled() => {}
            }
        }
        self.remotes.forget(id);
    }
}
