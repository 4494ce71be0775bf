//! `ledger.events`: the ledger in pages, for showing and exporting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::store_failure;
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::limits;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};
use crate::store::{Store, StoredEvent};

/// One page of the ledger.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerEvents {
    /// The first seq; 1 when left out.
    #[serde(default)]
    from: Option<u64>,
    /// Events on one page, at most 1000.
    #[serde(default)]
    limit: Option<u32>,
    /// Only the events of this payment.
    #[serde(default)]
    payment_id: Option<String>,
}

/// One page.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// In chain order, with the fields of seeds/004.
    events: Vec<Map<String, Value>>,
    /// The seq to continue from; missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for LedgerEvents {
    type Output = Events;
    const SPEC: Spec = Spec {
        name: "ledger.events",
        title: "Ledger events",
        description: "The ledger's events in order, in pages.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Events>, Failure> {
        let store = context.engine.store();
        let head = store.head();
        let from = self.from.unwrap_or(1).max(1);
        let limit = self.limit.unwrap_or(limits::LEDGER_PAGE).clamp(1, limits::LEDGER_PAGE);
        let snapshot = store.snapshot().map_err(|e| store_failure(&e))?;
        let (stored, last) = match &self.payment_id {
            None => {
                let stored = snapshot.events(from, limit as usize);
                (stored.map_err(|e| store_failure(&e))?, head.seq)
            }
            Some(id) => {
                let seqs = seqs_of(store, id)?;
                let page = seqs.iter().filter(|seq| **seq >= from).take(limit as usize);
                let found = page.map(|seq| snapshot.events(*seq, 1));
                let stored: Result<Vec<_>, _> = found.collect();
                let stored = stored.map_err(|e| store_failure(&e))?;
                (stored.into_iter().flatten().collect(), seqs.last().copied().unwrap_or(0))
            }
        };
        let stored = within_bytes(stored);
        let next = stored.last().map(|last| last.seq + 1).filter(|next| *next <= last);
        let events = stored.iter().map(|stored| {
            let event = stored.decode().map_err(|e| broken(&e))?;
            match serde_json::to_value(event) {
                Ok(Value::Object(object)) => Ok(object),
                _ => Err(broken(&"it is not an object")),
            }
        });
        let events = events.collect::<Result<Vec<_>, Failure>>()?;
        Ok(Outcome::Done(Events { events, next, ledger_head: head.into() }))
    }
}

fn seqs_of(store: &Store, id: &str) -> Result<Vec<u64>, Failure> {
    let shown: String = id.chars().take(limits::QUOTE_CHARS).collect();
    let unknown = || {
        Failure::invalid("UNKNOWN_PAYMENT", format!("there is no payment {shown:?}"))
            .hint("Give the paymentId (payment_id) of an earlier answer")
    };
    let id = id.parse::<PaymentId>().map_err(|_| unknown())?;
    let seqs = store.read(|view| view.trail(id)).map_err(|e| store_failure(&e))?;
    if seqs.is_empty() { Err(unknown()) } else { Ok(seqs) }
}

/// As many events as fit a page's bytes, and at least one.
fn within_bytes(mut stored: Vec<StoredEvent>) -> Vec<StoredEvent> {
    let mut bytes = 0;
    let fit = stored.iter().take_while(|event| {
        bytes += event.bytes.len();
        bytes <= limits::LEDGER_PAGE_BYTES
    });
    let fit = fit.count().max(1);
    stored.truncate(fit);
    stored
}

fn broken(error: &dyn std::fmt::Display) -> Failure {
    Failure::internal("STORE_CORRUPT", format!("a ledger event cannot be shown: {error}"))
}
