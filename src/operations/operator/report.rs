//! `operator.report`: what was spent, in the fields of seeds/004, from numbers kept along the way.
//!
//! It must never read the history: a report on a million payments costs what one on ten costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::books::{Order, RowsError, Tally, View};
use crate::clock::Millis;
use crate::engine::{Counted, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::money::Currency;
use crate::operations::guard::mandate_view;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};
use crate::policy::{Budget, Rail};

/// Report on spending.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Count only what happened from here on: RFC 3339, or a day (UTC). What is held, waits or is left is as it is now.
    #[serde(default)]
    since: Option<String>,
}

/// What was spent.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spending {
    /// When this was read, RFC 3339, ledger time.
    generated_at: String,
    /// From when on it was counted, RFC 3339; from the beginning when missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Payments by how they ended, and those that have not.
    payments: Payments,
    /// Currency to what was settled, in smallest units.
    settled_by_currency: BTreeMap<String, String>,
    /// What is settled and held in each currency, for a person.
    totals: Vec<Total>,
    /// Approvals that wait.
    pending_approvals: u32,
    /// Each with id, currency, cap, spent, held, remaining and whether it is revoked; with several caps, all in
    /// `budgets`. Revoked ones only up to the first hundred by id.
    mandates: Vec<Map<String, Value>>,
    /// What merchants confirmed, newest first; at most the last hundred.
    orders: Vec<Map<String, Value>>,
    /// The same numbers for each agent.
    by_agent: Vec<AgentTotals>,
    /// The same numbers for each rail.
    by_rail: Vec<RailTotals>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

/// Payments, counted by where they stand.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Payments {
    /// Settled.
    settled: u64,
    /// Allowed, and failed.
    failed: u64,
    /// Refused by a rule of the policy or by the owner.
    denied: u64,
    /// Stopped because the wallet was frozen, requests were too many, or nobody answered in time.
    blocked: u64,
    /// Not ended: waiting for the owner, or in flight. They hold budget.
    held: u64,
}

/// One currency.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Total {
    /// Currency code.
    currency: String,
    /// Settled for good, in smallest units.
    settled: String,
    /// Held by undecided and in-flight payments, in smallest units.
    held: String,
}

/// One agent.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct AgentTotals {
    /// Its name; null for payments nobody proved to be theirs.
    agent_id: Option<String>,
    /// Its numbers.
    #[serde(flatten)]
    share: Share,
}

/// One rail.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct RailTotals {
    /// Its name.
    rail: String,
    /// Its numbers.
    #[serde(flatten)]
    share: Share,
}

/// A part of all payments.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Share {
    /// Settled.
    settled: u64,
    /// Currency to what was settled, in smallest units.
    settled_by_currency: BTreeMap<String, String>,
    /// Currency to what is held, in smallest units.
    held_by_currency: BTreeMap<String, String>,
    /// Refused.
    denied: u64,
    /// Allowed, and failed.
    failed: u64,
    /// Stopped beside the rules.
    blocked: u64,
    /// Approvals that wait.
    pending_approvals: u64,
}

impl Operation for Report {
    type Output = Spending;
    const SPEC: Spec = Spec {
        name: "operator.report",
        title: "Report",
        description: "What was spent: payments by how they ended, totals by currency, agent and rail, mandates with what is left of them, what waits.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Spending>, Failure> {
        let engine = &context.engine;
        let since = self.since.as_deref().map(time).transpose()?;
        // Counted before the books are looked at, so that nothing is settled there and not here.
        let counted = match since {
            Some(since) => Some(engine.counted_since(since, &context.cancelled).await?),
            None => None,
        };
        let clock = engine.clock().read();
        let head = engine.store().head();
        let read = engine.store().read(|view| {
            let view = &view.at(clock)?;
            let sums = Sums::of(view, counted.as_ref())?;
            Ok(Spending {
                generated_at: view.now().to_string(),
                since: since.map(|since| since.to_string()),
                payments: Payments {
                    settled: sums.all.settled,
                    failed: sums.all.failed,
                    denied: sums.all.denied,
                    blocked: sums.all.blocked,
                    held: sums.all.held,
                },
                settled_by_currency: units(&sums.budgets, |budget| budget.settled),
                totals: sums.budgets.iter().map(total).collect(),
                pending_approvals: view.counters()?.approvals_waiting,
                mandates: mandates(view)?,
                orders: orders(view, since)?,
                by_agent: sums
                    .by_agent
                    .into_iter()
                    .map(|(agent_id, tally)| AgentTotals { agent_id, share: share(tally) })
                    .collect(),
                by_rail: sums
                    .by_rail
                    .into_iter()
                    .map(|(rail, tally)| RailTotals {
                        rail: rail.as_str().to_owned(),
                        share: share(tally),
                    })
                    .collect(),
                ledger_head: head.into(),
            })
        });
        read.map(Outcome::Done).map_err(|e| store_failure(&e))
    }
}

/// The numbers of a report.
struct Sums {
    all: Tally,
    budgets: Vec<(Currency, Budget)>,
    by_agent: Vec<(Option<String>, Tally)>,
    by_rail: Vec<(Rail, Tally)>,
}

impl Sums {
    /// As they are kept; with what was counted since a time in the place of all there ever was.
    fn of(view: &View<'_>, since: Option<&Counted>) -> Result<Self, RowsError> {
        let mut sums = Self {
            all: view.tally()?,
            budgets: view.budgets()?,
            by_agent: view.tallies_by_agent()?,
            by_rail: view.tallies_by_rail()?,
        };
        let Some(since) = since else { return Ok(sums) };
        sums.all = since.all.with_held_of(sums.all);
        for (currency, budget) in &mut sums.budgets {
            budget.settled = since.settled.get(currency).copied().unwrap_or_default();
        }
        let none = Tally::default();
        for (agent, tally) in &mut sums.by_agent {
            let counted = since.by_agent.get(agent).unwrap_or(&none);
            *tally = counted.with_held_of(std::mem::take(tally));
        }
        for (rail, tally) in &mut sums.by_rail {
            let counted = since.by_rail.get(rail).unwrap_or(&none);
            *tally = counted.with_held_of(std::mem::take(tally));
        }
        Ok(sums)
    }
}

/// A time as an owner types it: RFC 3339, or a day, which begins at midnight UTC.
fn time(text: &str) -> Result<Millis, Failure> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp())
    };
    let parsed = text.parse::<jiff::Timestamp>().ok().or_else(day);
    let millis = parsed.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    millis.map(Millis).ok_or_else(|| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_TIME", format!("{shown:?} is no time"))
            .hint("Give a day (2026-01-31) or a time (2026-01-31T12:00:00Z)")
    })
}

/// Mandates in force, then revoked ones.
fn mandates(view: &View<'_>) -> Result<Vec<Map<String, Value>>, RowsError> {
    let mut rows = view.mandates()?;
    rows.extend(view.revoked_mandates(None, limits::REPORT_REVOKED)?);
    rows.iter().map(|row| mandate_view::bars(view, row)).collect()
}

fn orders(view: &View<'_>, since: Option<Millis>) -> Result<Vec<Map<String, Value>>, RowsError> {
    let mut orders = view.orders(limits::REPORT_ORDERS)?;
    orders.retain(|order| since.is_none_or(|since| order.at_ms >= since));
    let shown = |order: Order| {
        let facts = [
            ("orderId", order.order_id.to_string()),
            ("merchantId", order.merchant_id),
            ("sessionId", order.session_id),
            ("paymentId", order.payment_id.to_string()),
            ("amount", order.amount.amount.to_string()),
            ("currency", order.amount.currency.to_string()),
            ("amountText", order.amount.to_string()),
            ("settledAt", order.at_ms.to_string()),
        ];
        let agent = order.agent_id.map(|agent| ("agentId", agent));
        facts.into_iter().chain(agent).map(|(name, text)| (name.to_owned(), text.into())).collect()
    };
    Ok(orders.into_iter().map(shown).collect())
}

fn share(tally: Tally) -> Share {
    let budgets: Vec<_> = tally.by_currency.into_iter().collect();
    Share {
        settled: tally.settled,
        settled_by_currency: units(&budgets, |budget| budget.settled),
        held_by_currency: units(&budgets, |budget| budget.reserved),
        denied: tally.denied,
        failed: tally.failed,
        blocked: tally.blocked,
        pending_approvals: tally.awaiting,
    }
}

/// Currencies of which there is nothing are left out.
fn units(
    budgets: &[(Currency, Budget)],
    part: impl Fn(&Budget) -> u128,
) -> BTreeMap<String, String> {
    let parts = budgets.iter().map(|(currency, budget)| (currency.to_string(), part(budget)));
    parts.filter(|(_, units)| *units > 0).map(|(code, units)| (code, units.to_string())).collect()
}

fn total((currency, budget): &(Currency, Budget)) -> Total {
    let (settled, held) = (budget.settled.to_string(), budget.reserved.to_string());
    Total { currency: currency.to_string(), settled, held }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{Body, MemoryRows, apply};

    #[test]
    fn a_time_is_a_time_or_a_day() {
        assert_eq!(time("1970-01-02").unwrap(), Millis(86_400_000));
        assert_eq!(time("1970-01-01T00:00:00.007Z").unwrap(), Millis(7));
        for bad in ["", "yesterday", "-1", "1969-12-31", "2026-02-30", "2026-1-1", "7"] {
            assert_eq!(time(bad).unwrap_err().code, "INVALID_TIME", "{bad}");
        }
    }

    #[test]
    fn as_many_revoked_mandates_are_named_as_the_bound_allows() {
        let mut rows = MemoryRows::default();
        let mut seq = 0;
        let mut book = |rows: &mut MemoryRows, body: Body| {
            seq += 1;
            apply(rows, seq, Millis(seq), &body.into()).unwrap();
        };
        let named = |rows: &MemoryRows| mandates(&View::new(rows, Millis(9_999)));
        for number in 0..=limits::REPORT_REVOKED {
            let id = format!("m{number}");
            let cap = serde_json::json!({ "amount": "5", "currency": "USD" });
            let mandate = serde_json::json!({ "id": id, "cap": cap });
            let mandate = Box::new(serde_json::from_value(mandate).unwrap());
            book(&mut rows, Body::MandateCreated { mandate, version: 1, proposal_id: None });
            book(&mut rows, Body::MandateRevoked { mandate_id: id, reason: None });
            let expected = (number + 1).min(limits::REPORT_REVOKED);
            assert_eq!(named(&rows).unwrap().len(), expected);
        }
    }
}
