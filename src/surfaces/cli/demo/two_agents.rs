//! One agent asks to be paid and another pays, each with a wallet of its own, on one sandbox (seeds/000, example 6).

use std::path::Path;

use serde_json::json;

use super::Stage;
use super::host::{Host, Network};
use crate::surfaces::cli::run::text;

/// Lets it happen in homes below `home`, and tells of it.
pub(super) async fn play(stage: Stage<'_>, home: &Path) -> Result<Vec<String>, String> {
    let network = Network::start(stage, &home.join("network")).await?;
    let settings = ["--sandbox-url", network.url.as_str()];
    let (mut seller, _) = Host::start(stage, &home.join("seller"), &settings).await?;
    let (mut buyer, _) = Host::start(stage, &home.join("buyer"), &settings).await?;
    let account = seller.call("wallet_balance", json!({})).await?["account"].take();
    let ask = json!({ "receive_address": account, "amount": "0.001" });
    let asked = seller.call("payment_request", ask).await?;
    let held = buyer.call("wallet_balance", json!({})).await?;
    let pay = json!({ "recipient_address": account, "amount": asked["amount"] });
    let sent = buyer.call("wallet_send", pay).await?;
    let look = json!({ "transaction_id": asked["transaction_id"], "wait_ms": 20_000 });
    let paid = seller.call("payment_status", look).await?;
    if paid["is_paid"] != true || paid["block_hash"] != sent["block_hash"] {
        return Err(format!("the request is {paid}"));
    }
    seller.close().await?;
    buyer.close().await?;
    let amount = text(&asked, "amount");
    Ok(vec![
        format!("the seller asks for 0.001 XNO and names {amount} XNO, which no other request has"),
        format!("the buyer, who has {} XNO, pays it", text(&held, "balance")),
        format!("the seller: {}", text(&paid, "message")),
    ])
}
