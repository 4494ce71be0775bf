//! P6: whatever lines a host writes, the server answers every request whose id can be read once, writes nothing but
//! JSON-RPC, stays within its memory and serves the next good call.
//!
//! `PAYWARDEN_LINES=1000000` for the full run; `PAYWARDEN_SEED` replays the choice of lines.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Home, Server};
use crate::dice::{Dice, number};

#[test]
fn p6_ten_thousand_hostile_lines_are_answered_once_each() {
    let (lines, seed) = (number("PAYWARDEN_LINES", 10_000), number("PAYWARDEN_SEED", 0x6c1e));
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    let before = peak_kib(&server);
    let mut dice = Dice(seed);
    let mut heard = Heard::default();
    for place in 0..lines {
        let (line, is_owed) = hostile(place, &mut dice);
        assert!(!line.contains(&b'\n'));
        if is_owed {
            heard.owed.insert(exact(place), 0);
        }
        server.line(&line);
        heard.take(&mut server, Duration::ZERO);
    }
    while heard.owed.values().any(|answers| *answers == 0) {
        assert!(heard.take(&mut server, PATIENCE), "{:?} is not answered", heard.silent());
    }
    server.has_balance("100.0");
    let grown = peak_kib(&server) - before;
    assert!(heard.owed.values().all(|answers| *answers == 1), "answered twice");
    assert!(heard.answers <= lines, "{} answers to {lines} lines", heard.answers);
    assert!(grown <= GROWTH_KIB, "the server grew by {grown} KiB");
    // The end may come within a line.
    server.bytes(br#"{"jsonrpc":"2.0","id":"exact-last","meth"#);
    let ended = server.end();
    ended.is_clean();
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    println!(
        "P6: {lines} lines, {} requests answered once each, {} other answers, grown by {grown} KiB, seed {seed:#x}",
        heard.owed.len(),
        heard.answers - heard.owed.len() as u64,
    );
}

/// Who was answered how often.
#[derive(Default)]
struct Heard {
    owed: HashMap<String, u32>,
    answers: u64,
}

impl Heard {
    /// Takes what was said; whether anything was, in time.
    fn take(&mut self, server: &mut Server, patience: Duration) -> bool {
        let mut any = false;
        while let Some(message) = server.next_within(if any { Duration::ZERO } else { patience }) {
            any = true;
            server.said.clear();
            assert!(message.get("method").is_none(), "nothing was asked of us: {message}");
            self.answers += 1;
            if let Some(id) = message["id"].as_str().filter(|id| id.starts_with(EXACT)) {
                *self.owed.get_mut(id).unwrap_or_else(|| panic!("nobody asked: {message}")) += 1;
            }
        }
        any
    }

    fn silent(&self) -> Vec<&String> {
        self.owed.iter().filter(|(_, answers)| **answers == 0).map(|(id, _)| id).take(9).collect()
    }
}

fn exact(place: u64) -> String {
    format!("{EXACT}{place}")
}

/// A line, and whether it is a request whose id can be read.
fn hostile(place: u64, dice: &mut Dice) -> (Vec<u8>, bool) {
    let id = exact(place);
    let request = |method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    };
    let owed = |text: String| (text.into_bytes(), true);
    let free = |text: String| (text.into_bytes(), false);
    match dice.below(16) {
        0 => owed(request("ping", json!({}))),
        1 => owed(request("tools/call", call(dice))),
        2 => owed(request(&"resources/".repeat(1 + dice.below(30) as usize), json!([]))),
        3 => owed(request("tools/call", json!({ "name": { "$ne": null }, "arguments": [id] }))),
        4 if dice.below(LONG_EVERY) == 0 => owed(padded(&id, LINE_BYTES)),
        5 if dice.below(LONG_EVERY) == 0 => owed(padded(&id, LINE_BYTES + 1)),
        4 | 5 => owed(padded(&id, 100 + dice.below(9_000) as usize)),
        6 => owed(format!(
            r#"{{"jsonrpc":"2.0","id":"{id}","method":"ping","params":{}{}}}"#,
            "[".repeat(100),
            "]".repeat(100)
        )),
        7 => owed(format!(r#"{{"jsonrpc":"2.0","method":"ping","method":"ping","id":"{id}"}}"#)),
        8 => owed(format!(r#"{{"id":"{id}","jsonrpc":"{}.0","method":7}}"#, dice.below(4))),
        9 => free(format!(r#"[{},{}]"#, request("ping", json!({})), place)),
        10 => free(
            json!({ "jsonrpc": "2.0", "method": "notifications/x", "params": place }).to_string(),
        ),
        11 => free(
            json!({ "jsonrpc": "2.0", "id": place, "result": { "x": "\u{202e}" } }).to_string(),
        ),
        12 => free("\0".repeat(1 + dice.below(40) as usize)),
        13 => (noise(dice), false),
        _ => (mutant(place, dice), false),
    }
}

/// A tool that only reads, asked for in a way it should not be.
fn call(dice: &mut Dice) -> Value {
    let names =
        ["wallet_balance", "wallet.balance", "list_mandates", "approvals_answer", "\u{0}", ""];
    let arguments = [
        json!({}),
        json!(null),
        json!([]),
        json!({ "account": -1 }),
        json!({ "account": 1e300 }),
        json!({ "account": "\u{202e}../../etc/passwd\u{0}" }),
        json!({ "__proto__": { "x": {} }, "constructor": "x" }),
    ];
    let name = names[dice.below(names.len() as u64) as usize];
    json!({ "name": name, "arguments": arguments[dice.below(arguments.len() as u64) as usize] })
}

/// A ping in a line of just so many bytes.
fn padded(id: &str, bytes: usize) -> String {
    let (front, back) =
        (format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"ping","x":""#), r#""}"#);
    format!("{front}{}{back}", "x".repeat(bytes.saturating_sub(front.len() + back.len())))
}

fn noise(dice: &mut Dice) -> Vec<u8> {
    let length = dice.below(200);
    let byte = |dice: &mut Dice| Some(dice.below(256) as u8).filter(|byte| *byte != b'\n');
    (0..length).filter_map(|_| byte(dice)).collect()
}

/// A good line with a few bytes changed. What it asks for may be anything, so its id is none of ours.
fn mutant(place: u64, dice: &mut Dice) -> Vec<u8> {
    let id = format!("mutant-{place}");
    let params = json!({ "name": "wallet_balance", "arguments": {} });
    let line = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
    let mut line = line.to_string().into_bytes();
    for _ in 0..=dice.below(3) {
        if line.is_empty() {
            break;
        }
        let at = dice.below(line.len() as u64) as usize;
        match dice.below(4) {
            0 => line[at] ^= 1 << dice.below(8),
            1 => drop(line.remove(at)),
            2 => line.insert(at, b"\"\\{}[],:0\xff"[dice.below(10) as usize]),
            _ => line.truncate(at + 1),
        }
    }
    line.retain(|byte| *byte != b'\n');
    line
}

/// The most memory the server has held so far.
fn peak_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()));
    // Not every system tells.
    let Ok(status) = status else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

const EXACT: &str = "exact-";
const LINE_BYTES: usize = paywarden::limits::MCP_LINE_BYTES;
/// One in so many long lines is as long as can be.
const LONG_EVERY: u64 = 40;
/// Twice what unanswered requests may hold, and the answers on their way.
const GROWTH_KIB: u64 = 48 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);
