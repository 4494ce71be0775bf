//! `paywarden work serve`: proof of work for other wallets and nodes, asked as nano-work-server is.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use paywarden::nano::{Difficulty, Root};
use serde_json::{Value, json};

use crate::client::{Ask, Reply};
use crate::support::Home;

/// A command that serves until the test is over, and the first line it prints.
pub struct Beside {
    child: Child,
    pub line: String,
}

impl Beside {
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, line }
    }

    /// A work server on a free port.
    pub fn work(home: &Home) -> Self {
        Self::start(home.command().args(["work", "serve", "--listen", "127.0.0.1:0"]))
    }

    /// Where it is, if its line is a URL.
    pub fn address(&self) -> SocketAddr {
        self.line.trim().strip_prefix("http://").unwrap().parse().unwrap()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(to: SocketAddr, what: &Value) -> Reply {
    Ask::new("POST", "/").json(what).send(to)
}

#[test]
fn work_is_made_validated_measured_and_called_off() {
    let home = Home::new();
    let server = Beside::work(&home);
    let at = server.address();
    let hash = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2";
    let root: Root = hash.parse().unwrap();
    let easy = "fff0000000000000";
    let made =
        ask(at, &json!({ "action": "work_generate", "hash": hash, "difficulty": easy })).json();
    let work = made["work"].as_str().unwrap().parse().unwrap();
    assert!(easy.parse::<Difficulty>().unwrap().is_met_by(work, &root), "{made}");
    let valid = json!({ "action": "work_validate", "hash": hash, "work": made["work"], "difficulty": easy });
    let valid = ask(at, &valid).json();
    assert_eq!((&valid["valid"], &valid["difficulty"]), (&json!("1"), &made["difficulty"]));
    let measured = json!({ "action": "benchmark", "count": "3", "difficulty": easy });
    let measured = ask(at, &measured).json();
    assert_eq!((&measured["count"], &measured["difficulty"]), (&json!("3"), &json!(easy)));

    let waiting = std::thread::spawn(move || {
        ask(at, &json!({ "action": "work_generate", "hash": hash, "multiplier": "64" })).json()
    });
    let status = || ask(at, &json!({ "action": "status" })).json();
    while status()["generating"] != "1" {
        std::thread::yield_now();
    }
    let other = json!({ "action": "work_cancel", "hash": "0".repeat(64) });
    assert_eq!(ask(at, &other).json(), json!({}));
    assert_eq!(status()["generating"], "1");
    assert_eq!(ask(at, &json!({ "action": "work_cancel", "hash": hash })).json(), json!({}));
    assert_eq!(waiting.join().unwrap(), json!({ "error": "Cancelled" }));
    assert_eq!(status(), json!({ "generating": "0", "queue_size": "0" }));
    assert!(!home.path().exists(), "it needs no wallet");
}

#[test]
fn pages_and_other_paths_get_no_work() {
    let home = Home::new();
    let server = Beside::work(&home);
    let status = json!({ "action": "status" });
    let page = Ask::new("POST", "/").header("Origin", "https://evil.example").json(&status);
    assert_eq!(page.send(server.address()).status, 400);
    assert_eq!(Ask::new("POST", "/x").json(&status).send(server.address()).status, 404);
    assert_eq!(Ask::new("GET", "/").send(server.address()).status, 405);
    let long = vec![b' '; paywarden::limits::WORK_PEER_BODY_BYTES + 1];
    let long = Ask::new("POST", "/").raw("application/json", &long);
    assert_eq!(long.send(server.address()).status, 413);
}
