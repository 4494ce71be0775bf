//! The spawned binary for tests: a home of its own, an MCP client on its pipes, the owner's commands beside it.
//!
//! Every line the server writes must be one JSON-RPC message; whatever else it says ends the test.

#![allow(dead_code, reason = "each test target uses its part")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod terminal;

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use paywarden::books::Body;
use paywarden::clock::{Clock, SystemClock};
use paywarden::policy::Policy;
use paywarden::store::{AnchorFile, Guards, LedgerSigner, RedbEngine, Store};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An address nobody has the key of.
pub const SHOP: &str = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";
/// Another one.
pub const OTHER_SHOP: &str = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

/// An empty directory for one wallet.
pub struct Home {
    dir: TempDir,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Gives every command from here on a variable that names a file.
    pub fn set(&mut self, variable: &'static str, file: PathBuf) {
        self.variables.push((variable, file));
    }

    /// Where the wallet lives; not there before the first start.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("wallet")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// `paywarden` with nothing of the test's environment but this home.
    #[expect(clippy::disallowed_methods, reason = "the one variable the binary is given")]
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paywarden"));
        command.env_clear().env("HOME", self.dir.path()).env("PAYWARDEN_HOME", self.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.variables.iter().map(|(name, file)| (name, file)));
        command
    }

    /// Runs one of the owner's commands.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command that must end with 0 and print JSON.
    pub fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[&["--json"], words].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn server(&self) -> Server {
        self.server_with(&[])
    }

    pub fn server_with(&self, words: &[&str]) -> Server {
        Server::start(self.command().args(words))
    }

    /// A server after the handshake of 2025-11-25.
    pub fn initialized(&self) -> Server {
        let mut server = self.server();
        server.initialize("2025-11-25");
        server
    }

    /// The wallet's secrets as they could leak: the seed in hex, and the ledger key's base64.
    pub fn secrets(&self) -> Vec<String> {
        let keys = std::fs::read_to_string(self.file("keystore.json")).unwrap();
        let keys: Value = serde_json::from_str(&keys).unwrap();
        let seed = keys["seed"].as_str().unwrap().to_owned();
        assert_eq!(seed.len(), 64);
        let pem = std::fs::read_to_string(self.file("ledger-key.pem")).unwrap();
        let key = pem.lines().find(|line| !line.starts_with('-')).unwrap().to_owned();
        let bytes: Vec<String> = (0..32)
            .map(|at| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap().to_string())
            .collect();
        vec![seed.to_uppercase(), seed, key, bytes.join(", "), bytes.join(",")]
    }
}

/// A server and its client's end.
pub struct Server {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    stdout: Option<JoinHandle<()>>,
    stderr: Option<JoinHandle<String>>,
    /// Everything that was read, for a look at its end.
    pub said: Vec<Value>,
    /// What every answer must say it is on.
    pub network: &'static str,
    last_id: u64,
}

/// How a server ended.
pub struct Ended {
    pub status: ExitStatus,
    /// From the end of input or the signal.
    pub took: Duration,
    /// Everything it ever said.
    pub said: Vec<Value>,
    pub stderr: String,
}

impl Ended {
    /// Exit code 0, and at once: what a machine that is busy with the other tests may add is far below a time-out.
    pub fn is_clean(&self) {
        assert_eq!(self.status.code(), Some(0), "{}", self.stderr);
        assert!(self.took < Duration::from_secs(5), "it took {:?}", self.took);
    }
}

impl Server {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let stdout = std::thread::spawn(move || {
            for line in output.lines() {
                let _ = sender.send(line.expect("standard output is UTF-8"));
            }
        });
        let mut errors = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let input = child.stdin.take();
        let (stdout, stderr) = (Some(stdout), Some(stderr));
        let (said, network) = (Vec::new(), "sandbox");
        Self { child, input, lines, stdout, stderr, said, network, last_id: 0 }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn initialize(&mut self, version: &str) -> Value {
        self.initialize_with(version, json!({}))
    }

    /// As [`Server::initialize`], by a client that can do something.
    pub fn initialize_with(&mut self, version: &str, capabilities: Value) -> Value {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": { "name": "test", "version": "0" },
        });
        let result = self.ask("initialize", params)["result"].clone();
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        result
    }

    /// Sends a request and gives its answer; other messages before it are kept in `said`.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// Calls a tool and gives its result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool that must succeed and gives its structured content.
    pub fn facts(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let facts = result["structuredContent"].clone();
        let text = result["content"][0]["text"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), facts);
        assert_eq!(facts["network"], self.network, "{facts}");
        facts
    }

    /// Calls a tool that must fail and gives the text of its error.
    pub fn error(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    pub fn send(&mut self, arguments: Value) -> Value {
        self.facts("wallet_send", arguments)
    }

    /// The tool works and shows this balance.
    pub fn has_balance(&mut self, xno: &str) {
        assert_eq!(self.facts("wallet_balance", json!({}))["balance"], xno);
    }

    /// As [`Server::has_balance`], once what is under way has settled; the beginning of the amount is enough.
    pub fn has_balance_soon(&mut self, xno: &str) {
        let started = SystemClock.now();
        loop {
            let facts = self.facts("wallet_balance", json!({}));
            let settled = facts["reserved_raw"] == "0" && facts["confirmed"] == true;
            if settled && facts["balance"].as_str().unwrap().starts_with(xno) {
                return;
            }
            assert!(SystemClock.now().since(started) < PATIENCE, "{facts}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a request and does not wait; gives its id.
    pub fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    pub fn say(&mut self, message: &Value) {
        self.line(message.to_string().as_bytes());
    }

    pub fn line(&mut self, line: &[u8]) {
        self.bytes(&[line, b"\n"].concat());
    }

    /// Writes bytes that need not end a line.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Waits for the answer to a request.
    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The next message.
    pub fn next(&mut self) -> Value {
        self.next_within(PATIENCE).expect("the server said something")
    }

    /// The next message, if one comes in time.
    pub fn next_within(&mut self, patience: Duration) -> Option<Value> {
        let line = match self.lines.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended"),
        };
        self.said.push(message(&line));
        self.said.last().cloned()
    }

    /// Ends the input.
    pub fn end(mut self) -> Ended {
        drop(self.input.take());
        self.wait()
    }

    /// Sends a signal, with the input still open.
    pub fn signal(self, signal: Signal) -> Ended {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
        self.wait()
    }

    fn wait(mut self) -> Ended {
        let started = SystemClock.now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(SystemClock.now().since(started) < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        let took = SystemClock.now().since(started);
        self.stdout.take().unwrap().join().unwrap();
        let mut said = std::mem::take(&mut self.said);
        said.extend(self.lines.try_iter().map(|line| message(&line)));
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Ended { status, took, said, stderr }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn message(line: &str) -> Value {
    let message: Value = serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("standard output holds no JSON: {error}: {line}"));
    assert_eq!(message["jsonrpc"], "2.0", "{line}");
    let kinds = ["method", "result", "error"].into_iter();
    assert_eq!(kinds.filter(|kind| message.get(kind).is_some()).count(), 1, "{line}");
    message
}

/// Puts a changed sandbox policy in force, as its owner would; no process may have the wallet open.
pub fn load_policy(home: &Home, change: impl FnOnce(&mut Policy)) {
    let mut policy = Policy::sandbox();
    change(&mut policy);
    let policy_hash = policy.hash();
    book(home, Body::PolicyLoaded { policy, policy_hash });
}

/// Books what the owner does at a terminal; no process may have the wallet open.
pub fn book(home: &Home, body: Body) {
    let pem = std::fs::read_to_string(home.file("ledger-key.pem")).unwrap();
    let guards = Guards {
        clock: Arc::new(SystemClock),
        signer: LedgerSigner::from_pem(&pem).unwrap(),
        anchor: Some(AnchorFile::open(&home.file("anchor.log")).unwrap()),
        marker: None,
    };
    let engine = RedbEngine::open(&home.file("wallet.redb")).unwrap();
    let store = Store::open(Arc::new(engine), guards, false).unwrap();
    let events = vec![body.into()];
    let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(commit).unwrap();
}

/// Looks until it is so.
pub fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = SystemClock.now();
    while !is_so() {
        assert!(SystemClock.now().since(started) < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All files of a directory with their bytes.
pub fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// As [`contents`], with those of directories below; sockets and the like are left out.
pub fn contents_below(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents_below(&path));
        } else if path.is_file() {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

const PATIENCE: Duration = Duration::from_secs(30);
