//! One request for all accounts: what waits to be received and what each holds, asked once a round however many lanes
//! there are.
//!
//! What a round says is only a reason to look: no lane may sign on it. A share is used up, so that no send is signed
//! for twice.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Engine;
use crate::books::Lane;
use crate::clock::Millis;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::network::{NodeError, Receivable};

/// What a round says of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    /// Sends that wait for it.
    pub(super) receivable: Vec<Receivable>,
    /// Its confirmed balance; `None` when the head is to be looked at whatever it is.
    pub(super) balance: Option<Raw>,
    /// Whether the lane asked for itself, as news make it do.
    pub(super) asked_alone: bool,
}

/// The last round and who may start the next.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    gate: tokio::sync::Mutex<()>,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    at: Option<Millis>,
    failed: Option<NodeError>,
    shares: HashMap<Account, Share>,
}

impl Rounds {
    /// The next lane that asks starts a new round.
    pub(super) fn forget(&self) {
        self.last().at = None;
    }

    /// This send is signed for or received.
    pub(super) fn used(&self, account: &Account, send: &BlockHash) {
        if let Some(share) = self.last().shares.get_mut(account) {
            share.receivable.retain(|waiting| waiting.hash != *send);
        }
    }

    /// The account's head was looked at; once in a round is enough.
    pub(super) fn head_seen(&self, lane: &Lane) {
        if let Some(share) = self.last().shares.get_mut(&lane.account) {
            share.balance = Some(lane.balance);
        }
    }

    /// What is left of this round for an account, if the round is not older than `pause`.
    fn fresh(&self, account: &Account, now: Millis, pause: Duration) -> Option<Fresh> {
        let last = self.last();
        // A clock that was set back must not make a round last.
        last.at.filter(|at| now >= *at && now.since(*at) < pause)?;
        match &last.failed {
            Some(error) => Some(Err(error.clone())),
            // An account that joined since has no share yet.
            None => last.shares.get(account).cloned().map(Ok),
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Fresh = Result<Share, NodeError>;

impl Engine {
    /// What the network says of a lane's account: from the running round, or, when the lane's bell asked for a look,
    /// from a request of its own that does not wait for any round.
    pub(super) async fn share(&self, account: Account, minimum: Raw) -> Fresh {
        let bell = self.bells.of(account);
        if bell.take_look() {
            let asked = self.node().receivable(account, minimum, limits::RECEIVABLE_PAGE).await;
            if asked.is_err() {
                bell.ring_to_look();
            }
            let share = Share { receivable: asked?, balance: None, asked_alone: true };
            self.rounds.last().shares.insert(account, share.clone());
            return Ok(share);
        }
        if let Some(share) = self.rounds.fresh(&account, self.clock().now(), self.round_pause()) {
            return share;
        }
        let _gate = self.rounds.gate.lock().await;
        // Whoever held the gate may have asked for this lane too.
        if let Some(share) = self.rounds.fresh(&account, self.clock().now(), self.round_pause()) {
            return share;
        }
        let asked = self.ask_for_all(minimum).await;
        let mut last = self.rounds.last();
        last.at = Some(self.parts.clock.now());
        match asked {
            Ok(shares) => (last.failed, last.shares) = (None, shares),
            Err(error) => last.failed = Some(error),
        }
        match &last.failed {
            Some(error) => Err(error.clone()),
            None => Ok(last.shares.get(&account).cloned().unwrap_or_default()),
        }
    }

    fn round_pause(&self) -> Duration {
        match self.rounds.last().failed {
            Some(_) => self.parts.rhythm.retrying,
            None => self.receiving(),
        }
    }

    async fn ask_for_all(&self, minimum: Raw) -> Result<HashMap<Account, Share>, NodeError> {
        let accounts = self
            .lane_accounts()
            .map_err(|failure| NodeError::Unreachable { detail: failure.message })?;
        let mut shares: HashMap<Account, Share> = HashMap::with_capacity(accounts.len());
        for some in accounts.chunks(limits::ROUND_ACCOUNTS) {
            let page = limits::RECEIVABLE_PAGE;
            let mut receivable = self.node().accounts_receivable(some, minimum, page).await?;
            let balances = self.node().accounts_balances(some).await?;
            for account in some {
                let share = Share {
                    receivable: receivable.remove(account).unwrap_or_default(),
                    balance: balances.get(account).map(|found| found.balance),
                    asked_alone: false,
                };
                shares.insert(*account, share);
            }
        }
        Ok(shares)
    }
}
