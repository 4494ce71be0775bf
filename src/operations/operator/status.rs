//! `operator.status`: the wallet at a glance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::Lane;
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// The wallet at a glance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorStatus {}

/// The wallet at a glance.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The wallet's id.
    wallet_id: String,
    /// Whether it is frozen.
    frozen: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Since when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    /// Approvals that wait.
    pending_approvals: u32,
    /// Mandates in force.
    mandates: u32,
    /// How much an agent may do alone.
    mode: String,
    /// Payments asked for, by how they ended.
    payments: Payments,
    /// The wall clock, where it is ahead of the time since this machine was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<ClockAhead>,
    /// The accounts.
    accounts: Vec<Account>,
    /// Where tokens are held that x402 is paid from; nothing while the wallet is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    x402_address: Option<String>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

/// Payments, counted.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Payments {
    /// Asked for.
    requested: u64,
    /// Settled.
    settled: u64,
    /// Refused.
    denied: u64,
    /// Allowed, and failed.
    failed: u64,
    /// Settled otherwise than was decided: `payment.disputed` on the ledger says which and why.
    #[serde(skip_serializing_if = "is_zero")]
    disputed: u32,
}

/// A wall clock that went ahead; budgets count by the slower clock until the owner accepts it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClockAhead {
    /// By how much, in milliseconds.
    ahead_ms: u64,
    /// Whether that is more than a correction of the clock.
    jumped: bool,
    /// Since when by the wall clock, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// One account.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Account {
    /// Derivation index.
    index: u32,
    /// Its address.
    address: String,
    /// Confirmed balance on the books, in XNO.
    balance: String,
    /// Held by open payments, in XNO.
    reserved: String,
    /// Payments that wait for it or are in flight.
    open_payments: u32,
    /// Why it signs nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<String>,
}

impl Operation for OperatorStatus {
    type Output = Status;
    const SPEC: Spec = Spec {
        name: "operator.status",
        title: "Status",
        description: "The wallet at a glance: frozen or live, what waits, accounts, counters, ledger head.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Status>, Failure> {
        let store = context.engine.store();
        let head = store.head();
        let read = store.read(|view| {
            let (wallet, freeze) = (view.wallet()?, view.freeze()?);
            Ok((wallet, freeze, view.counters()?, view.policy()?, view.lanes()?))
        });
        let (wallet, freeze, counters, policy, lanes) = read.map_err(|e| store_failure(&e))?;
        let clocks = context.engine.clocks()?;
        let marker = store.marker_reason();
        let mode = policy.and_then(|row| serde_json::to_value(row.policy.mode).ok());
        Ok(Outcome::Done(Status {
            wallet_id: wallet.map(|row| row.wallet_id.to_string()).unwrap_or_default(),
            frozen: freeze.is_some() || marker.is_some(),
            changed_at: freeze.as_ref().map(|row| row.since_ms.to_string()),
            reason: freeze.map(|row| row.reason).or(marker),
            pending_approvals: counters.approvals_waiting,
            mandates: counters.mandates,
            clock: (clocks.skew_ms > 0).then(|| ClockAhead {
                ahead_ms: clocks.skew_ms,
                jumped: clocks.is_jump(),
                since: clocks.since_ms.map(|at| at.to_string()),
            }),
            mode: mode.and_then(|mode| mode.as_str().map(str::to_owned)).unwrap_or_default(),
            payments: Payments {
                requested: counters.requested,
                settled: counters.settled,
                denied: counters.denied,
                failed: counters.failed,
                disputed: counters.disputed,
            },
            accounts: lanes.iter().map(account).collect(),
            x402_address: context.engine.evm_address().map(|address| address.to_string()),
            ledger_head: head.into(),
        }))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn account(lane: &Lane) -> Account {
    Account {
        index: lane.index,
        address: lane.account.to_string(),
        balance: lane.balance.to_xno(),
        reserved: lane.reserved.to_xno(),
        open_payments: lane.queued,
        alarm: lane.frozen.clone(),
    }
}
