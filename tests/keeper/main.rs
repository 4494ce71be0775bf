//! Many processes, one wallet: the keeper, those that forward to it, and what happens when it is killed, stopped or
//! replaced. Spawned binaries on one home, as two hosts and an owner run them.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod beside;
mod files;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod takeover;
mod together;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{Home, SHOP, Server, soon};

/// A server that has the wallet open, and one that forwards to it.
fn keeper_and_forwarder(home: &Home) -> (Server, Server) {
    let mut keeper = home.initialized();
    keeper.has_balance("100.0");
    let mut forwarder = home.initialized();
    forwarder.has_balance("100.0");
    assert_eq!(holder(home), keeper.pid());
    (keeper, forwarder)
}

/// Who has the lock, by its own word.
fn holder(home: &Home) -> u32 {
    std::fs::read_to_string(home.file("wallet.lock")).unwrap().trim().parse().unwrap()
}

/// Sends a signal and waits for nothing.
fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, signal).unwrap();
}

fn keyed(amount: &str, key: &str) -> Value {
    json!({ "recipient_address": SHOP, "amount": amount, "idempotency_key": key })
}

/// Begins a send and does not wait for it.
fn begin(server: &mut Server, amount: &str, key: &str) -> u64 {
    let meta = json!({ "progressToken": key });
    let params = json!({ "name": "wallet_send", "arguments": keyed(amount, key), "_meta": meta });
    server.request("tools/call", params)
}

/// What a send that was begun came to.
fn ended(server: &mut Server, id: u64) -> Value {
    let found = server.said.iter().find(|said| said["id"] == id && said.get("method").is_none());
    let answer = found.cloned();
    answer.unwrap_or_else(|| server.answer(id))["result"].clone()
}

/// Payments the network has seen go to the shop.
fn blocks_to_shop(home: &Home) -> usize {
    let text = std::fs::read_to_string(home.file("sandbox-nano.jsonl")).unwrap();
    text.matches(&format!("\"link_as_account\":\"{SHOP}\"")).count()
}

fn is_sound(home: &Home) {
    let report = home.json(&["ledger", "verify", "--deep"]);
    assert_eq!(report["ok"], true, "{report}");
}
