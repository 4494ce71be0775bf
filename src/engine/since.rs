//! What happened since a time, counted from the ledger. Takes as long as there are events since then; it must never be
//! what a report without a time costs.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::Engine;
use super::failures::store_failure;
use crate::books::{Body, Disputed, Event, Tally, View, beside_the_rules};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::limits;
use crate::money::{Currency, Money};
use crate::nano::Subtype;
use crate::policy::{Rail, Request};
use crate::store::{Snapshot, Store, StoredEvent};

/// What happened in a time. Holds nothing of what is held or waits.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// All payments.
    pub all: Tally,
    /// By agent; none for those nobody proved to be theirs.
    pub by_agent: BTreeMap<Option<String>, Tally>,
    /// By rail.
    pub by_rail: BTreeMap<Rail, Tally>,
    /// Settled in smallest units, foreign sends on our accounts included.
    pub settled: BTreeMap<Currency, u128>,
}

impl Engine {
    /// Counts what happened from `since` on.
    ///
    /// # Errors
    /// The store's, or that the caller no longer waits.
    pub async fn counted_since(
        &self,
        since: Millis,
        cancelled: &CancellationToken,
    ) -> Result<Counted, Failure> {
        let (store, cancelled) = (self.store().clone(), cancelled.clone());
        let counted = tokio::task::spawn_blocking(move || count(&store, since, &cancelled));
        let stopped = |_| Failure::internal("INTERNAL", "the count stopped");
        counted.await.map_err(stopped)?
    }
}

fn count(store: &Store, since: Millis, cancelled: &CancellationToken) -> Result<Counted, Failure> {
    let snapshot = store.snapshot().map_err(|e| store_failure(&e))?;
    let (head, at) = snapshot.head().map_err(|e| store_failure(&e))?;
    let view = View::new(snapshot.rows(), at);
    let mut counted = Counted::default();
    let mut from = first_since(&*snapshot, head.seq, since)?;
    loop {
        if cancelled.is_cancelled() {
            let message = "the caller no longer waits for the report";
            return Err(Failure::unavailable("CANCELLED", message));
        }
        let page = page(&*snapshot, from, limits::LEDGER_PAGE as usize)?;
        let Some(last) = page.last() else { return Ok(counted) };
        from = last.seq + 1;
        for stored in &page {
            counted.add(&view, stored).map_err(|why| broken(stored.seq, &why))?;
        }
    }
}

/// The first event at or after a time: times never run backwards along a chain.
fn first_since(snapshot: &dyn Snapshot, last: u64, since: Millis) -> Result<u64, Failure> {
    let (mut from, mut to) = (1, last + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        let Some(stored) = page(snapshot, middle, 1)?.pop() else { break };
        let event = stored.decode().map_err(|e| broken(middle, &e.to_string()))?;
        let at = event.time().map_err(|why| broken(middle, &why.to_string()))?;
        if at >= since { to = middle } else { from = middle + 1 }
    }
    Ok(from)
}

impl Counted {
    fn add(&mut self, view: &View<'_>, stored: &StoredEvent) -> Result<(), String> {
        let event = stored.decode().map_err(|e| e.to_string())?;
        let event = Event::from_ledger(&event).map_err(|e| e.to_string())?;
        let one: fn(&mut Tally) -> &mut u64 = match &event.body {
            Body::PaymentRequested(_) => |tally| &mut tally.requested,
            Body::PaymentSettled { .. } => |tally| &mut tally.settled,
            Body::PaymentFailed { .. } | Body::PaymentReleased { .. } => |tally| &mut tally.failed,
            Body::PaymentBlocked { reason_code, .. } if beside_the_rules(*reason_code) => {
                |tally| &mut tally.blocked
            }
            Body::PaymentBlocked { .. } => |tally| &mut tally.denied,
            Body::RateLimited { agent_id, refused, .. } => {
                for tally in [&mut self.all, self.by_agent.entry(agent_id.clone()).or_default()] {
                    tally.blocked += u64::from(*refused);
                }
                return Ok(());
            }
            Body::ForeignRecorded { subtype: Subtype::Send, amount_raw, .. } => {
                self.spend(&Money::xno(*amount_raw));
                return Ok(());
            }
            Body::PaymentDisputed(Disputed { charged: Some(charged), .. }) => {
                let request = request_of(view, event.payment_id)?;
                if let Some(more) = charged.beyond(request.amount) {
                    self.settle(&request, &more);
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let request = request_of(view, event.payment_id)?;
        for tally in self.tallies(&request) {
            *one(tally) += 1;
        }
        if let Body::PaymentSettled { .. } = event.body {
            self.settle(&request, &request.amount);
        }
        Ok(())
    }

    fn settle(&mut self, request: &Request, amount: &Money) {
        self.spend(amount);
        for tally in self.tallies(request) {
            let budget = tally.by_currency.entry(amount.currency).or_default();
            budget.settled = budget.settled.saturating_add(amount.amount);
        }
    }

    fn spend(&mut self, amount: &Money) {
        let spent = self.settled.entry(amount.currency).or_default();
        *spent = spent.saturating_add(amount.amount);
    }

    fn tallies(&mut self, request: &Request) -> [&mut Tally; 3] {
        [
            &mut self.all,
            self.by_agent.entry(request.agent_id.clone()).or_default(),
            self.by_rail.entry(request.rail).or_default(),
        ]
    }
}

fn request_of(view: &View<'_>, id: Option<PaymentId>) -> Result<Request, String> {
    let id = id.ok_or("an event of a payment names none")?;
    let payment = view.payment(id).map_err(|e| e.to_string())?;
    Ok(payment.ok_or("its payment is not on the books")?.request)
}

fn page(snapshot: &dyn Snapshot, from: u64, limit: usize) -> Result<Vec<StoredEvent>, Failure> {
    snapshot.events(from, limit).map_err(|e| store_failure(&e))
}

fn broken(seq: u64, why: &str) -> Failure {
    Failure::internal("STORE_CORRUPT", format!("event {seq} cannot be counted: {why}"))
        .hint("Run `paywarden ledger verify --deep`")
        .retry(Retry::AfterOperator)
}
