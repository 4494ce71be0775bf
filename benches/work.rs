//! The figures of proof of work, block signatures and the ledger's chain: `cargo bench --bench work`.
//!
//! Processor time of one thread, best of several runs. Peers are measured by `benches/peers/work`. Nothing here is a
//! test: a slow machine is not an error.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::hint::black_box;
use std::time::Duration;

use paywarden::clock::Millis;
use paywarden::ledger::{Chain, Head};
use paywarden::money::Raw;
use paywarden::nano::work::Kernel;
use paywarden::nano::{Account, BlockHash, Link, PrivateKey, Root, SignedBlock, StateBlock};
use serde_json::{Map, json};

const RUNS: usize = 5;
const HASHES: u64 = 1 << 20;
const TIMES: u64 = 2_000;

fn main() {
    println!("| figure | a second | each |");
    println!("|---|---|---|");
    let root = Root::from_bytes([7; 32]);
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        row(&format!("hashes of proof of work, {kernel}"), HASHES, || {
            black_box(kernel.scan(&root, 0, HASHES, u64::MAX));
        });
    }
    let key = PrivateKey::from_bytes([3; 32]);
    let account = key.account();
    let block = |number: u64| block(account, number);
    row("blocks hashed and signed", TIMES, || {
        for number in 0..TIMES {
            black_box(key.sign(&block(number).hash()));
        }
    });
    let seal =
        |block: StateBlock| SignedBlock { block, signature: key.sign(&block.hash()), work: None };
    let signed: Vec<_> = (0..TIMES).map(|number| seal(block(number))).collect();
    row("blocks hashed and verified", TIMES, || {
        assert!(signed.iter().all(SignedBlock::verify), "our own signatures");
    });
    row("events put into the ledger's chain, unsigned and not yet on disk", TIMES, || {
        let start = Millis(1_795_233_600_000);
        let mut chain = Chain::new(Head::GENESIS, start);
        for number in 0..TIMES {
            let mut data = Map::new();
            data.insert("amountRaw".to_owned(), json!(number.to_string()));
            data.insert("reason".to_owned(), json!("x".repeat(300)));
            let at = Millis(start.0 + number);
            black_box(chain.append(at, "policy.decided", None, data, None).expect("fits"));
        }
    });
}

fn row(name: &str, count: u64, mut work: impl FnMut()) {
    let best = (0..RUNS).map(|_| {
        let started = cpu_time();
        work();
        cpu_time() - started
    });
    let best = best.min().expect("at least one run").as_secs_f64();
    let each = best / count as f64;
    println!("| {name} | {:.0} | {:.3} us |", 1.0 / each, each * 1e6);
}

fn block(account: Account, number: u64) -> StateBlock {
    StateBlock {
        account,
        previous: BlockHash::from_bytes([5; 32]),
        representative: account,
        balance: Raw::new(u128::from(number)),
        link: Link::from(account),
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
