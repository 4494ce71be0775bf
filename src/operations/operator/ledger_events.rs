//! `ledger.events`: the ledger in pages, for showing and exporting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::store_failure;
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};
use crate::store::StoredEvent;

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
        let stored = snapshot.events(from, limit as usize).map_err(|e| store_failure(&e))?;
        let stored = within_bytes(stored);
        let next = stored.last().map(|last| last.seq + 1).filter(|next| *next <= head.seq);
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
