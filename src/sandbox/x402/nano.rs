//! Payments in Nano: a signed block that the seller publishes.
//!
//! Must never take a block the network would not take, or one that sends another amount than asked.

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::Reason;
use super::state::Sellers;
use crate::money::Raw;
use crate::nano::work;
use crate::nano::{Account, Network, Root, SignedBlock, Subtype, Work};
use crate::network::Node;

/// A hundredth of an XNO.
pub(super) fn entry() -> Value {
    json!({
        "scheme": "exact", "network": NETWORK, "amount": "10000000000000000000000000000",
        "asset": "XNO", "payTo": Sellers::nano_account(), "maxTimeoutSeconds": 60,
        "extra": { "work": "required", "workThreshold": Network::Dev.thresholds().epoch_2_send },
    })
}

/// As the wallet calls the sandbox's network.
pub(super) const NETWORK: &str = "nano:sandbox";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    block: Value,
}

/// The block of a payload.
pub(super) fn read(payload: &Value) -> Result<SignedBlock, Reason> {
    let Payload { mut block } = Payload::deserialize(payload).map_err(|_| "invalid_payload")?;
    let fields = ["type", "account", "previous", "representative", "balance", "link", "signature"];
    if fields.iter().any(|field| !block[*field].is_string()) {
        return Err("invalid_payload");
    }
    let is_workless = block["work"] == "0";
    if is_workless && let Some(block) = block.as_object_mut() {
        block.remove("work");
    }
    let named = block["link_as_account"].as_str().map(str::to_owned);
    let mut signed: SignedBlock =
        serde_json::from_value(block).map_err(|_| "invalid_exact_nano_payload_block")?;
    if named.is_some_and(|named| named != signed.block.link.as_account().to_string()) {
        return Err("invalid_exact_nano_payload_link_as_account");
    }
    if is_workless {
        signed.work = Some(solve(&signed.block.root()));
    }
    Ok(signed)
}

/// Whether the block sends just `amount` to `pay_to` from a confirmed head.
pub(super) async fn verify(
    sellers: &Sellers,
    signed: &SignedBlock,
    pay_to: &Account,
    amount: u128,
) -> Result<Account, Reason> {
    let block = &signed.block;
    if block.link.as_account() != *pay_to {
        return Err("invalid_exact_nano_payload_recipient_mismatch");
    }
    if !signed.verify() {
        return Err("invalid_exact_nano_payload_signature");
    }
    let threshold = Network::Dev.thresholds().epoch_2_send;
    if !signed.work.is_some_and(|work| threshold.is_met_by(work, &block.root())) {
        return Err("invalid_exact_nano_payload_work");
    }
    let info = sellers.node.account_info(block.account).await;
    let info = info.map_err(|_| "unexpected_verify_error")?.ok_or("insufficient_funds")?;
    if info.frontier != block.previous || info.confirmed_frontier != Some(block.previous) {
        return Err("invalid_exact_nano_payload_previous");
    }
    match info.balance.checked_sub(block.balance) {
        Some(sent) if sent == Raw::new(amount) => Ok(block.account),
        _ => Err("invalid_exact_nano_payload_amount"),
    }
}

/// Publishes the block; gives its hash.
pub(super) async fn settle(sellers: &Sellers, signed: &SignedBlock) -> Result<String, Reason> {
    let published = sellers.node.process(signed, Some(Subtype::Send)).await;
    published.map(|_| signed.hash().to_string()).map_err(|_| "invalid_transaction_state")
}

/// What a seller does for a payer who leaves the work to it.
fn solve(root: &Root) -> Work {
    work::generate(root, Network::Dev.thresholds().epoch_2_send, 0)
}
