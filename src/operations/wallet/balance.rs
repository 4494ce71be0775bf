//! `wallet.balance`: seeds/001's fields, and what of it is confirmed, held and free.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::balance_text;
use crate::engine::{node_failure, store_failure};
use crate::failure::Failure;
use crate::money::Raw;
use crate::operations::{Access, AccountRef, Audience, Context, Operation, Outcome, Spec};

/// What an account holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletBalance {
    /// Address or index of one of this wallet's accounts; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// The balance of one account.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Balance {
    /// The address to receive at.
    account: String,
    /// Balance at the head of the account, in XNO.
    balance: String,
    /// The same in raw.
    balance_raw: String,
    /// Sent to this account and not received yet, in XNO.
    pending: String,
    /// The same in raw.
    pending_raw: String,
    /// The part of the balance the network has confirmed, in raw.
    confirmed_balance_raw: String,
    /// Whether all of the balance is confirmed.
    confirmed: bool,
    /// Held by payments under way or waiting for the owner, in raw.
    reserved_raw: String,
    /// What a new payment could spend now, in XNO.
    available: String,
    /// The same in raw.
    available_raw: String,
}

impl Operation for WalletBalance {
    type Output = Balance;
    const SPEC: Spec = Spec {
        name: "wallet.balance",
        title: "Wallet balance",
        description: "Balance and address of the wallet in XNO and raw: confirmed, pending (not received yet), held by open payments, and free to spend. Use the address to be paid.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "wallet",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Balance>, Failure> {
        let engine = &context.engine;
        let account = AccountRef::resolve(self.account.as_ref(), engine)?;
        let info = engine.node().account_info(account).await.map_err(|e| node_failure(&e))?;
        let lane =
            engine.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
        let (booked, reserved) =
            lane.map_or((Raw::ZERO, Raw::ZERO), |lane| (lane.balance, lane.reserved));
        let (balance, confirmed, pending) = match &info {
            Some(info) => (info.balance, info.confirmed_balance, info.receivable),
            None => (Raw::ZERO, Raw::ZERO, unopened_pending(context, account).await?),
        };
        let available = booked.checked_sub(reserved).unwrap_or(Raw::ZERO);
        Ok(Outcome::Done(Balance {
            account: account.to_string(),
            balance: balance_text(balance),
            balance_raw: balance.to_string(),
            pending: balance_text(pending),
            pending_raw: pending.to_string(),
            confirmed_balance_raw: confirmed.to_string(),
            confirmed: confirmed == balance,
            reserved_raw: reserved.to_string(),
            available: balance_text(available),
            available_raw: available.to_string(),
        }))
    }
}

/// An account without a block has no `account_info`, but may have been sent something.
async fn unopened_pending(
    context: &Context,
    account: crate::nano::Account,
) -> Result<Raw, Failure> {
    let page = crate::limits::RECEIVABLE_PAGE;
    let asked = context.engine.node().receivable(account, Raw::ZERO, page).await;
    let waiting = asked.map_err(|e| node_failure(&e))?;
    let sum = waiting.iter().try_fold(Raw::ZERO, |sum, send| sum.checked_add(send.amount));
    sum.ok_or_else(|| {
        Failure::unavailable("REQUEST_ERROR", "the node names more money than there is")
    })
}
