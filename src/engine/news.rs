//! News of confirmations: they say which lane to look at, at once.
//!
//! Nothing is booked from a message: the lane asks the node and proves what it is shown, as it does when it polls.
//! Polling goes on behind the news, less often while they tell what polling finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Engine, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::nano::Account;
use crate::network::{Confirmation, Confirmations, Heard};

/// Whether news have told lately what happened.
#[derive(Debug, Default)]
pub(super) struct News(AtomicBool);

impl News {
    pub(super) fn came(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Polling has found what news should have told: they are not relied on until they are heard again.
    pub(super) fn missed(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn are_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Engine {
    pub(super) async fn news_loop(&self, source: Arc<dyn Confirmations>, mut heard: Heard) {
        while !self.stopping.is_cancelled() {
            match self.lane_accounts() {
                Ok(accounts) => source.follow(&accounts),
                Err(failure) => tracing::error!(%failure, "the accounts to follow cannot be read"),
            }
            if let Err(error) = self.follow_requests() {
                tracing::error!(%error, "the accounts of payment requests cannot be read");
            }
            loop {
                let news = tokio::select! {
                    news = heard.next() => news,
                    () = self.stopping.cancelled() => return,
                };
                let Some(news) = news else { break };
                self.hear(&news);
            }
            self.news.missed();
            tokio::select! {
                () = self.clock().sleep(limits::NEWS_RETRY) => {}
                () = self.stopping.cancelled() => {}
            }
            heard = source.subscribe();
            // What was told meanwhile is lost.
            self.nudge();
        }
    }

    fn hear(&self, news: &Confirmation) {
        self.hear_for_requests(news);
        match news {
            Confirmation::Gap => {
                self.news.came();
                self.nudge();
            }
            Confirmation::Block { account, destination, .. } => {
                let concerned = [Some(account), destination.as_ref()].into_iter().flatten();
                for bell in concerned.filter_map(|account| self.bells.hung(account)) {
                    self.news.came();
                    bell.ring_to_look();
                }
            }
        }
    }

    /// How long to wait for a confirmation before looking.
    pub(super) fn confirming(&self) -> Duration {
        self.slowed(self.parts.rhythm.confirming)
    }

    /// How long to wait for incoming money before looking.
    pub(super) fn receiving(&self) -> Duration {
        self.slowed(self.parts.rhythm.receiving)
    }

    fn slowed(&self, pause: Duration) -> Duration {
        if self.news.are_up() { pause * limits::NEWS_SLACK } else { pause }
    }

    pub(super) fn lane_accounts(&self) -> Result<Vec<Account>, Failure> {
        let lanes = self.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        Ok(lanes.into_iter().map(|lane| lane.account).collect())
    }
}
