//! How a mandate is shown: its own fields, its version and state, and each budget with spent, held and remaining.
//!
//! Amounts are whole smallest units: what is spent or held is rounded up and what remains is rounded down, never in
//! the payer's favour.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::books::{MandateRow, RowsError, View};
use crate::money::{Currency, Money};
use crate::policy::{Cap, Usage};

/// What is shown beside a mandate's own fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Beside {
    version: u32,
    status: &'static str,
    created_at: String,
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    budgets: Vec<BudgetOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BudgetOut {
    currency: Currency,
    cap: String,
    spent: String,
    held: String,
    remaining: String,
    payments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WindowOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowOut {
    duration_ms: u64,
    spent: String,
    held: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<String>,
    payments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payments_remaining: Option<u64>,
}

/// A mandate with its budgets as of `now`.
pub(in crate::operations) fn shown(
    view: &View<'_>,
    row: &MandateRow,
) -> Result<Map<String, Value>, RowsError> {
    let mandate = &row.mandate;
    let ended = mandate.expires_at.is_some_and(|at| at <= view.now());
    let status = match row.revoked_at_ms {
        Some(_) => "revoked",
        None if ended => "expired",
        None => "active",
    };
    let budgets = budgets(view, row)?;
    let beside = Beside {
        version: row.version,
        status,
        created_at: row.created_at_ms.to_string(),
        changed_at: row.changed_at_ms.to_string(),
        revoked_at: row.revoked_at_ms.map(|at| at.to_string()),
        budgets,
    };
    let mut object = map(mandate.body());
    object.extend(map(&beside));
    Ok(object)
}

/// A mandate as a report has it, in the words of seeds/004: its first budget, and all of them where it has several.
pub(in crate::operations) fn bars(
    view: &View<'_>,
    row: &MandateRow,
) -> Result<Map<String, Value>, RowsError> {
    let budgets = budgets(view, row)?;
    let mut object = Map::new();
    object.insert("id".to_owned(), Value::from(row.mandate.id.clone()));
    if let Some(first) = budgets.first() {
        object.extend(map(first));
    }
    if budgets.len() > 1 {
        object.insert("budgets".to_owned(), budgets.iter().map(map).map(Value::Object).collect());
    }
    object.insert("revoked".to_owned(), Value::from(row.revoked_at_ms.is_some()));
    Ok(object)
}

fn budgets(view: &View<'_>, row: &MandateRow) -> Result<Vec<BudgetOut>, RowsError> {
    let id = &row.mandate.id;
    let look = |cap: &Cap| {
        let count = view.mandate_budget(id, cap.cap.currency)?.settled_count;
        Ok(budget(cap, &view.mandate_usage(id, cap)?, count))
    };
    row.mandate.caps.iter().map(look).collect()
}

/// A plain struct as a JSON object.
pub(in crate::operations) fn map(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn budget(cap: &Cap, usage: &Usage, payments: u64) -> BudgetOut {
    let currency = cap.cap.currency;
    let window = cap.window.as_ref().map(|window| WindowOut {
        duration_ms: u64::try_from(window.duration.as_millis()).unwrap_or(u64::MAX),
        spent: up(currency, usage.window_units),
        held: up(currency, usage.total.reserved),
        remaining: window.cap.map(|limit| left(&limit, usage.in_window())),
        payments: usage.window_count,
        payments_remaining: window
            .max_count
            .map(|max| u64::from(max).saturating_sub(usage.count_in_window())),
    });
    BudgetOut {
        currency,
        cap: cap.cap.amount.to_string(),
        spent: up(currency, usage.total.settled),
        held: up(currency, usage.total.reserved),
        remaining: left(&cap.cap, usage.total.used()),
        payments,
        window,
    }
}

fn up(currency: Currency, units: u128) -> String {
    let (money, exact) = Money::from_budget_units(currency, units)
        .expect("a mandate has caps only in currencies whose units are known");
    (money.amount + u128::from(!exact)).to_string()
}

fn left(limit: &Money, used: Option<u128>) -> String {
    let all = limit.budget_units().unwrap_or(0);
    let units = all.saturating_sub(used.unwrap_or(u128::MAX));
    let left = Money::from_budget_units(limit.currency, units);
    left.map_or(0, |(money, _)| money.amount).to_string()
}
