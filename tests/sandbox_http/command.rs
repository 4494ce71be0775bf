//! `paywarden sandbox` as it is typed: what it prints, what it keeps, how it ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A running command; killed if a test fails.
struct Running {
    child: Child,
    services: Value,
}

impl Running {
    fn start(home: &Path, words: &[&str]) -> Self {
        let mut child = command(home, words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, services: serde_json::from_str(&line).unwrap() }
    }

    fn url(&self, name: &str) -> String {
        let services = self.services["services"].as_array().unwrap();
        let found = services.iter().find(|service| service["name"] == name).unwrap();
        found["url"].as_str().unwrap().to_owned()
    }

    fn end(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_until_it_is_told_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let running = Running::start(&home, &["--json", "--memory", "--node", "rsnano"]);
    assert!(running.url("node-rpc").starts_with("http://127.0.0.1:"));
    assert!(running.url("node-websocket").starts_with("ws://127.0.0.1:"));
    assert_eq!(running.services["ledger"], Value::Null);
    assert_eq!(running.end().code(), Some(0));
    assert!(!home.exists() && !dir.path().join("home-network").exists(), "nothing is kept");
}

#[test]
fn one_sandbox_keeps_a_ledger_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let running = Running::start(&home, &["--json"]);
    let ledger = dir.path().join("home-network").join("sandbox-nano.jsonl");
    assert_eq!(running.services["ledger"], ledger.display().to_string());
    let second = command(&home, &["--json"]).output().unwrap();
    assert_eq!(second.status.code(), Some(4));
    let error: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(error["error"]["code"], "SANDBOX_BUSY");
    assert_eq!(running.end().code(), Some(0));
    std::fs::write(&ledger, "no ledger\n").unwrap();
    let broken = command(&home, &["--json"]).output().unwrap();
    assert_eq!(broken.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&broken.stdout).unwrap();
    assert_eq!(error["error"]["code"], "SANDBOX_UNUSABLE");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for words in [
        &["--port-base", "65500"][..],
        &["--port-base", "x"],
        &["--node", "go"],
        &["--confirm-ms", "-1"],
        &["--memory", "--ledger", "x"],
        &["--network", "live"],
    ] {
        let output = command(dir.path(), words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    // The last ports leave no room for all services and are refused before they are tried.
    if port <= u16::MAX - paywarden::limits::SANDBOX_PORTS {
        let words = ["--json", "--memory", "--port-base", &port.to_string()];
        let output = command(dir.path(), &words).output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        assert!(String::from_utf8(output.stdout).unwrap().contains("PORT_TAKEN"));
    }
}

/// On free ports unless `words` say otherwise.
fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paywarden"));
    command.env_clear().arg("sandbox").arg("--home").arg(home).args(words);
    if !words.contains(&"--port-base") {
        command.args(["--port-base", "0"]);
    }
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command
}
