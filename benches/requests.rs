//! Ten thousand open payment requests in one server: what a status costs, how soon a payment is matched, what is held.
//!
//! `cargo bench --bench requests` prints one table (`-- --requests=N` for fewer). Nothing here is a test: a slow machine
//! is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says where")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Home, Server};

const REQUESTS: usize = 10_000;
const LOOKS: usize = 1_000;
const PAYMENTS: usize = 20;
/// Requests on their way at one time.
const PIPELINE: usize = 64;

fn main() {
    let wanted = std::env::args().find_map(|word| word.strip_prefix("--requests=")?.parse().ok());
    let requests: usize = wanted.unwrap_or(REQUESTS);
    let home = Home::new();
    let mut server = home.initialized();
    let account = server.facts("wallet_balance", json!({}))["account"].clone();
    let before = rss_kib(&server);
    let (ids, made_in) = make(&mut server, requests);
    let after = rss_kib(&server);
    let looks: Vec<Duration> = (0..LOOKS)
        .map(|nth| {
            let id = &ids[nth * 7_919 % ids.len()].0;
            let asked = Instant::now();
            server.facts("payment_status", json!({ "transaction_id": id }));
            asked.elapsed()
        })
        .collect();
    let matched: Vec<Duration> =
        (0..PAYMENTS).map(|nth| pay(&mut server, &account, &ids[nth * 499 % ids.len()])).collect();
    println!("| figure at {requests} open requests | p50 | p99 |");
    println!("|---|---|---|");
    row("`payment_status`", looks);
    row("from a payment's settled answer to its request being paid", matched);
    println!(
        "\nmade in {:.1} s; resident memory {} KiB before, {after} KiB after",
        made_in.as_secs_f64(),
        before
    );
    server.end();
}

fn make(server: &mut Server, requests: usize) -> (Vec<(Value, Value)>, Duration) {
    let started = Instant::now();
    let mut open = std::collections::VecDeque::new();
    let mut ids = Vec::with_capacity(requests);
    for nth in 0..requests {
        let arguments =
            json!({ "amount": format!("0.0{}1", nth % 9), "expires_in_seconds": 86_400 });
        let params = json!({ "name": "payment_request", "arguments": arguments });
        open.push_back(server.request("tools/call", params));
        if open.len() == PIPELINE {
            ids.push(take(server, open.pop_front().unwrap()));
        }
    }
    while let Some(id) = open.pop_front() {
        ids.push(take(server, id));
    }
    (ids, started.elapsed())
}

/// Answers may come in any order; those that came early were kept.
fn take(server: &mut Server, id: u64) -> (Value, Value) {
    let mut newest = server.said.iter().rev().take(4 * PIPELINE);
    let early = newest.find(|message| message["id"] == id).cloned();
    let answer = early.unwrap_or_else(|| server.answer(id));
    let facts = &answer["result"]["structuredContent"];
    assert!(facts["transaction_id"].is_string(), "{answer}");
    (facts["transaction_id"].clone(), facts["amount"].clone())
}

fn pay(server: &mut Server, account: &Value, (id, amount): &(Value, Value)) -> Duration {
    let key = format!("pay {id}");
    let order = json!({ "recipient_address": account, "amount": amount, "idempotency_key": key });
    assert_eq!(server.send(order)["status"], "settled");
    let settled = Instant::now();
    let look = json!({ "transaction_id": id, "wait_ms": 20_000 });
    assert_eq!(server.facts("payment_status", look)["is_paid"], true);
    settled.elapsed()
}

fn rss_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()));
    let status = status.unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn row(figure: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
    println!("| {figure} | {:.2} ms | {:.2} ms |", at(50), at(99));
}
