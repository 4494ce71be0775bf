//! The figures of the HTTP ports: `cargo bench --features http --bench http`, and `-- --seconds=5` for a shorter load.
//!
//! 200 clients ask for balances, payments and pages of the ledger at once; then a ledger of 100,000 events is streamed
//! and reported on. Nothing here is a test: a slow machine is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use paywarden::books::{Body, Event};
use paywarden::clock::SystemClock;
use paywarden::policy::Policy;
use paywarden::store::{AnchorFile, Guards, LedgerSigner, RedbEngine, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CLIENTS: usize = 200;
const EVENTS: usize = 100_000;
/// Events of one commit while a ledger is filled.
const PAGE: usize = 500;
const TOKEN: &str = "a-token-for-a-bench-0123456789";
/// What was asked, and its bar.
const KINDS: [(&str, &str); 4] = [
    ("balance", "p99 50 ms"),
    ("payment settled", "one after the other, each confirmed after 150 ms"),
    ("page of the ledger", "p99 50 ms"),
    ("payment that policy refuses", "p99 50 ms and an fsync"),
];
const SHOP: &str = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";

fn main() {
    let seconds = std::env::args().find_map(|arg| {
        let number = arg.strip_prefix("--seconds=")?;
        Some(number.parse().expect("--seconds= takes a whole number"))
    });
    let load = Duration::from_secs(seconds.unwrap_or(60));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    println!("| figure | value | bar |");
    println!("|---|---|---|");
    let dir = tempfile::tempdir().expect("a directory");
    let home = dir.path().join("wallet");
    runtime.block_on(mixed(&home, load));
    fill(&home);
    runtime.block_on(large(&home));
}

async fn mixed(home: &Path, load: Duration) {
    let started = Instant::now();
    let served = Served::start(home);
    println!("| from start to ready, with a new wallet | {} | |", millis(started.elapsed()));
    let warm = ask(served.agents, "GET", "/wallet/balance", None).await;
    assert_eq!(warm.status, 200);
    let before = served.memory_kib();
    let until = Instant::now() + load;
    let clients = (0..CLIENTS).map(|number| tokio::spawn(client(served.clone_of(), number, until)));
    let mut times: Times = Default::default();
    let mut odd = 0;
    for client in futures_util::future::join_all(clients).await {
        let (found, failed) = client.expect("a client");
        odd += failed;
        for (kind, times_of) in found.into_iter().enumerate() {
            times[kind].extend(times_of);
        }
    }
    for ((name, bar), mut found) in KINDS.into_iter().zip(times) {
        found.sort_unstable();
        let at = |share: usize| {
            found.get(found.len() * share / 100).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        let (count, p50, p99) = (found.len(), at(50), at(99));
        println!(
            "| {CLIENTS} clients, {name}: answers, p50, p99 | {count}, {p50:.1} ms, {p99:.1} ms | {bar} |"
        );
    }
    println!("| answers that were no answer | {odd} | 0 |");
    println!("| memory before and after | {before} and {} KiB | flat |", served.memory_kib());
}

/// A third of the clients each: balances, payments, pages of the ledger.
async fn client(
    (agents, pay, control): (SocketAddr, SocketAddr, SocketAddr),
    number: usize,
    until: Instant,
) -> (Times, usize) {
    let mut times: Times = Default::default();
    let mut odd = 0;
    let kind = number % 3;
    let mut turn = 0;
    while Instant::now() < until {
        turn += 1;
        let body = format!(
            r#"{{"rail":"nano","amount":{{"amount":"{}","currency":"XNO"}},"payee":{{"address":"{SHOP}"}}}}"#,
            1_000_000 * number + turn
        );
        let started = Instant::now();
        let reply = match kind {
            0 => ask(agents, "GET", "/wallet/balance", None).await,
            1 => ask(pay, "POST", "/pay", Some(&body)).await,
            _ => ask(control, "GET", "/audit?from=1&limit=20", None).await,
        };
        // What policy refuses is answered at once; what it lets through waits for those before it to be confirmed.
        let refused = kind == 1 && matches!(reply.status, 403 | 409 | 429);
        times[if refused { 3 } else { kind }].push(started.elapsed());
        odd += usize::from(reply.status != 200 && !refused);
        // A person or a program thinks between two questions.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    (times, odd)
}

async fn large(home: &Path) {
    let started = Instant::now();
    let served = Served::start(home);
    println!("| from start to ready, {EVENTS} events | {} | 100 ms |", millis(started.elapsed()));
    for path in ["/report", "/audit", "/audit", "/audit", "/audit"] {
        let reply = ask(served.control, "GET", path, None).await;
        assert_eq!(reply.status, 200);
        println!(
            "| {path}, {EVENTS} events: first byte, whole, bytes, memory after | {}, {}, {}, {} KiB | first byte 50 ms |",
            millis(reply.first),
            millis(reply.whole),
            reply.bytes,
            served.memory_kib()
        );
    }
}

/// Of each of [`KINDS`].
type Times = [Vec<Duration>; KINDS.len()];

struct Reply {
    status: u16,
    first: Duration,
    whole: Duration,
    bytes: usize,
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}

/// One request on a connection of its own, thrown away as it comes.
async fn ask(to: SocketAddr, method: &str, path: &str, body: Option<&str>) -> Reply {
    let started = Instant::now();
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    let body = body.unwrap_or_default();
    let media = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {TOKEN}\r\n{media}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // Agents have no token here; the control port wants the owner's.
    let head = if path.starts_with("/wallet") || path.starts_with("/pay") {
        head.replace(&format!("Authorization: Bearer {TOKEN}\r\n"), "")
    } else {
        head
    };
    stream.write_all(head.as_bytes()).await.expect("a request");
    let mut buffer = vec![0; 64 * 1024];
    let mut reply = Reply { status: 0, first: Duration::ZERO, whole: Duration::ZERO, bytes: 0 };
    loop {
        let read = stream.read(&mut buffer).await.expect("an answer");
        if read == 0 {
            break;
        }
        if reply.bytes == 0 {
            reply.first = started.elapsed();
            let line = String::from_utf8_lossy(&buffer[..read.min(12)]).into_owned();
            reply.status = line.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
        }
        reply.bytes += read;
    }
    reply.whole = started.elapsed();
    reply
}

struct Served {
    child: Child,
    agents: SocketAddr,
    pay: SocketAddr,
    control: SocketAddr,
}

impl Served {
    fn start(home: &Path) -> Self {
        let any = "127.0.0.1:0";
        let mut child = Command::new(env!("CARGO_BIN_EXE_paywarden"))
            .env("PAYWARDEN_HOME", home)
            .env("PAYWARDEN_CONTROL_TOKEN", TOKEN)
            .args(["serve", "--http-listen-addr", any, "--pay-addr", any])
            .args(["--control-addr", any, "--mcp-addr", "off"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let stderr = child.stderr.take().expect("its stderr");
        let lines = BufReader::new(stderr).lines().map(|line| line.expect("text"));
        let said: Vec<String> = lines.take_while(|line| !line.starts_with("Your page")).collect();
        let at = |name: &str| {
            let line = said.iter().find(|line| line.trim_start().starts_with(name));
            let url = line.and_then(|line| line.split("http://").nth(1)).expect("an address");
            url.split('/').next().expect("a part").parse().expect("an address")
        };
        Self { agents: at("agents"), pay: at("pay "), control: at("control"), child }
    }

    fn clone_of(&self) -> (SocketAddr, SocketAddr, SocketAddr) {
        (self.agents, self.pay, self.control)
    }

    fn memory_kib(&self) -> u64 {
        let path = PathBuf::from(format!("/proc/{}/status", self.child.id()));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Events of about 700 bytes, as many as wanted.
fn fill(home: &Path) {
    let pem = std::fs::read_to_string(home.join("ledger-key.pem")).expect("the ledger's key");
    let guards = Guards {
        clock: Arc::new(SystemClock),
        signer: LedgerSigner::from_pem(&pem).expect("a key"),
        anchor: Some(AnchorFile::open(&home.join("anchor.log")).expect("an anchor file")),
        marker: None,
    };
    let engine = RedbEngine::open(&home.join("wallet.redb")).expect("the store");
    let store = Store::open(Arc::new(engine), guards, false).expect("the store");
    let policy = Policy::sandbox();
    let policy_hash = policy.hash();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    for _ in 0..EVENTS / PAGE {
        let loaded = || Event::from(Body::PolicyLoaded { policy: policy.clone(), policy_hash });
        let events: Vec<Event> = (0..PAGE).map(|_| loaded()).collect();
        let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
        runtime.block_on(commit).expect("a commit");
    }
    store.close();
}
