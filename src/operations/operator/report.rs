//! `operator.report`: what was spent, in the fields of seeds/004, from numbers kept along the way.
//!
//! It must never read the history: a report on a million payments costs what one on ten costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::store_failure;
use crate::failure::Failure;
use crate::money::Money;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Report on spending.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {}

/// What was spent.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spending {
    /// When this was read, RFC 3339, ledger time.
    generated_at: String,
    /// Payments that have ended, by how.
    payments: Payments,
    /// Currency to what was settled, in smallest units.
    settled_by_currency: BTreeMap<String, String>,
    /// What is settled and held in each currency, for a person.
    totals: Vec<Total>,
    /// Approvals that wait.
    pending_approvals: u32,
    /// Each with id, currency, cap, spent and whether it is revoked.
    mandates: Vec<Map<String, Value>>,
    /// What merchants confirmed.
    orders: Vec<Map<String, Value>>,
    /// The same numbers for each agent.
    by_agent: Vec<Map<String, Value>>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

/// Payments, counted by their end.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Payments {
    /// Settled.
    settled: u64,
    /// Allowed, and failed.
    failed: u64,
    /// Refused, by policy or owner or because nobody answered.
    denied: u64,
}

/// One currency.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Total {
    /// Currency code.
    currency: String,
    /// Settled for good, with its unit.
    settled: String,
    /// Held by undecided and in-flight payments, with its unit.
    held: String,
}

impl Operation for Report {
    type Output = Spending;
    const SPEC: Spec = Spec {
        name: "operator.report",
        title: "Report",
        description: "What was spent: payments by how they ended, totals by currency, what waits.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Spending>, Failure> {
        let store = context.engine.store();
        let head = store.head();
        let read = store.read(|view| Ok((view.now(), view.counters()?, view.budgets()?)));
        let (now, counters, budgets) = read.map_err(|e| store_failure(&e))?;
        let settled = budgets
            .iter()
            .map(|(currency, budget)| (currency.as_str().to_owned(), budget.settled.to_string()));
        let totals = budgets.iter().map(|(currency, budget)| {
            let money = |amount| Money { amount, currency: *currency }.to_string();
            let (settled, held) = (money(budget.settled), money(budget.reserved));
            Total { currency: currency.to_string(), settled, held }
        });
        Ok(Outcome::Done(Spending {
            generated_at: now.to_string(),
            payments: Payments {
                settled: counters.settled,
                failed: counters.failed,
                denied: counters.denied,
            },
            settled_by_currency: settled.collect(),
            totals: totals.collect(),
            pending_approvals: counters.approvals_waiting,
            mandates: Vec::new(),
            orders: Vec::new(),
            by_agent: Vec::new(),
            ledger_head: head.into(),
        }))
    }
}
