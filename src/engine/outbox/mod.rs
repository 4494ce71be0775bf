//! What third parties need once money has moved: told, watched and tried again until it has ended.
//!
//! Every task is on the ledger before it is done and is done at least once, whatever crashes. Nothing here may move
//! money, or take what a third party says for a reason to pay again. A new kind of task is a variant of [`Task`] and a
//! file here.

mod nanswap;
mod nicky;
mod payment_token;
mod plan;

pub(super) use plan::Outbox;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Engine;
use super::failures::unrefused;
use crate::books::{Body, Disputed, Event, OutboxTask, TaskEnd, TaskEnded, TaskNoted};
use crate::clock::Millis;
use crate::failure::Failure;
use crate::fetch::ProviderError;
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::BlockHash;
use crate::payment::{State, Task, TaskNews};
use crate::store::StoreError;

/// What one try of a task came to.
#[derive(Debug)]
enum Try {
    /// Nothing more is to be done.
    Ended(TaskEnd, TaskNews),
    /// Nothing more is to be done here, and the owner must look.
    Disputed(Disputed, TaskNews),
    /// To be looked at again after this long; what is known now.
    Again(Duration, TaskNews),
    /// The third party could not be asked; with back-off.
    Failed(String),
}

impl Engine {
    pub(super) async fn outbox_loop(self: Arc<Self>) {
        while !self.stopping.is_cancelled() {
            let pause = match self.start_due_tasks() {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "tasks for third parties cannot be looked at");
                    limits::TIMER_IDLE
                }
            };
            tokio::select! {
                () = self.outbox.rung() => {}
                () = self.clock().sleep(pause) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// What is done for a payment at third parties.
    ///
    /// # Errors
    /// The store's.
    pub fn outbox_of(&self, id: PaymentId) -> Result<Vec<OutboxTask>, Failure> {
        let read = self.store().read(|view| view.outbox_of(id, limits::OUTBOX_OF_PAYMENT));
        read.map_err(|error| super::store_failure(&error))
    }

    /// Waits until a third party has said something about a payment, or nothing is to be asked of it, at most `timeout`.
    ///
    /// # Errors
    /// The store's.
    pub async fn wait_for_word(
        &self,
        id: PaymentId,
        timeout: Duration,
        cancelled: &CancellationToken,
    ) -> Result<(), Failure> {
        let deadline = self.clock().now().plus(timeout);
        let mut changes = self.store().watch();
        loop {
            changes.mark_unchanged();
            let is_silent = |task: &OutboxTask| task.news.is_none() && task.end.is_none();
            let now = self.clock().now();
            if !self.outbox_of(id)?.iter().any(is_silent) || now >= deadline {
                return Ok(());
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock().sleep(deadline.since(now)) => {}
                () = cancelled.cancelled() => return Ok(()),
                () = self.stopping.cancelled() => return Ok(()),
            }
        }
    }

    /// Starts what is due; says how long there is nothing to do.
    fn start_due_tasks(self: &Arc<Self>) -> Result<Duration, StoreError> {
        let open = self.store().read(|view| view.outbox_open(limits::OUTBOX_OPEN))?;
        let (due, pause) = self.outbox.take_due(open, self.clock().now());
        for task in due {
            let engine = Arc::clone(self);
            self.tasks.spawn(async move {
                let id = task.id;
                let stopping = engine.stopping.clone();
                let after = stopping.run_until_cancelled(engine.do_task(task)).await;
                engine.outbox.put_back(id, after.flatten());
            });
        }
        Ok(pause)
    }

    /// Tries every task that is due, one after the other; says how long there is nothing to do then.
    ///
    /// # Errors
    /// The store's; third parties' are waited out.
    pub async fn drive_outbox(&self) -> Result<Duration, StoreError> {
        let open = self.store().read(|view| view.outbox_open(limits::OUTBOX_OPEN))?;
        let (due, pause) = self.outbox.take_due(open, self.clock().now());
        for task in due {
            let id = task.id;
            let after = self.do_task(task).await;
            self.outbox.put_back(id, after);
        }
        Ok(pause)
    }

    /// One try. Says when the next one is due, if there is to be one.
    async fn do_task(&self, task: OutboxTask) -> Option<Millis> {
        let tried = match &task.task {
            Task::NanswapOrder { invoice_id, expires_at_ms } => {
                self.watch_nanswap_order(&task, invoice_id, *expires_at_ms).await
            }
            Task::NickyAttempt { attempt_id, expires_at_ms } => {
                self.follow_nicky_attempt(&task, attempt_id, *expires_at_ms).await
            }
            Task::PaymentToken { token_key } => self.read_token_back(&task, token_key).await,
        };
        let now = self.clock().now();
        let (events, next) = match tried {
            Try::Ended(end, news) => (vec![ended(&task, end, Some(news))], None),
            Try::Disputed(found, news) => {
                let id = task.payment_id.map(|id| id.to_string());
                tracing::error!(?id, reason = %found.reason, "a settled payment is disputed");
                let end = ended(&task, TaskEnd::Done, Some(news));
                (vec![Body::PaymentDisputed(found), end], None)
            }
            Try::Again(pause, news) => {
                self.outbox.succeeded(task.id);
                let is_news = task.news.as_ref() != Some(&news);
                let noted = Body::OutboxNoted(TaskNoted { task_id: task.id, news });
                (is_news.then_some(noted).into_iter().collect(), Some(now.plus(pause)))
            }
            Try::Failed(why) if now.since(task.added_at_ms) >= limits::OUTBOX_GIVE_UP => {
                tracing::warn!(%why, task = task.id, "a third party is given up on");
                (vec![ended(&task, TaskEnd::GaveUp, None)], None)
            }
            Try::Failed(why) => {
                tracing::info!(%why, task = task.id, "a task for a third party is tried again");
                (Vec::new(), Some(now.plus(self.outbox.failed(task.id))))
            }
        };
        if events.is_empty() {
            return next;
        }
        match self.book_task(&task, events).await {
            Ok(()) => next,
            Err(error) => {
                tracing::error!(%error, "what a third party said cannot be booked");
                Some(now.plus(limits::OUTBOX_RETRY))
            }
        }
    }

    async fn book_task(&self, task: &OutboxTask, bodies: Vec<Body>) -> Result<(), StoreError> {
        let (payment_id, id) = (task.payment_id, task.id);
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            let known = view.outbox_task(payment_id, id)?;
            let is_open = known.is_some_and(|known| known.end.is_none());
            let bodies = if is_open { bodies } else { Vec::new() };
            Ok((bodies.into_iter().map(|body| Event { payment_id, body }).collect(), ()))
        });
        commit.await.map(drop).map_err(unrefused)
    }

    /// The confirmed block of the payment that a task follows, and when it was confirmed.
    fn block_of(&self, task: &OutboxTask) -> Option<(BlockHash, Millis)> {
        let id = task.payment_id?;
        let payment = self.store().read(|view| view.payment(id)).ok().flatten()?;
        match payment.state {
            State::Settled { reference, at_ms } => Some((reference.block()?, at_ms)),
            _ => None,
        }
    }
}

/// What a provider says at the boundary: under its own code, with what to do next.
pub fn provider_failure(error: &ProviderError) -> Failure {
    let failure = Failure::unavailable(error.code(), error.to_string()).hint(error.advice());
    if error.is_passing() || error.nothing_was_sent() {
        failure
    } else {
        failure.retry(crate::failure::Retry::AfterChange)
    }
}

fn ended(task: &OutboxTask, end: TaskEnd, news: Option<TaskNews>) -> Body {
    Body::OutboxEnded(TaskEnded { task_id: task.id, end, news })
}
