//! The figures of the guard: `cargo bench --bench guard`, `-- --payments=10000` for a smaller large store.
//!
//! What a decision costs is stated for disks of a millisecond and more: once a store is filled, it is measured on the
//! disk as it is, and with syncs that wait until one and two milliseconds are over.
//!
//! A durable, auto-approved decision beside an fsync of the same disk, on a store with a thousand settled payments and
//! on one with a million, and what a report and a list of mandates cost there. Nothing here is a test: a slow machine
//! is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use paywarden::books::{Body, DecidedStage, Event, NewPayment, Settlement};
use paywarden::clock::{Millis, SystemClock};
use paywarden::digest::Digest;
use paywarden::engine::{Amount, Engine, Order, Parts, Rhythm, Span};
use paywarden::ids::{PaymentId, WalletId};
use paywarden::money::{Currency, Money, Raw};
use paywarden::nano::{
    Account, BlockHash, Link, Network, PrivateKey, Seed, Signature, SignedBlock, StateBlock,
    Subtype,
};
use paywarden::operations::guard::ListMandates;
use paywarden::operations::operator::Report;
use paywarden::operations::{Caller, Context, Operation, ProgressSink};
use paywarden::payment::{BlockIntent, Intent, PublishVia, step};
use paywarden::policy::{Charge, Claims, Outcome, Payee, Policy, Rail, ReasonCode, Request, Rule};
use paywarden::sandbox::nano::{Config, SandboxNode};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use redb::StorageBackend;
use redb::backends::FileBackend;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SMALL: u64 = 1_000;
const LARGE: u64 = 1_000_000;
/// Payments of one commit while a store is filled.
const PAGE: u64 = 500;
/// For each disk; fewer than may wait for one account, with all disks.
const DECISIONS: u64 = 80;
/// Least milliseconds of a sync.
const DISKS: [u64; 3] = [0, 1, 2];
const READS: usize = 200;
const FSYNCS: usize = 200;
const SEED: [u8; 32] = [0x51; 32];
const BALANCE: u128 = 300_000_000 * Raw::ONE_XNO.get();

fn main() {
    let given = |name: &str| {
        std::env::args().find_map(|arg| {
            let number = arg.strip_prefix(name)?.strip_prefix('=')?;
            Some(number.parse::<u64>().expect("a whole number"))
        })
    };
    let payments = given("--payments").unwrap_or(LARGE);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    println!("| figure | p50 | p99 | |");
    println!("|---|---|---|---|");
    runtime.block_on(async {
        let small = measure(SMALL).await;
        let large = measure(payments).await;
        println!();
        for (disk, (large, small)) in DISKS.iter().zip(large.iter().zip(small)) {
            let ratio = large / small;
            println!("p50 of the large store over that of the small one, {disk} ms: {ratio:.2}");
        }
    });
}

/// Gives the p50 of a decision on each disk, in fsyncs of it.
async fn measure(payments: u64) -> [f64; DISKS.len()] {
    // Beside the build, not in memory: `/tmp` is no disk on some machines.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let began = Instant::now();
    let pause = Arc::default();
    let store = open(dir.path(), Arc::clone(&pause));
    fill(&store, payments);
    let took = began.elapsed().as_secs_f64();
    let size = std::fs::metadata(dir.path().join("wallet.redb")).map_or(0, |file| file.len());
    println!(
        "| a store of {payments} settled payments | | | {} events, {} MiB, filled in {took:.0} s |",
        store.head().seq,
        size >> 20
    );
    let engine = Arc::new(engine(store));
    row("one fsync of a 4 KiB append on this disk", fsyncs(dir.path(), FSYNCS, Duration::ZERO), "");
    let mut decided = [0.0; DISKS.len()];
    let mut first = payments;
    for (disk, decided) in DISKS.iter().zip(&mut decided) {
        let fsync = Duration::from_millis(*disk);
        pause.store(fsync.as_micros() as u64, Ordering::Relaxed);
        let (mut took, mut syncs) = (Vec::new(), Vec::new());
        for number in first..first + DECISIONS {
            let asked = Instant::now();
            engine.pay(order(number)).await.expect("an answer");
            took.push(asked.elapsed());
            // The disk is another from one second to the next: it is measured in between.
            syncs.extend(fsyncs(dir.path(), 1, fsync));
        }
        first += DECISIONS;
        let sync = row(&format!("one fsync between decisions, at least {disk} ms"), syncs, "");
        *decided = median(&mut took) / sync;
        let note = format!("{decided:.2} fsync at p50 (bar 2.3)");
        row(&format!("durable auto-approved decision at {payments} payments"), took, &note);
    }
    let context = context(engine);
    let mut took = Vec::with_capacity(READS);
    for _ in 0..READS {
        let asked = Instant::now();
        Report::default().run(&context).await.expect("a report");
        took.push(asked.elapsed());
    }
    row(&format!("`report` at {payments} payments"), took, "bar 5 ms");
    let mut took = Vec::with_capacity(READS);
    for _ in 0..READS {
        let asked = Instant::now();
        ListMandates {}.run(&context).await.expect("a list");
        took.push(asked.elapsed());
    }
    row(&format!("`list_mandates` at {payments} payments"), took, "bar 5 ms");
    replay(&context.engine, payments).await;
    decided
}

/// What goes through the whole ledger, once.
async fn replay(engine: &Engine, payments: u64) {
    let cancelled = CancellationToken::new();
    let began = Instant::now();
    let policy = Policy { payments_per_minute_overall: 0, ..Policy::sandbox() };
    let found = engine.simulate(policy, Span::Since(1), &cancelled).await.expect("a simulation");
    let took = began.elapsed();
    let rate = found.requests as f64 / took.as_secs_f64();
    let note = format!("{rate:.0} requests/s");
    row(&format!("`policy simulate` of all {payments} payments"), vec![took], &note);
    let began = Instant::now();
    engine.counted_since(Millis(0), &cancelled).await.expect("a count");
    row(&format!("`report --since` of all {payments} payments"), vec![began.elapsed()], "");
}

/// Settled payments under one mandate; then one that is held and keeps the account busy, so that the decisions that
/// are measured queue behind it and ask no node.
fn fill(store: &Store, payments: u64) {
    let policy =
        Policy { payments_per_minute: 0, payments_per_minute_overall: 0, ..Policy::sandbox() };
    let policy_hash = policy.hash();
    let (cap, account) = (json!({ "amount": BALANCE.to_string(), "currency": "XNO" }), account());
    let mandate =
        json!({ "id": "m", "cap": cap, "window": { "cap": cap, "durationMs": 3_600_000 } });
    let mandate = Box::new(serde_json::from_value(mandate).expect("a mandate"));
    let mut chain = LaneChain {
        head: BlockHash::from_bytes([7; 32]),
        balance: BALANCE,
        signature: key().sign(&BlockHash::from_bytes([7; 32])),
        policy_hash,
    };
    let blocks = 1;
    let signer = LedgerSigner::from_bytes(&[1; 32]);
    let wallet_id = WalletId(Uuid::from_u128(1));
    let ledger_key = signer.public_pem();
    commit(
        store,
        vec![
            Body::WalletCreated { wallet_id, network: Network::Sandbox, ledger_key }.into(),
            Body::PolicyLoaded { policy, policy_hash }.into(),
            Body::MandateCreated { mandate, version: 1, proposal_id: None }.into(),
            Body::AccountAdded { index: 0, account }.into(),
            Body::LaneAdopted {
                account,
                block_hash: chain.head,
                balance_raw: Raw::new(BALANCE),
                blocks,
            }
            .into(),
        ],
    );
    for page in 0..payments.div_ceil(PAGE) {
        let numbers = page * PAGE..((page + 1) * PAGE).min(payments);
        commit(store, numbers.flat_map(|number| chain.settled(number)).collect());
    }
    commit(store, chain.held(u64::MAX));
}

/// The chain of the one account, in blocks nobody will publish.
struct LaneChain {
    head: BlockHash,
    balance: u128,
    signature: Signature,
    policy_hash: Digest,
}

impl LaneChain {
    fn settled(&mut self, number: u64) -> Vec<Event> {
        let mut events = self.held(number);
        let id = payment_id(number);
        let amount = amount(number);
        self.balance -= amount.get();
        let block = StateBlock {
            account: account(),
            previous: self.head,
            representative: account(),
            balance: Raw::new(self.balance),
            link: Link::from_bytes(*payee().as_bytes()),
        };
        let intent = BlockIntent {
            attempt: 1,
            block: SignedBlock { block, signature: self.signature, work: None },
            subtype: Subtype::Send,
            amount_raw: amount,
            signed_at_ms: Millis(1),
        };
        self.head = intent.hash();
        let settlement = Settlement {
            rail: Rail::Nano,
            reference: self.head.into(),
            settled_amount: Money::xno(amount),
        };
        let mandate_id = Some("m".to_owned());
        events.push(Event::of(
            id,
            Body::PaymentIntent { block_hash: Some(self.head), intent: Intent::Block(intent) },
        ));
        events.push(Event::of(id, Body::PaymentSettled { settlement, mandate_id }));
        events
    }

    fn held(&self, number: u64) -> Vec<Event> {
        let (id, amount) = (payment_id(number), amount(number));
        let request = Request {
            payment_id: id,
            agent_id: Some("shopper".to_owned()),
            rail: Rail::Nano,
            amount: Money::xno(amount),
            payee: Payee { address: payee().to_string(), label: None },
            mandate_id: Some("m".to_owned()),
            claims: Claims::default(),
            cart: None,
            terms: None,
        };
        let requested = Body::PaymentRequested(Box::new(NewPayment {
            operation: "wallet.send".to_owned(),
            request,
            account: Some(account()),
            memo: None,
            call_id: id.0,
            idempotency_key: None,
            fingerprint: Digest::GENESIS,
            publish_via: PublishVia::Node,
            purchase: None,
            purpose: None,
        }));
        let rule = |rule: &str| Rule {
            rule: rule.to_owned(),
            pass: true,
            detail: "0.001 XNO of at most 2 XNO".to_owned(),
        };
        let decided = Body::PolicyDecided {
            stage: DecidedStage::New,
            outcome: Outcome::Allow,
            reason_code: ReasonCode::Allowed,
            reason: "Within what agents may do alone".to_owned(),
            rules: vec![rule("hard_limit"), rule("mandate_cap"), rule("auto_approve")],
            would_pass: None,
            policy_hash: self.policy_hash,
            mandate_version: Some(1),
            charge: Some(Charge { currency: Currency::XNO, units: amount.get() }),
            remaining: vec!["299999999 XNO of 300000000 XNO".to_owned()],
        };
        vec![Event::of(id, requested), Event::of(id, decided)]
    }
}

fn engine(store: Store) -> Engine {
    let clock = Arc::new(SystemClock);
    let config = Config { confirmation_delay: Duration::from_secs(1), latency: Duration::ZERO };
    Engine::new(Parts {
        store,
        node: Arc::new(SandboxNode::new(config, clock.clone())),
        confirmations: None,
        keystore: Arc::new(Keystore::new(Network::Sandbox, &Seed::from_bytes(SEED), 1)),
        key_file: None,
        work: WorkPool::new(Network::Sandbox.thresholds().epoch_2_send, 0, None),
        clock,
        rhythm: Rhythm::SANDBOX,
        representative: Network::Sandbox.genesis_account(),
        step,
        anchor: None,
        ledger_key: None,
    })
}

fn order(number: u64) -> Order {
    Order {
        call_id: payment_id(number).0,
        operation: "wallet.send",
        agent_id: Some("shopper".to_owned()),
        destination: payee(),
        label: None,
        amount: Amount::Exact(amount(number)),
        mandate_id: Some("m".to_owned()),
        memo: None,
        account: account(),
        idempotency_key: None,
        publish_via: PublishVia::Node,
        purpose: None,
    }
}

fn context(engine: Arc<Engine>) -> Context {
    Context {
        engine,
        call_id: Uuid::from_u128(5),
        caller: Caller::Operator,
        progress: ProgressSink::default(),
        cancelled: CancellationToken::new(),
    }
}

/// No two payments are alike, so that none is a suspected duplicate.
fn amount(number: u64) -> Raw {
    Raw::new(Raw::ONE_XNO.get() / 1_000 + u128::from(number))
}

/// In the order of time, as real ones are.
fn payment_id(number: u64) -> PaymentId {
    PaymentId(Uuid::from_u128((0x0199_0000_0000 << 80) + u128::from(number)))
}

fn key() -> PrivateKey {
    Seed::from_bytes(SEED).derive(0)
}

fn account() -> Account {
    key().account()
}

fn payee() -> Account {
    PrivateKey::from_bytes([9; 32]).account()
}

/// A file whose syncs take so many microseconds at least.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    pause: Arc<AtomicU64>,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let began = Instant::now();
        self.file.sync_data()?;
        rest(began, Duration::from_micros(self.pause.load(Ordering::Relaxed)));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}

/// Waits for the end of `whole` since `began`.
fn rest(began: Instant, whole: Duration) {
    std::thread::sleep(whole.saturating_sub(began.elapsed()));
}

fn open(dir: &Path, pause: Arc<AtomicU64>) -> Store {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(dir.join("wallet.redb")).expect("a file");
    let file = FileBackend::new(file).expect("a file of one's own");
    let engine = RedbEngine::with_backend(Disk { file, pause }).expect("a store");
    let signer = LedgerSigner::from_bytes(&[1; 32]);
    let guards = Guards { clock: Arc::new(SystemClock), signer, anchor: None, marker: None };
    Store::open(Arc::new(engine), guards, false).expect("a store")
}

fn commit(store: &Store, events: Vec<Event>) {
    let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
    // Out of the runtime's budget, which would have it wait after many commits in one go.
    let waiting = std::pin::pin!(tokio::task::unconstrained(commit));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // An inline store commits while it is first polled.
    let std::task::Poll::Ready(done) = waiting.poll(&mut context) else {
        unreachable!("an inline store never waits");
    };
    done.expect("the events fit");
}

fn fsyncs(dir: &Path, count: usize, fsync: Duration) -> Vec<Duration> {
    let path = dir.join("fsync");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    let took = (0..count).map(|_| {
        let began = Instant::now();
        file.write_all(&[0; 4096]).expect("room");
        file.sync_data().expect("a disk");
        rest(began, fsync);
        began.elapsed()
    });
    took.collect()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) / 2].as_secs_f64()
}

/// Prints p50 and p99, gives the p50 in seconds.
fn row(name: &str, mut times: Vec<Duration>, note: &str) -> f64 {
    let p50 = median(&mut times);
    let p99 = times[(times.len() - 1) * 99 / 100].as_secs_f64();
    println!("| {name} | {:.3} ms | {:.3} ms | {note} |", p50 * 1e3, p99 * 1e3);
    p50
}
