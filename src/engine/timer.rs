//! What happens by the clock alone: approvals lapse, refused requests are booked once a minute, and so is a jump of the
//! clock.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::PoisonError;

use super::Engine;
use super::failures::unrefused;
use crate::books::{Body, Event};
use crate::clock::Millis;
use crate::limits;

/// Requests refused for their number since they were last booked, by agent.
#[derive(Debug, Default)]
pub(super) struct Refused {
    since: Option<Millis>,
    by_agent: BTreeMap<Option<String>, u32>,
}

impl Engine {
    pub(super) async fn timer_loop(&self) {
        while !self.stopping.is_cancelled() {
            let next = self.expire_approvals().await;
            let pause = next.and_then(|next| {
                let now = self.ledger_now()?;
                Ok(next.map_or(limits::TIMER_IDLE, |at| at.since(now)))
            });
            let pause = match pause {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "approvals cannot be looked at");
                    limits::TIMER_IDLE
                }
            };
            self.flush_refused_if_due().await;
            if let Err(error) = self.book_jump().await {
                tracing::error!(%error, "a jump of the clock cannot be booked");
            }
            tokio::select! {
                () = self.clock().sleep(pause.clamp(limits::TIMER_LEAST, limits::TIMER_IDLE)) => {}
                () = self.wake.notified() => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// Counts a refusal; the chain gets one event a minute, so that an agent cannot flood it.
    pub(super) fn note_refused(&self, agent: Option<String>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.since.get_or_insert(self.parts.clock.now());
        if refused.by_agent.len() < limits::PAGE_MAX as usize
            || refused.by_agent.contains_key(&agent)
        {
            let count = refused.by_agent.entry(agent).or_default();
            *count = count.saturating_add(1);
        }
    }

    async fn flush_refused_if_due(&self) {
        let since = self.refused.lock().unwrap_or_else(PoisonError::into_inner).since;
        let now = self.clock().now();
        if since.is_some_and(|since| now.since(since) >= limits::RATE_WINDOW) {
            self.flush_refused().await;
        }
    }

    /// Books what was refused since the last time.
    pub(super) async fn flush_refused(&self) {
        let refused = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *refused)
        };
        let Some(since_ms) = refused.since else { return };
        let events: Vec<Event> = refused
            .by_agent
            .into_iter()
            .map(|(agent_id, refused)| Body::RateLimited { agent_id, refused, since_ms }.into())
            .collect();
        let commit = self.store().commit::<(), Infallible, _>(move |_| Ok((events, ())));
        if let Err(error) = commit.await.map_err(unrefused) {
            tracing::error!(%error, "refused requests cannot be booked");
        }
    }
}
