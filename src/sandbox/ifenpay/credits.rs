//! Endpoints 9 to 11: credits, their prices, and topping them up with a signed block.
//!
//! Credits must be given once for each order, however often its block is sent.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Ifenpay;
use super::http::{Answer, Refusal, Request};
use super::state::Order;
use super::wallet::node;
use crate::money::Raw;
use crate::nano::{Link, SignedBlock, Subtype};
use crate::network::Node;

pub(super) fn get(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let mut state = service.state();
    let price = state.settings.credit_price_raw;
    let holder = state.holder_mut(request.key)?;
    let mut data = Map::new();
    data.insert("credits".to_owned(), holder.credits.into());
    for tier in TIERS {
        let price: f64 = price_of(price, tier)?.to_xno().parse().unwrap_or(f64::MAX);
        data.insert(format!("current_credits_price_{tier}"), json!(price));
    }
    Ok(Value::Object(data))
}

pub(super) fn order(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let wrong = || Refusal::of("INVALID_CREDITS_AMOUNT");
    let credits: u32 = request.word.parse().map_err(|_| wrong())?;
    if !TIERS.contains(&credits) {
        return Err(wrong());
    }
    let mut state = service.state();
    let price = price_of(state.settings.credit_price_raw, credits)?;
    let amount = state.unlike(price)?;
    let id = Uuid::new_v4();
    let key = request.key.to_owned();
    state.orders.insert(id, Order { key, credits, amount, credited: None });
    Ok(json!({
        "payment_address": Ifenpay::account(),
        "nano_amount": amount.to_xno(),
        "transaction_id": id,
    }))
}

#[derive(Deserialize)]
struct Paid {
    subtype: Subtype,
    block: SignedBlock,
    transaction_id: String,
}

pub(super) async fn topup(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let Paid { subtype, block, transaction_id } = request.read()?;
    let unknown = || Refusal::of("NO_TRANSACTION_FOUND");
    let id: Uuid = transaction_id.parse().map_err(|_| unknown())?;
    let order = service.state().orders.get(&id).cloned().ok_or_else(unknown)?;
    if order.key != request.key {
        return Err(unknown());
    }
    if let Some(balance) = order.credited {
        return Ok(topped_up(order.credits, balance));
    }
    let unpaid = || Refusal::of("TRANSACTION_NOT_CONFIRMED");
    let previous = service.node.block_info(block.block.previous).await.map_err(node)?;
    let before = previous.map(|info| info.contents.block.balance).ok_or_else(unpaid)?;
    let to_us = block.block.link == Link::from(Ifenpay::account());
    if !to_us || before.checked_sub(block.block.balance) != Some(order.amount) {
        return Err(unpaid());
    }
    if service.node.block_info(block.hash()).await.map_err(node)?.is_none() {
        service.node.process(&block, Some(subtype)).await.map_err(node)?;
    }
    if !is_confirmed_in_time(service, &block).await {
        return Err(unpaid());
    }
    let mut state = service.state();
    // Another request with the same block may have been faster.
    let credited = state.orders.get(&id).and_then(|order| order.credited);
    let balance = match credited {
        Some(balance) => balance,
        None => {
            let holder = state.holder_mut(&order.key)?;
            let more = i32::try_from(order.credits).unwrap_or(i32::MAX);
            holder.credits = holder.credits.saturating_add(more);
            holder.credits
        }
    };
    if let Some(order) = state.orders.get_mut(&id) {
        order.credited = Some(balance);
    }
    Ok(topped_up(order.credits, balance))
}

async fn is_confirmed_in_time(service: &Ifenpay, block: &SignedBlock) -> bool {
    let clock = service.node.clock().clone();
    let wait = Duration::from_millis(service.state().settings.topup_wait_ms);
    let deadline = clock.now().plus(wait);
    loop {
        let info = service.node.block_info(block.hash()).await.ok().flatten();
        if info.is_some_and(|info| info.confirmed) {
            return true;
        }
        if clock.now() >= deadline {
            return false;
        }
        clock.sleep(LOOK).await;
    }
}

fn topped_up(credits: u32, balance: i32) -> Value {
    json!({ "topped_up_credits": credits, "new_credits_balance": balance })
}

fn price_of(credit: Raw, credits: u32) -> Result<Raw, Refusal> {
    let price = credit.get().checked_mul(u128::from(credits));
    price.map(Raw::new).ok_or_else(|| Refusal::of("PRICE_CALCULATION_ERROR"))
}

const TIERS: [u32; 9] = [10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000];
const LOOK: Duration = Duration::from_millis(20);
