//! The loop behind all payment requests: news first, then accounts that want a look, then a round of polling.
//!
//! With nothing to watch it asks nobody anything and sleeps until a request is made.

use std::time::Duration;

use super::super::Engine;
use super::observe::LookError;
use crate::clock::Millis;
use crate::limits;
use crate::nano::Account;
use crate::network::{Confirmation, NodeError};
use crate::store::StoreError;

impl Engine {
    pub(in crate::engine) async fn requests_loop(&self) {
        let mut round: Option<Millis> = None;
        while !self.stopping.is_cancelled() {
            let pause = match self.watch_once(&mut round).await {
                Ok(pause) => pause,
                Err(LookError::Node(error)) => {
                    tracing::debug!(%error, "payments cannot be looked for");
                    Some(self.parts.rhythm.retrying)
                }
                Err(LookError::Store(error)) => {
                    tracing::error!(%error, "payment requests cannot be looked at");
                    Some(limits::TIMER_IDLE)
                }
            };
            let slept = async {
                match pause {
                    Some(pause) => self.clock().sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = slept => {}
                () = self.requests.stirred() => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// One piece of work; says how long to wait for the next, `None` for as long as nothing happens.
    async fn watch_once(&self, round: &mut Option<Millis>) -> Result<Option<Duration>, LookError> {
        let watches = self.store().read(|view| view.watches())?;
        self.requests.take_up(&watches);
        if watches.is_empty() {
            return Ok(None);
        }
        self.observe_heard().await?;
        let ends = self.end_due_requests().await?;
        if let Some(account) = self.requests.next_wanted() {
            if let Err(error) = self.look_at_account(account).await {
                // One account that a node cannot answer for has its turn again; it must not keep the others waiting.
                if matches!(error, LookError::Node(NodeError::Unreachable { .. })) {
                    self.requests.put_back(account);
                }
                return Err(error);
            }
            return Ok(Some(Duration::ZERO));
        }
        let now = self.clock().now();
        // A clock that was set back must not put off the round.
        let due = round.filter(|at| now >= *at).map(|at| at.plus(self.receiving()));
        if due.is_none_or(|due| due <= now) {
            *round = Some(now);
            let accounts: Vec<Account> = watches.iter().map(|watch| watch.account).collect();
            for some in accounts.chunks(limits::ROUND_ACCOUNTS) {
                self.look_at_waiting(some).await?;
            }
            self.requests.want_some(limits::REQUEST_HISTORIES);
        }
        if self.requests.is_busy() {
            return Ok(Some(Duration::ZERO));
        }
        let next = due.map_or(self.receiving(), |due| due.since(now));
        let next = ends.map_or(next, |ends| ends.max(limits::TIMER_LEAST).min(next));
        Ok(Some(next.max(limits::TIMER_LEAST)))
    }

    /// Takes up what messages named, whatever else is going on.
    pub(super) async fn observe_heard(&self) -> Result<(), LookError> {
        while let Some((to, hash)) = self.requests.next_heard() {
            if let Err(error) = self.observe_send(to, hash).await {
                self.requests.put_back(to);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Hears of the accounts of all requests from now on.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::engine) fn follow_requests(&self) -> Result<(), StoreError> {
        let watches = self.store().read(|view| view.watches())?;
        self.requests.take_up(&watches);
        if let Some(source) = &self.parts.confirmations {
            source.follow(&watches.iter().map(|watch| watch.account).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// News for the accounts of requests.
    pub(in crate::engine) fn hear_for_requests(&self, news: &Confirmation) {
        match news {
            Confirmation::Gap => self.requests.want_all(),
            Confirmation::Block { hash, destination: Some(to), .. } => {
                self.requests.hear(*to, *hash);
            }
            Confirmation::Block { account, .. } => self.requests.want(*account),
        }
    }
}
