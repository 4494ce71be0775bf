//! The figures of many processes on one wallet: `cargo bench --bench keeper`.
//!
//! A forwarded call that touches no disk, durable decisions through the socket, and reopening a large store after its
//! process was killed. Nothing here is a test: a slow machine is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use paywarden::books::Body;
use paywarden::clock::{Clock, SystemClock};
use paywarden::failure::Failure;
use paywarden::ids::time_ordered;
use paywarden::nano::Network;
use paywarden::operations::{Call, Caller, Gate, ProgressSink, Verdict};
use paywarden::policy::Policy;
use paywarden::process::{
    Boot, Home, Place, Reach, Serves, Surroundings, ThirdParties, WalletGate, World,
};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store, probe_file};
use paywarden::wallet::WorkMode;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const CALLS: usize = 2_000;
const CALLERS: usize = 64;
const DECISIONS: usize = 200;
const EVENTS: u64 = 1_000_000;
const FSYNCS: usize = 200;
const PAYEE: &str = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

fn main() {
    if let Some(dir) =
        std::env::args().find_map(|arg| arg.strip_prefix("--fill=").map(str::to_owned))
    {
        fill(Path::new(&dir));
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let home = tempfile::tempdir().expect("a temporary directory");
        println!("| figure | p50 | p99 | |");
        println!("|---|---|---|---|");
        row("one fsync of a 4 KiB append on this disk", fsyncs(home.path()), "");
        let keeper = Keeper::start(home.path());
        let gate = Arc::new(forwarder(home.path()));
        gate.open().await.expect("the keeper answers");
        row("forwarded call that touches no disk", forwarded(&gate).await, "");
        decisions(&gate).await;
        gate.close().await;
        drop(keeper);
        reopen();
    });
}

/// `paywarden serve` on a wallet whose policy has no rate limit.
struct Keeper(Child);

impl Keeper {
    fn start(home: &Path) -> Self {
        let program = env!("CARGO_BIN_EXE_paywarden");
        let made = Command::new(program).arg("status").env("PAYWARDEN_HOME", home).output();
        assert!(made.expect("the binary starts").status.success());
        lift_rate_limit(home);
        let child = Command::new(program)
            .arg("serve")
            .env("PAYWARDEN_HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let keeper = Self(child);
        while !home.join("socket").join("keeper").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        keeper
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A gate that only ever forwards: the keeper has the wallet.
fn forwarder(home: &Path) -> WalletGate {
    let boot = Boot {
        home: Home::new(home.to_owned()),
        network: Network::Sandbox,
        work_threads: 1,
        work_max_percent: 100,
        work_mode: WorkMode::PeersFirst,
        representative: None,
        reach: Reach::default(),
        third_parties: ThirdParties::default(),
        providers: paywarden::process::ProviderSettings::default(),
        anchor_command: None,
        unlock: None,
        clock: Arc::new(SystemClock),
        world: Arc::new(NoWorld),
    };
    WalletGate::new(boot, Serves::Itself)
}

#[derive(Debug)]
struct NoWorld;

impl World for NoWorld {
    fn check(&self, _: Network) -> Result<(), Failure> {
        Err(Failure::unavailable("NO_NETWORK", "the benchmark only forwards"))
    }

    fn describe(&self, network: Network, _: &Home, _: &Reach) -> Result<String, Failure> {
        self.check(network).map(|()| String::new())
    }

    fn surround(&self, place: &Place<'_>) -> Result<Surroundings, Failure> {
        self.check(place.network)?;
        Err(Failure::unavailable("NO_NETWORK", "the benchmark only forwards"))
    }
}

async fn forwarded(gate: &WalletGate) -> Vec<Duration> {
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let asked = Instant::now();
        gate.call(call("list_mandates", json!({}))).await.expect("an answer");
        took.push(asked.elapsed());
    }
    took
}

/// Denials are whole decisions: requested, decided and blocked, durable before they are answered.
async fn decisions(gate: &Arc<WalletGate>) {
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let gate = Arc::clone(gate);
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(DECISIONS);
                for _ in 0..DECISIONS {
                    let ask = json!({
                        "rail": "nano", "amount": "60000000000000000000000000000000",
                        "currency": "XNO", "payeeAddress": PAYEE,
                    });
                    let asked = Instant::now();
                    let answer = gate.call(call("request_payment", ask)).await.expect("an answer");
                    assert_eq!(answer.verdict, Verdict::Refused);
                    took.push(asked.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for caller in callers {
        took.extend(caller.await.expect("a caller"));
    }
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    let note = format!("{rate:.0} decisions/s, {CALLERS} callers");
    row("durable decision through the socket", took, &note);
}

fn call(operation: &str, arguments: Value) -> Call {
    let Value::Object(arguments) = arguments else { unreachable!("arguments are an object") };
    Call {
        id: time_ordered(SystemClock.now()),
        operation: operation.to_owned(),
        arguments,
        caller: Caller::Agent(None),
        agent_token: None,
        operator_secret: None,
        progress: ProgressSink::default(),
        cancelled: CancellationToken::new(),
    }
}

fn lift_rate_limit(home: &Path) {
    let pem = std::fs::read_to_string(home.join("ledger-key.pem")).expect("a key");
    let signer = LedgerSigner::from_pem(&pem).expect("a key");
    let store = open(home, signer);
    let policy =
        Policy { payments_per_minute: 0, payments_per_minute_overall: 0, ..Policy::sandbox() };
    let policy_hash = policy.hash();
    commit(&store, vec![Body::PolicyLoaded { policy, policy_hash }]);
}

fn open(dir: &Path, signer: LedgerSigner) -> Store {
    let engine = RedbEngine::open(&dir.join("wallet.redb")).expect("a store");
    let guards = Guards { clock: Arc::new(SystemClock), signer, anchor: None, marker: None };
    Store::open(Arc::new(engine), guards, false).expect("a store")
}

fn commit(store: &Store, bodies: Vec<Body>) {
    let events = bodies.into_iter().map(Into::into).collect();
    let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
    let waiting = std::pin::pin!(commit);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // An inline store commits while it is first polled.
    assert!(waiting.poll(&mut context).is_ready());
}

/// Fills a store and dies in the middle, as a killed process does.
fn fill(dir: &Path) -> ! {
    let store = open(dir, LedgerSigner::from_bytes(&[1; 32]));
    let page = 1_000;
    for _ in 0..EVENTS / page {
        let frozen = |_| Body::WalletFrozen { reason: "a reason of usual length".to_owned() };
        commit(&store, (0..page).map(frozen).collect());
    }
    std::process::abort()
}

fn reopen() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let program = std::env::current_exe().expect("this program");
    let filled = Command::new(program).arg(format!("--fill={}", dir.path().display())).status();
    assert!(!filled.expect("this program starts").success(), "it dies");
    let path = dir.path().join("wallet.redb");
    let began = Instant::now();
    probe_file(&path).expect("a store");
    let store = open(dir.path(), LedgerSigner::from_bytes(&[1; 32]));
    let took = vec![began.elapsed()];
    // The clock has its own event.
    assert!(store.head().seq >= EVENTS, "{:?}", store.head());
    let size = std::fs::metadata(&path).map_or(0, |file| file.len()) >> 20;
    row(&format!("reopening {EVENTS} events ({size} MiB) after a kill, probe included"), took, "");
}

fn fsyncs(dir: &Path) -> Vec<Duration> {
    let path = dir.join("fsync");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    let took = (0..FSYNCS)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[0; 4096]).expect("room");
            file.sync_data().expect("a disk");
            began.elapsed()
        })
        .collect();
    std::fs::remove_file(path).expect("our file");
    took
}

fn row(name: &str, mut times: Vec<Duration>, note: &str) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!("| {name} | {:.3} ms | {:.3} ms | {note} |", at(50), at(99));
}
