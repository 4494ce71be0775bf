//! P14: a day of payments on a virtual clock, with restarts: the books equal the network, the ledger verifies, and the
//! wallet's memory does not grow with what it has paid.
//!
//! The network here forgets all but its last blocks and the store is a file, so that what grows is the wallet.
//! `PAYWARDEN_SOAK=1000000` for the full run, in a release build.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Body, Event};
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Pace, Parts, Rhythm};
use paywarden::money::{Currency, Raw};
use paywarden::nano::{Account, BlockHash, Network, Seed, SignedBlock, Subtype};
use paywarden::network::{
    AccountBalance, AccountInfo, BlockInfo, HistoryPage, Node, NodeError, Receivable,
};
use paywarden::payment::{IdempotencyKey, Status, step};
use paywarden::policy::Policy;
use paywarden::sandbox::clock::VirtualClock;
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use uuid::Uuid;

use crate::crash::{SEED, Scene, XNO, base, key, order, run};
use crate::dice::{Dice, number};

const ALONE: &str = "PAYWARDEN_SOAK_ALONE";
const DAY_MS: u64 = 86_400_000;
const LIVES: u64 = 10;
/// What the allocator and the store's cache may still take in the second half of the run, in KiB.
const GROWTH_KIB: u64 = 8 * 1024;
/// The part of a payment that is no more than counting, in raw.
const SMALL: u64 = 1_000_000_000;

#[test]
fn p14_a_day_of_payments_leaves_books_true_and_memory_flat() {
    if number(ALONE, 0) == 0 {
        return in_a_process_of_its_own();
    }
    let (payments, seed) = (number("PAYWARDEN_SOAK", 2_000), number("PAYWARDEN_SEED", 0x50a4));
    // What is in memory on this path costs no fsync and is not the process's own.
    let shared = Path::new("/dev/shm");
    let dir = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    let dir = dir.unwrap();
    let began = SystemClock.now();
    let soak = run(soak(dir.path(), payments, seed));
    let took = SystemClock.now().since(began);
    println!(
        "P14: {payments} payments over {} simulated hours, {LIVES} processes, store {} KiB, memory {} KiB after half and {} KiB at the end, {took:?}, seed {seed:#x}",
        soak.simulated.as_secs() / 3_600,
        soak.store_kib,
        soak.half_kib,
        soak.end_kib,
    );
    let grown = soak.end_kib.saturating_sub(soak.half_kib);
    assert!(grown <= GROWTH_KIB, "grown by {grown} KiB");
}

/// The memory of this process is also that of the tests beside this one.
fn in_a_process_of_its_own() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "soak::p14_a_day_of_payments_leaves_books_true_and_memory_flat";
    let output = command.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("P14: "), "{said}{errors}");
    said.lines().filter(|line| line.starts_with("P14: ")).for_each(|line| println!("{line}"));
}

struct Soak {
    simulated: Duration,
    store_kib: u64,
    half_kib: u64,
    end_kib: u64,
}

async fn soak(dir: &Path, payments: u64, seed: u64) -> Soak {
    let (clock, node, path) = start(dir).await;
    let began = clock.now();
    let (mut paid, mut dice, mut half_kib) = (0_u128, Dice(seed), 0);
    let mut engine = open(&path, &node, &clock);
    for number in 1..=payments {
        let amount = 1 + u128::from(dice.below(SMALL));
        let mut order = order(amount);
        order.call_id = Uuid::from_u128(number.into());
        order.idempotency_key = Some(IdempotencyKey::try_from(format!("soak {number}")).unwrap());
        let id = engine.pay(order).await.unwrap().payment.id();
        let mut steps = 0;
        while engine.paid(id).unwrap().payment.state.status() != Status::Settled {
            if let Pace::After(pause) = engine.drive_lane(key().account()).await.unwrap() {
                clock.advance(pause.min(Duration::from_millis(20)));
            }
            steps += 1;
            assert!(steps < 100, "payment {number} does not settle");
        }
        paid += amount;
        clock.advance(Duration::from_millis(dice.below(2 * DAY_MS / payments)));
        if number == payments / 2 {
            half_kib = resident_kib();
        }
        if number % (payments / LIVES).max(1) == 0 {
            drop(engine);
            engine = open(&path, &node, &clock);
            check(&engine, &node, number, paid);
        }
    }
    let end_kib = resident_kib();
    let audit = engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "{:?}", audit.report);
    let store_kib = std::fs::metadata(&path).unwrap().len() / 1_024;
    Soak { simulated: clock.now().since(began), store_kib, half_kib, end_kib }
}

/// The books equal the network.
fn check(engine: &Engine, node: &Forgetful, number: u64, paid: u128) {
    let account = key().account();
    let read = engine.store().read(|view| {
        Ok((view.lane(&account)?.unwrap(), view.budget(Currency::XNO)?, view.counters()?))
    });
    let (lane, budget, counters) = read.unwrap();
    assert_eq!((budget.reserved, budget.settled), (0, paid), "after {number}");
    assert_eq!(counters.settled, number);
    let head = node.0.lock().unwrap().back().unwrap().clone();
    assert_eq!((lane.head, lane.balance), (head.contents.hash(), head.contents.block.balance));
    assert_eq!(lane.balance, Raw::new(10 * XNO - paid));
}

/// A wallet with 10 XNO in a file.
async fn start(dir: &Path) -> (VirtualClock, Arc<Forgetful>, std::path::PathBuf) {
    let (image, world) = base(Scene::Send).await;
    let mut bytes = vec![0; usize::try_from(image.len()).unwrap()];
    image.read(0, &mut bytes).unwrap();
    let path = dir.join("wallet.redb");
    std::fs::write(&path, bytes).unwrap();
    let blocks = world.node.blocks_of(&key().account());
    let blocks = blocks.iter().map(|hash| world.node.block(hash).unwrap());
    let (node, clock) = (Arc::new(Forgetful(Mutex::new(blocks.collect()))), world.clock.clone());
    let engine = open(&path, &node, &clock);
    let mut policy = Policy::sandbox();
    policy.payments_per_minute = 0;
    let policy_hash = policy.hash();
    let events: Vec<Event> = vec![Body::PolicyLoaded { policy, policy_hash }.into()];
    engine.store().commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    (clock, node, path)
}

fn open(path: &Path, node: &Arc<Forgetful>, clock: &VirtualClock) -> Engine {
    let signer = LedgerSigner::from_bytes(&[5; 32]);
    let guards = Guards { clock: Arc::new(clock.clone()), signer, anchor: None, marker: None };
    let engine = Arc::new(RedbEngine::open(path).unwrap());
    Engine::new(Parts {
        store: Store::open(engine, guards, false).unwrap(),
        node: Arc::clone(node) as Arc<dyn Node>,
        confirmations: None,
        keystore: Arc::new(Keystore::new(Network::Sandbox, &Seed::from_bytes(SEED), 1)),
        key_file: None,
        work: WorkPool::new(Network::Sandbox.thresholds().epoch_2_send, 0, None),
        clock: Arc::new(clock.clone()),
        rhythm: Rhythm::SANDBOX,
        representative: Network::Sandbox.genesis_account(),
        step,
        anchor: None,
        ledger_key: None,
    })
}

/// A network with one account, which takes sends in their order, confirms them at once and keeps the last few.
#[derive(Debug)]
struct Forgetful(Mutex<VecDeque<BlockInfo>>);

#[async_trait]
impl Node for Forgetful {
    async fn account_info(&self, account: Account) -> Result<Option<AccountInfo>, NodeError> {
        if account != key().account() {
            return Ok(None);
        }
        let head = self.0.lock().unwrap().back().unwrap().clone();
        let (frontier, block) = (head.contents.hash(), head.contents.block);
        Ok(Some(AccountInfo {
            frontier,
            open_block: None,
            balance: block.balance,
            representative: block.representative,
            block_count: head.height,
            confirmed_frontier: Some(frontier),
            confirmed_height: head.height,
            confirmed_balance: block.balance,
            receivable: Raw::ZERO,
            confirmed_receivable: Raw::ZERO,
        }))
    }

    async fn receivable(&self, _: Account, _: Raw, _: u32) -> Result<Vec<Receivable>, NodeError> {
        Ok(Vec::new())
    }

    async fn accounts_balances(
        &self,
        _: &[Account],
    ) -> Result<BTreeMap<Account, AccountBalance>, NodeError> {
        Ok(BTreeMap::new())
    }

    async fn account_history(
        &self,
        _: Account,
        _: Option<BlockHash>,
        _: u32,
    ) -> Result<HistoryPage, NodeError> {
        Ok(HistoryPage::default())
    }

    async fn block_info(&self, hash: BlockHash) -> Result<Option<BlockInfo>, NodeError> {
        let blocks = self.0.lock().unwrap();
        Ok(blocks.iter().rev().find(|info| info.contents.hash() == hash).cloned())
    }

    async fn process(
        &self,
        block: &SignedBlock,
        _: Option<Subtype>,
    ) -> Result<BlockHash, NodeError> {
        let refused = |message: &str| NodeError::Refused { message: message.to_owned() };
        if !block.verify() {
            return Err(refused("Bad signature"));
        }
        let mut blocks = self.0.lock().unwrap();
        let head = blocks.back_mut().unwrap();
        if block.block.previous != head.contents.hash() {
            return Err(refused("Fork"));
        }
        let amount = head.contents.block.balance.checked_sub(block.block.balance).unwrap();
        let hash = block.hash();
        head.successor = Some(hash);
        let (height, subtype) = (head.height + 1, Subtype::Send);
        let (contents, successor, confirmed) = (*block, None, true);
        blocks.push_back(BlockInfo { contents, amount, height, successor, confirmed, subtype });
        if blocks.len() > KEPT {
            blocks.pop_front();
        }
        Ok(hash)
    }
}

/// The memory of this process now.
fn resident_kib() -> u64 {
    // Not every system tells.
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

/// Blocks the network keeps.
const KEPT: usize = 64;
