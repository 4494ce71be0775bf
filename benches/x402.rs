//! What a payment by x402 costs beside its round trips: `cargo bench --bench x402`.
//!
//! The sandbox's sellers and their chain are served on loopback behind a relay that measures how long each request
//! waits for its answer; what is left of a payment is ours, the durable commits included. Nothing here is a test: a
//! slow machine is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use paywarden::books::{Body, Event};
use paywarden::clock::SystemClock;
use paywarden::engine::{Engine, Parts, Reach, Rhythm, Wish, X402Settings};
use paywarden::fetch::{AllowList, BaseUrl, Client, GuestClient, PlainText, Settings};
use paywarden::ids::{PaymentId, WalletId};
use paywarden::limits;
use paywarden::money::Money;
use paywarden::nano::{Network, Seed};
use paywarden::payment::{HttpCall, IdempotencyKey, Purchase, Status, step};
use paywarden::policy::{Claims, Payee, Policy, Rail, Request};
use paywarden::rails::x402::{Assets, ChainClient, ResourceRequest, SellerClient};
use paywarden::sandbox::nano::{Config, SandboxNode};
use paywarden::sandbox::{Service, serve_beside};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PAYMENTS: usize = 100;
const CHAIN: &str = "eip155:84532";

fn main() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    println!("| figure | p50 | p99 | |");
    println!("|---|---|---|---|");
    runtime.block_on(measure());
}

async fn measure() {
    // Beside the build, not in memory: `/tmp` is no disk on some machines.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let config = Config { confirmation_delay: Duration::from_millis(5), latency: Duration::ZERO };
    let node = SandboxNode::new(config, Arc::new(SystemClock));
    let serving = serve_beside(node.clone()).await.expect("the sandbox's services");
    let relay = Relay::start(serving.url(Service::X402)).await;
    let engine = engine(dir.path(), node, &relay.origin).await;
    row("one fsync of a 4 KiB append on this disk", fsyncs(dir.path(), PAYMENTS), "");
    row("asking a seller, without the wait for it: ours", asks(&relay).await, "");
    let (mut whole, mut waited, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PAYMENTS {
        let before = relay.waited();
        let began = Instant::now();
        let paid = engine.buy_x402(wish(&relay.origin, number)).await.expect("a payment");
        let never = CancellationToken::new();
        let wait = Duration::from_secs(20);
        let paid = engine.wait_for_payment(paid.payment.id(), wait, &never, |_, _| {}).await;
        let took = began.elapsed();
        let state = paid.expect("an answer").payment.state;
        assert_eq!(state.status(), Status::Settled, "{state:?}");
        let out = relay.waited().saturating_sub(before);
        whole.push(took);
        waited.push(out);
        ours.push(took.saturating_sub(out));
    }
    row(
        "a payment by x402, from the request to its settlement",
        whole,
        "two round trips, two questions to the chain",
    );
    row("of it: waiting for the seller and the chain", waited, "");
    row("of it: ours", ours, "bar 10 ms on a disk with an fsync of 2 ms");
    engine.stop().await;
}

/// What a request takes beside its wait: the client's part.
async fn asks(relay: &Relay) -> Vec<Duration> {
    let list = AllowList::parse(&relay.origin).expect("an origin");
    let client = SellerClient::new(GuestClient::new(Settings::default(), list));
    let url = format!("{}/v2/evm/weather", relay.origin);
    let request = ResourceRequest::new(client.guest(), None, &url, &[], None).expect("a request");
    let mut took = Vec::new();
    for _ in 0..PAYMENTS {
        let (before, began) = (relay.waited(), Instant::now());
        client.ask(&request).await.expect("a demand");
        took.push(began.elapsed().saturating_sub(relay.waited().saturating_sub(before)));
    }
    took
}

async fn engine(dir: &Path, node: SandboxNode, origin: &str) -> Arc<Engine> {
    let clock = Arc::new(SystemClock);
    let redb = RedbEngine::open(&dir.join("wallet.redb")).expect("a store");
    let signer = LedgerSigner::from_bytes(&[1; 32]);
    let ledger_key = signer.public_pem();
    let guards = Guards { clock: clock.clone(), signer, anchor: None, marker: None };
    let store = Store::open(Arc::new(redb), guards, true).expect("a store");
    let seed = Seed::from_bytes([0x51; 32]);
    let policy =
        Policy { payments_per_minute: 0, payments_per_minute_overall: 0, ..Policy::sandbox() };
    let policy_hash = policy.hash();
    let wallet_id = WalletId(Uuid::from_u128(1));
    let events: Vec<Event> = vec![
        Body::WalletCreated { wallet_id, network: Network::Sandbox, ledger_key }.into(),
        Body::PolicyLoaded { policy, policy_hash }.into(),
        Body::AccountAdded { index: 0, account: seed.derive(0).account() }.into(),
    ];
    store.commit::<(), (), _>(move |_| Ok((events, ()))).await.expect("the events fit");
    let engine = Engine::new(Parts {
        store,
        node: Arc::new(node),
        confirmations: None,
        keystore: Arc::new(Keystore::new(Network::Sandbox, &seed, 1)),
        key_file: None,
        work: WorkPool::new(Network::Sandbox.thresholds().epoch_2_send, 0, None),
        clock,
        rhythm: Rhythm::SANDBOX,
        representative: Network::Sandbox.genesis_account(),
        step,
        anchor: None,
        ledger_key: None,
    });
    let list = AllowList::parse(origin).expect("an origin");
    let rpc = BaseUrl::parse(&format!("{origin}/rpc"), PlainText::Loopback).expect("a URL");
    let chain = ChainClient::new(Client::new(Settings::default()), rpc.into(), CHAIN.to_owned());
    let sellers = SellerClient::new(GuestClient::new(Settings::default(), list));
    let reach = Arc::new(Reach { sellers, chains: vec![chain], example: None });
    let settings =
        X402Settings { reach, assets: Assets::pinned(), networks: None, downloads: None };
    let engine = Arc::new(engine.with_x402(settings));
    engine.start().expect("a start");
    engine
}

fn wish(origin: &str, number: usize) -> Wish {
    let url = format!("{origin}/v2/evm/weather");
    let amount = Money { amount: 10_000, currency: "USDC".parse().expect("a currency") };
    let call =
        HttpCall { method: "GET".into(), url: url.clone(), headers: BTreeMap::new(), body: None };
    Wish {
        call_id: Uuid::from_u128(1_000 + number as u128),
        operation: "request_payment",
        request: Request {
            payment_id: PaymentId(Uuid::nil()),
            agent_id: None,
            rail: Rail::X402,
            amount,
            payee: Payee { address: url, label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        },
        memo: None,
        idempotency_key: IdempotencyKey::try_from(format!("bench-{number}")).ok(),
        purchase: Purchase::X402(call),
        purpose: None,
    }
}

/// Passes bytes on in both directions, and adds up how long each request waited for its answer.
struct Relay {
    origin: String,
    waited_ns: Arc<AtomicU64>,
}

impl Relay {
    async fn start(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let waited_ns = Arc::new(AtomicU64::new(0));
        let total = Arc::clone(&waited_ns);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&upstream).await.expect("the sellers");
                tokio::spawn(pass(near, far, Arc::clone(&total)));
            }
        });
        Self { origin, waited_ns }
    }

    fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited_ns.load(Ordering::SeqCst))
    }
}

/// One connection: a request, then its answer, then the next one.
async fn pass(near: TcpStream, far: TcpStream, total: Arc<AtomicU64>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let asked = Mutex::new(Instant::now());
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let out = async {
        let mut bytes = vec![0; limits::X402_BODY_BYTES];
        while let Ok(count @ 1..) = from_near.read(&mut bytes).await {
            *asked.lock().expect("one holder") = Instant::now();
            if to_far.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    let back = async {
        let mut bytes = vec![0; limits::X402_BODY_BYTES];
        while let Ok(count @ 1..) = from_far.read(&mut bytes).await {
            let now = Instant::now();
            let began = std::mem::replace(&mut *asked.lock().expect("one holder"), now);
            let waited = u64::try_from((now - began).as_nanos()).unwrap_or(u64::MAX);
            total.fetch_add(waited, Ordering::SeqCst);
            if to_near.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = out => {}
        () = back => {}
    }
}

fn fsyncs(dir: &Path, count: usize) -> Vec<Duration> {
    let path = dir.join("fsync");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    let took = (0..count).map(|_| {
        let began = Instant::now();
        file.write_all(&[0; 4096]).expect("room");
        file.sync_data().expect("a disk");
        began.elapsed()
    });
    took.collect()
}

fn row(name: &str, mut times: Vec<Duration>, note: &str) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("| {name} | {:.3} ms | {:.3} ms | {note} |", at(50), at(99));
}
