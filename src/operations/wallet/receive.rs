//! `wallet.receive`: pockets what was sent to the wallet, now instead of in the background.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::balance_text;
use crate::books::HistoryKind;
use crate::clock::Millis;
use crate::engine::{Engine, node_failure, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::money::Raw;
use crate::nano::Account;
use crate::operations::{Access, AccountRef, Audience, Context, Operation, Outcome, Spec};

/// Receive what waits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletReceive {
    /// Address or index of one of this wallet's accounts; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// What was received.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Received {
    /// The address others send to.
    account: String,
    /// Received during this call.
    #[schemars(with = "Vec<Map<String, Value>>")]
    received: Vec<Receipt>,
    /// Still waiting (below the owner's minimum, unconfirmed, or not received in time), in raw.
    pending_raw: String,
    /// Confirmed balance on the books now, in XNO.
    balance: String,
    /// The same in raw.
    balance_raw: String,
}

/// One receive.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct Receipt {
    /// How much, in XNO.
    amount: String,
    /// The same in raw.
    amount_raw: String,
    /// Who sent it.
    sender: String,
    /// Our confirmed receive block.
    block_hash: String,
}

impl Operation for WalletReceive {
    type Output = Received;
    const SPEC: Spec = Spec {
        name: "wallet.receive",
        title: "Receive XNO",
        description: "Receive (pocket) XNO that was sent to this wallet and is confirmed. It happens in the background too; this waits for it up to 10 s and says what came in, and names the address to be paid at.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "wallet",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Received>, Failure> {
        let engine = &context.engine;
        let account = AccountRef::resolve(self.account.as_ref(), engine)?;
        let newest = engine
            .store()
            .read(|view| view.history(&account, None, 1))
            .map_err(|e| store_failure(&e))?;
        let newest = newest.first().map_or(0, |(seq, _)| *seq);
        let pending = settle_receives(context, account).await?;
        let view = engine.store().read(|view| {
            let rows = view.history(&account, None, limits::PAGE_MAX as usize)?;
            Ok((rows, view.lane(&account)?))
        });
        let (rows, lane) = view.map_err(|e| store_failure(&e))?;
        let balance = lane.map_or(Raw::ZERO, |lane| lane.balance);
        let received = rows
            .into_iter()
            .filter(|(seq, row)| *seq > newest && row.kind == HistoryKind::Receive)
            .map(|(_, row)| Receipt {
                amount: row.amount.to_xno(),
                amount_raw: row.amount.to_string(),
                sender: row.counterparty.to_string(),
                block_hash: row.block_hash.to_string(),
            })
            .collect();
        Ok(Outcome::Done(Received {
            account: account.to_string(),
            received,
            pending_raw: pending.to_string(),
            balance: balance_text(balance),
            balance_raw: balance.to_string(),
        }))
    }
}

/// Lets the lane work until nothing it would take waits, and returns what still does.
async fn settle_receives(context: &Context, account: Account) -> Result<Raw, Failure> {
    let engine = &context.engine;
    let deadline = engine.clock().now().plus(WAIT);
    loop {
        let (open, minimum) = lane_state(engine, account)?;
        let page = limits::RECEIVABLE_PAGE;
        let asked = engine.node().receivable(account, Raw::ZERO, page).await;
        let waiting = asked.map_err(|e| node_failure(&e))?;
        let pending = waiting
            .iter()
            .try_fold(Raw::ZERO, |sum, send| sum.checked_add(send.amount))
            .unwrap_or(Raw::MAX);
        let wanted = open || waiting.iter().any(|send| send.amount >= minimum);
        let late: Millis = engine.clock().now();
        let stopped = context.cancelled.is_cancelled();
        if !wanted || late >= deadline || stopped || is_frozen(engine)? {
            return Ok(pending);
        }
        engine.receive_now(account);
        let mut changes = engine.store().watch();
        tokio::select! {
            _ = changes.changed() => {}
            () = engine.clock().sleep(LOOK_AGAIN) => {}
            () = context.cancelled.cancelled() => {}
        }
    }
}

fn lane_state(engine: &Engine, account: Account) -> Result<(bool, Raw), Failure> {
    let read = engine.store().read(|view| {
        let open = view.lane(&account)?.is_some_and(|lane| lane.open.is_some());
        let minimum = view.policy()?.map_or(0, |row| row.policy.receive_minimum_raw);
        Ok((open, Raw::new(minimum.max(1))))
    });
    read.map_err(|e| store_failure(&e))
}

fn is_frozen(engine: &Engine) -> Result<bool, Failure> {
    engine.is_frozen().map_err(|e| store_failure(&e))
}

const WAIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
