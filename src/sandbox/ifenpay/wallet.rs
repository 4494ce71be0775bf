//! Endpoints 1 to 6: registering, and the network as ifenpay shows it.
//!
//! Everything about the ledger is asked through the node's port, its faults included, and passed on in the words of
//! the catalogue.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Ifenpay;
use super::http::{Answer, Refusal, Request, account};
use crate::money::Raw;
use crate::nano::{BlockHash, Network, Seed, SignedBlock, Subtype};
use crate::network::{Node, NodeError};

/// A new seed, made here and sent over the wire, as the real one does it, and a key.
pub(super) fn create(service: &Ifenpay) -> Answer {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::of("DATABASE_ERROR"))?;
    let seed = Seed::from_bytes(bytes);
    let key = seed.derive(0);
    let address = key.account();
    Ok(json!({
        "address": address,
        "public_key": hex(address.as_bytes()),
        "private_key": hex(key.expose()),
        "wallet_private_seed": hex(seed.expose()),
        "api_key": service.state().register(address),
    }))
}

pub(super) async fn pending(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let account = account(request.word)?;
    service.state().check_bound(request.key, &account)?;
    let waiting = service.node.receivable(account, Raw::ZERO, u32::MAX).await.map_err(node)?;
    let hashes: Vec<BlockHash> = waiting.into_iter().map(|send| send.hash).collect();
    Ok(json!({ "blocks": { account.to_string(): hashes } }))
}

pub(super) async fn balance(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let account = account(request.word)?;
    service.state().check_bound(request.key, &account)?;
    let found = service.node.accounts_balances(&[account]).await.map_err(node)?;
    let found = found.get(&account).copied().unwrap_or_default();
    Ok(json!({
        "account": account,
        "balance": found.balance.to_xno(),
        "balance_raw": found.balance,
        "pending": found.receivable.to_xno(),
        "pending_raw": found.receivable,
    }))
}

pub(super) async fn account_info(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let account = account(request.word)?;
    service.state().check_bound(request.key, &account)?;
    let info = service.node.account_info(account).await.map_err(node)?;
    let info = info.ok_or_else(|| Refusal::rpc("Account not found"))?;
    let thresholds = Network::Dev.thresholds();
    Ok(json!({
        "frontier": info.frontier,
        "balance": info.balance,
        "representative": info.representative,
        "difficulty_send": thresholds.epoch_2_send.to_string(),
        "difficulty_receive": thresholds.epoch_2_receive.to_string(),
    }))
}

pub(super) async fn block_info(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let hash: BlockHash = request.word.parse().map_err(|_| Refusal::rpc("Invalid block hash"))?;
    let info = match service.node.block_info(hash).await {
        Ok(info) => info.ok_or_else(|| Refusal::rpc("Block not found"))?,
        Err(_) if hash == Network::Dev.genesis_hash() => return Ok(legacy()),
        Err(error) => return Err(node(error)),
    };
    Ok(json!({
        "block_account": info.contents.block.account,
        "amount": info.amount,
        "balance": info.contents.block.balance,
        "height": info.height.to_string(),
        "local_timestamp": "0",
        "confirmed": info.confirmed.to_string(),
        "contents": contents(&info.contents),
        "subtype": info.subtype,
    }))
}

#[derive(Deserialize)]
struct Published {
    subtype: Subtype,
    block: SignedBlock,
}

pub(super) async fn publish(service: &Ifenpay, request: &Request<'_>) -> Answer {
    let Published { subtype, block } = request.read()?;
    service.state().check_bound(request.key, &block.block.account)?;
    service.node.process(&block, Some(subtype)).await.map_err(node)?;
    Ok(json!({ "success": true }))
}

/// What became of its own request to the node.
pub(super) fn node(error: NodeError) -> Refusal {
    match error {
        NodeError::Refused { message } => Refusal::rpc(&message),
        NodeError::Garbled { .. } => Refusal::of("RPC_PARSE_ERROR"),
        NodeError::Unreachable { .. } => Refusal::of("RPC_REQUEST_ERROR"),
    }
}

/// The fields ifenpay shows, all of them texts.
fn contents(signed: &SignedBlock) -> Value {
    let mut shown = json!(signed);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("link_as_account");
    }
    shown
}

/// The genesis block, which is of before state blocks.
fn legacy() -> Value {
    json!({
        "block_account": Network::Dev.genesis_account(), "amount": Raw::MAX, "balance": Raw::MAX,
        "height": "1", "local_timestamp": "0", "confirmed": "true",
        "contents": { "type": "open", "account": Network::Dev.genesis_account() },
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
