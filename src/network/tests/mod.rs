//! The network client against the words of both nodes, and against nodes that fail, lag and lie.

mod answers;
mod pool;
mod work;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::fetch::tests::canned::{Answer, Canned};
use crate::fetch::{BaseUrl, Bounds, Client, Endpoint, PlainText, Settings};
use crate::nano::{Link, Network, PrivateKey, StateBlock};

fn key() -> PrivateKey {
    PrivateKey::from_bytes([7; 32])
}

/// A signed send of 1 raw with this much left; its previous is made up.
fn send(balance: u128) -> SignedBlock {
    let account = key().account();
    let block = StateBlock {
        account,
        previous: BlockHash::from_bytes([1; 32]),
        representative: account,
        balance: Raw::new(balance),
        link: Link::from(Account::from_bytes([9; 32])),
    };
    SignedBlock { block, signature: key().sign(&block.hash()), work: None }
}

fn endpoint(url: &str) -> Endpoint {
    BaseUrl::parse(url, PlainText::Loopback).unwrap().into()
}

/// One for all tests: it reads the machine's certificates, which takes its time.
fn client() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::new(Settings::default()));
    CLIENT.clone()
}

fn rpc(url: &str) -> Rpc {
    let bounds = Bounds { timeout: Duration::from_millis(400), body_bytes: 20_000 };
    Rpc::with_bounds(client(), endpoint(url), bounds)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// A server that gives every request the same answer.
async fn always(answer: Answer) -> (Rpc, Canned) {
    let server = Canned::start(move |_| answer.clone()).await;
    (rpc(&server.url), server)
}

async fn saying(body: impl Into<String>) -> (Rpc, Canned) {
    always(Answer::json(body)).await
}

/// What the dev network's nodes say of the genesis account.
fn genesis() -> Value {
    let hash = Network::Dev.genesis_hash();
    json!({
        "frontier": hash, "open_block": hash, "representative_block": hash,
        "balance": Raw::MAX, "modified_timestamp": "0", "block_count": "1", "account_version": "0",
        "representative": Network::Dev.genesis_account(), "confirmed_balance": Raw::MAX,
        "confirmed_height": "1", "confirmed_frontier": hash, "receivable": "0", "pending": "0",
        "confirmed_receivable": "0", "confirmed_pending": "0"
    })
}

fn garbled<T: fmt::Debug>(answer: Result<T, NodeError>) -> bool {
    matches!(answer, Err(NodeError::Garbled { .. }))
}

fn unreachable<T: fmt::Debug>(answer: Result<T, NodeError>) -> bool {
    matches!(answer, Err(NodeError::Unreachable { .. }))
}

fn refused<T: fmt::Debug>(answer: Result<T, NodeError>) -> String {
    match answer {
        Err(NodeError::Refused { message }) => message,
        other => panic!("{other:?}"),
    }
}
