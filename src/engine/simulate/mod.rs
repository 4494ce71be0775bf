//! What another policy would have said: the ledger's requests, judged again on the books as they stood when each was
//! asked for.
//!
//! Nothing here may write to the store. What came after a request (the owner's answers, the money spent) stays as it
//! was: a simulation tells what would be decided differently, not what the owner would then have done.

mod rates;
mod thin;

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::failures::store_failure;
use super::{Engine, facts};
use crate::books::{self, Body, DecidedStage, RowsMut as _, Table, View};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::limits;
use crate::policy::{Outcome, Policy, Request, Stage, decide};
use crate::store::{Store, StoredEvent};
use rates::Rates;
use thin::ThinRows;

/// Which requests to judge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Span {
    /// Those from this seq of the ledger on.
    Since(u64),
    /// So many, the last ones.
    Last(u64),
}

/// What another policy would have said.
#[derive(Clone, Debug, Default)]
pub struct Simulation {
    /// Requests judged.
    pub requests: u64,
    /// Those decided for the same reason.
    pub same: u64,
    /// The others, by what they were and what they would be.
    pub moves: BTreeMap<Move, u64>,
    /// The first of them, one by one.
    pub differences: Vec<Difference>,
}

/// From one decision to another: outcome and code before, outcome and code after.
pub type Move = ((&'static str, &'static str), (&'static str, &'static str));

/// One request that would be decided otherwise.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its place in the ledger.
    pub seq: u64,
    /// When it was asked for.
    pub at: Millis,
    /// What was asked.
    pub request: Request,
    /// As it was decided.
    pub recorded: Judged,
    /// As it would be.
    pub simulated: Judged,
}

/// How a request is decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judged {
    /// How it falls.
    pub outcome: Outcome,
    /// Stable code; `RATE_LIMITED` for a request that would not have been taken.
    pub reason_code: &'static str,
    /// One sentence.
    pub reason: String,
    /// What would pass, for a denial.
    pub would_pass: Option<String>,
}

impl Engine {
    /// Judges the ledger's requests by another policy. Takes as long as `ledger verify --deep`, whatever the span: the
    /// books have to be folded up to it.
    ///
    /// # Errors
    /// When the store cannot be read or folded, or the caller no longer waits.
    pub async fn simulate(
        &self,
        policy: Policy,
        span: Span,
        cancelled: &CancellationToken,
    ) -> Result<Simulation, Failure> {
        let store = self.store().clone();
        let cancelled = cancelled.clone();
        // A long chain takes seconds; the runtime goes on with its calls meanwhile.
        let replayed =
            tokio::task::spawn_blocking(move || replay(&store, policy, span, &cancelled));
        let stopped = |_| Failure::internal("INTERNAL", "the simulation stopped");
        replayed.await.map_err(stopped)?
    }
}

fn replay(
    store: &Store,
    policy: Policy,
    span: Span,
    cancelled: &CancellationToken,
) -> Result<Simulation, Failure> {
    let snapshot = store.snapshot().map_err(|e| store_failure(&e))?;
    let counters = View::new(snapshot.rows(), Millis(0)).counters();
    let asked = counters.map_err(|e| store_failure(&e.into()))?.requested;
    let rows = ThinRows::new(snapshot.rows());
    let mut replay = Replay {
        policy,
        rows,
        rates: Rates::default(),
        first_seq: if let Span::Since(seq) = span { seq } else { 0 },
        to_skip: if let Span::Last(last) = span { asked.saturating_sub(last) } else { 0 },
        judged: None,
        simulation: Simulation::default(),
    };
    let mut from = 1;
    loop {
        if cancelled.is_cancelled() {
            let message = "the caller no longer waits for the simulation";
            return Err(Failure::unavailable("CANCELLED", message));
        }
        let page = snapshot.events(from, limits::LEDGER_PAGE as usize);
        let page = page.map_err(|e| store_failure(&e))?;
        let Some(last) = page.last() else { return Ok(replay.simulation) };
        from = last.seq + 1;
        for stored in &page {
            replay.step(stored).map_err(|why| broken(stored.seq, &why))?;
        }
    }
}

/// The fold on its way through the ledger.
struct Replay<'a> {
    policy: Policy,
    rows: ThinRows<'a>,
    rates: Rates,
    first_seq: u64,
    to_skip: u64,
    /// The request whose recorded decision comes next.
    judged: Option<Difference>,
    simulation: Simulation,
}

impl Replay<'_> {
    fn step(&mut self, stored: &StoredEvent) -> Result<(), String> {
        let event = stored.decode().map_err(|e| e.to_string())?;
        let at = event.time().map_err(|e| e.to_string())?;
        let event = books::Event::from_ledger(&event).map_err(|e| e.to_string())?;
        match &event.body {
            // The books of a simulation hold no policy, so that nothing in the fold goes by another than the new one.
            Body::PolicyLoaded { .. } => return Ok(()),
            // What others are asked to pay and are told decides nothing, and its rows would stay.
            Body::NanswapNoted(_)
            | Body::NanswapOrdered(_)
            | Body::NanswapWebhook(_)
            | Body::OutboxAdded(_)
            | Body::OutboxEnded(_)
            | Body::OutboxNoted(_)
            | Body::RequestClosed(_)
            | Body::RequestCreated(_)
            | Body::RequestExpired(_)
            | Body::RequestOverpaid(_)
            | Body::RequestPaid(_)
            | Body::RequestScanned(_)
            | Body::RequestUnderpaid(_) => return Ok(()),
            Body::PaymentRequested(new) => self.request(stored.seq, at, &new.request)?,
            Body::PolicyDecided {
                stage: DecidedStage::New,
                outcome,
                reason_code,
                reason,
                would_pass,
                ..
            } => {
                let recorded = Judged {
                    outcome: *outcome,
                    reason_code: reason_code.as_str(),
                    reason: reason.clone(),
                    would_pass: would_pass.clone(),
                };
                self.compare(event.payment_id, recorded);
            }
            _ => {}
        }
        books::apply(&mut self.rows, stored.seq, at, &event).map_err(|e| e.to_string())?;
        if let Some(id) = event.payment_id.filter(|_| is_end(&event.body)) {
            self.rows.delete(Table::Payments, id.as_bytes());
        }
        Ok(())
    }

    /// Judges a request on the books before it, as the deciding transaction did.
    fn request(&mut self, seq: u64, at: Millis, request: &Request) -> Result<(), String> {
        let is_early = seq < self.first_seq || self.to_skip > 0;
        self.to_skip = self.to_skip.saturating_sub(1);
        let agent = request.agent_id.as_deref();
        let limited = self.rates.refusal(&self.policy, agent, at, is_early);
        if is_early {
            return Ok(());
        }
        let simulated = match limited {
            Some(reason) => Judged {
                outcome: Outcome::Deny,
                reason_code: RATE_LIMITED,
                reason,
                would_pass: Some("the same request later".to_owned()),
            },
            None => self.decide(request, at)?,
        };
        // The recorded side is filled in when its event comes, which is the next but one at the latest.
        let recorded = simulated.clone();
        self.judged = Some(Difference { seq, at, request: request.clone(), recorded, simulated });
        Ok(())
    }

    fn decide(&self, request: &Request, at: Millis) -> Result<Judged, String> {
        let view = View::new(&self.rows, at);
        let facts = facts::facts(&view, &self.policy, request, Stage::New);
        let decision = decide(&self.policy, request, &facts.map_err(|e| e.to_string())?);
        // The grant within is dropped here: a simulation signs nothing.
        Ok(Judged {
            outcome: decision.verdict.outcome(),
            reason_code: decision.reason_code.as_str(),
            reason: decision.reason,
            would_pass: decision.would_pass,
        })
    }

    fn compare(&mut self, payment: Option<PaymentId>, recorded: Judged) {
        let own = |judged: &mut Difference| Some(judged.request.payment_id) == payment;
        let Some(judged) = self.judged.take_if(own) else { return };
        let found = &mut self.simulation;
        found.requests += 1;
        let key = (name(&recorded), name(&judged.simulated));
        if key.0 == key.1 {
            found.same += 1;
            return;
        }
        *found.moves.entry(key).or_default() += 1;
        if found.differences.len() < limits::SIMULATED_DIFFERENCES {
            found.differences.push(Difference { recorded, ..judged });
        }
    }
}

fn name(judged: &Judged) -> (&'static str, &'static str) {
    (judged.outcome.as_str(), judged.reason_code)
}

/// No event of a payment follows one of these.
fn is_end(body: &Body) -> bool {
    matches!(
        body,
        Body::PaymentBlocked { .. }
            | Body::PaymentFailed { .. }
            | Body::PaymentReleased { .. }
            | Body::PaymentSettled { .. }
    )
}

fn broken(seq: u64, why: &str) -> Failure {
    Failure::internal("STORE_CORRUPT", format!("event {seq} cannot be replayed: {why}"))
        .hint("Run `paywarden ledger verify --deep`")
        .retry(Retry::AfterOperator)
}

const RATE_LIMITED: &str = "RATE_LIMITED";
