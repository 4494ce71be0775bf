//! The figures of a session over stdio, taken from outside: the release binary as a host starts it.
//!
//! `cargo bench --bench stdio` prints one table. Nothing here is a test: a slow machine is not an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

const STARTS: usize = 200;
const CALLS: usize = 1_000;
const SENDS: usize = 40;
const FSYNCS: usize = 200;
const PAYEE: &str = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

fn main() {
    let home = tempfile::tempdir().expect("a temporary directory");
    println!("| figure | p50 | p99 |");
    println!("|---|---|---|");
    row("one fsync of a 4 KiB append on this disk", &fsyncs(home.path()));
    let mut session = Session::start(home.path());
    session.call("wallet_balance", json!({}));
    let (accepted, settled) = sends(&mut session, home.path());
    session.end();
    row("start to `initialize` answer, existing wallet", &starts(home.path()));
    let mut session = Session::start(home.path());
    session.call("wallet_balance", json!({}));
    row(
        "`tools/call` that touches no disk (`list_mandates`)",
        &calls(&mut session, "list_mandates"),
    );
    row("`wallet_balance`", &calls(&mut session, "wallet_balance"));
    let rss_kib = session.rss_kib();
    session.end();
    row("`wallet_send` with ready work, call to block accepted (1 ms steps)", &accepted);
    row("`wallet_send`, call to settled answer (the sandbox confirms after 150 ms)", &settled);
    println!("\nresident memory after {} calls: {:.1} MiB", 2 * CALLS, rss_kib as f64 / 1024.0);
}

struct Session {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    id: u64,
    answered_in: Duration,
}

impl Session {
    fn start(home: &Path) -> Self {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_paywarden"))
            .env("PAYWARDEN_HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut session = Self { child, stdin, stdout, id: 0, answered_in: Duration::ZERO };
        let client = json!({"name": "bench", "version": "1"});
        let hello =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        session.request("initialize", hello);
        session.answered_in = started.elapsed();
        session.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        session
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        self.write(&json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}));
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).expect("a line") > 0, "the server ended");
            let answer: Value = serde_json::from_str(&line).expect("JSON");
            if answer["id"] == self.id {
                return answer;
            }
        }
    }

    fn write(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).expect("the server reads");
    }

    fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
    }

    fn end(mut self) {
        drop(self.stdin);
        self.child.wait().expect("the server ends");
    }
}

fn starts(home: &Path) -> Vec<Duration> {
    (0..STARTS)
        .map(|_| {
            let session = Session::start(home);
            let answered_in = session.answered_in;
            session.end();
            answered_in
        })
        .collect()
}

fn calls(session: &mut Session, tool: &str) -> Vec<Duration> {
    (0..CALLS)
        .map(|_| {
            let asked = Instant::now();
            session.call(tool, json!({}));
            asked.elapsed()
        })
        .collect()
}

/// Call to the block's arrival at the node, as the node's journal dates it, and call to the settled answer.
fn sends(session: &mut Session, home: &Path) -> (Vec<Duration>, Vec<Duration>) {
    let mut accepted = Vec::new();
    let mut settled = Vec::new();
    for number in 0..SENDS {
        // The next block's work is made in the background.
        std::thread::sleep(Duration::from_millis(50));
        let (asked, asked_ms) = (Instant::now(), now_ms());
        let key = format!("bench-{number}");
        let send = json!({"recipient_address": PAYEE, "amount": "0.001", "idempotency_key": key});
        let answer = session.call("wallet_send", send);
        settled.push(asked.elapsed());
        assert_eq!(answer["result"]["structuredContent"]["status"], "settled", "{answer}");
        let journal = fs::read_to_string(home.join("sandbox-nano.jsonl")).expect("a journal");
        let line: Value =
            serde_json::from_str(journal.lines().last().expect("a line")).expect("JSON");
        let seen_ms = line["seen_at_ms"].as_u64().expect("a time");
        accepted.push(Duration::from_millis(seen_ms.saturating_sub(asked_ms)));
    }
    (accepted, settled)
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
    fs::remove_file(path).expect("our file");
    took
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

fn row(name: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!("| {name} | {:.3} ms | {:.3} ms |", at(50), at(99));
}
