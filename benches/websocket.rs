//! The figures of a wallet that hears a node's websocket, taken from outside: the release binary on a served sandbox.
//!
//! `cargo bench --bench websocket` prints one table. Nothing here is a test: a slow machine is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use paywarden::clock::SystemClock;
use paywarden::fetch::{PlainText, SocketUrl};
use paywarden::money::Raw;
use paywarden::nano::Account;
use paywarden::network::{Confirmation, Confirmations, Heard, Websocket};
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::{Ports, Service, Serving, serve};
use serde_json::{Value, json};

const RECEIPTS: usize = 50;
const CALLS: usize = 1_000;

fn main() {
    let node = SandboxNode::new(Config::default(), Arc::new(SystemClock));
    let (urls, started) = channel();
    let served = node.clone();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let serving = listen(&served).await;
            let url = |service| serving.url(service).to_owned();
            urls.send([url(Service::NodeRpc), url(Service::NodeWebsocket)]).expect("it is awaited");
            std::future::pending::<()>().await;
        });
    });
    let [rpc, websocket] = started.recv().expect("the sandbox is served");
    let home = tempfile::tempdir().expect("a temporary directory");
    let wallet = Wallet::start(home.path(), &rpc);
    runtime().block_on(measure(&node, &websocket, wallet));
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

async fn measure(node: &SandboxNode, websocket: &str, mut wallet: Wallet) {
    let url = SocketUrl::parse(websocket, PlainText::Loopback);
    let websocket = Websocket::start(url.expect("the served URL"), Arc::new(SystemClock));
    let mut heard = websocket.subscribe();
    websocket.follow(&[wallet.account]);
    // Its subscription stands, and the wallet's, which began earlier.
    while heard.next().await != Some(Confirmation::Gap) {}
    let mut seen: Vec<f64> = Vec::with_capacity(RECEIPTS);
    for _ in 0..RECEIPTS {
        seen.push(receipt(node, &mut heard, wallet.account).await.as_secs_f64() * 1_000.0);
    }
    for _ in 0..CALLS {
        wallet.call("wallet_balance");
    }
    seen.sort_by(f64::total_cmp);
    println!("| figure | p50 | worst of {RECEIPTS} |");
    println!("|---|---|---|");
    println!(
        "| websocket message to the receive block at the node | {:.0} ms | {:.0} ms |",
        seen[RECEIPTS / 2],
        seen[RECEIPTS - 1]
    );
    let rss = wallet.rss_kib() as f64 / 1024.0;
    println!("\nresident memory with the websocket up, after {CALLS} calls: {rss:.1} MiB");
}

/// From the node's message that a send to us is confirmed to our answer in its ledger, in steps of a millisecond.
async fn receipt(node: &SandboxNode, heard: &mut Heard, account: Account) -> Duration {
    let before = node.blocks_of(&account).len();
    let send = node.faucet(account, Raw::ONE_XNO).expect("the faucet gives");
    loop {
        if matches!(heard.next().await, Some(Confirmation::Block { hash, .. }) if hash == send) {
            break;
        }
    }
    let told = Instant::now();
    while node.blocks_of(&account).len() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = told.elapsed();
    // Confirmed before the next: a busy account would be measured otherwise.
    while !node.blocks_of(&account).last().is_some_and(|head| is_confirmed(node, head)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    took
}

fn is_confirmed(node: &SandboxNode, hash: &paywarden::nano::BlockHash) -> bool {
    node.block(hash).is_some_and(|info| info.confirmed)
}

/// A wallet finds the websocket one port after the RPC server.
async fn listen(node: &SandboxNode) -> Serving {
    for base in (52_000..60_000).step_by(101) {
        if let Ok(serving) = serve(node.clone(), Spelling::Cpp, Ports::From(base)).await {
            return serving;
        }
    }
    panic!("no free ports");
}

struct Wallet {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    account: Account,
    id: u64,
}

impl Wallet {
    fn start(home: &Path, sandbox: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_paywarden"))
            .env("PAYWARDEN_HOME", home.join("wallet"))
            .args(["--sandbox-url", sandbox])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let account = Account::from_bytes([0; 32]);
        let mut wallet = Self { child, stdout, account, id: 0 };
        let client = json!({"name": "bench", "version": "1"});
        wallet.request(
            "initialize",
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}),
        );
        wallet.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        let balance = wallet.call("wallet_balance");
        let address = balance["structuredContent"]["account"].as_str().expect("an address");
        wallet.account = address.parse().expect("an address");
        wallet
    }

    fn call(&mut self, tool: &str) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": {}}))["result"].clone()
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let mut line = String::new();
            self.stdout.read_line(&mut line).expect("the server answers");
            let message: Value = serde_json::from_str(&line).expect("JSON");
            if message["id"] == id {
                return message;
            }
        }
    }

    fn say(&mut self, message: &Value) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{message}").expect("the server reads");
    }

    fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
