//! The owner's commands beside running servers.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Home, SHOP, Server};
use super::{holder, is_sound, keeper_and_forwarder, keyed, signal, soon};

#[test]
fn an_approval_works_beside_running_servers() {
    let home = Home::new();
    let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
    let asked = forwarder.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    let waiting = home.json(&["approvals", "list"]);
    assert_eq!(waiting["approvals"][0]["approvalId"], asked["approval_id"]);
    let prefix = &asked["approval_id"].as_str().unwrap()[..6];
    let answered = home.json(&["approvals", "approve", prefix]);
    assert_eq!(answered["status"], "settled", "{answered}");
    let arguments = json!({ "paymentId": asked["payment_id"] });
    for server in [&mut keeper, &mut forwarder] {
        assert_eq!(server.facts("get_payment_status", arguments.clone())["status"], "settled");
        server.has_balance("95.0");
    }
    assert_eq!(home.json(&["status"])["accounts"][0]["balance"], "95");
    assert_eq!(holder(&home), keeper.pid(), "a command takes nothing over");
    is_sound(&home);
}

#[test]
fn an_agent_cannot_answer_for_the_owner() {
    let home = Home::new();
    let (_keeper, mut forwarder) = keeper_and_forwarder(&home);
    let asked = forwarder.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    for tool in ["approvals_answer", "approvals.answer", "wallet_unfreeze"] {
        let arguments = json!({ "approvalId": asked["approval_id"], "approved": true });
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = forwarder.ask("tools/call", params);
        assert!(answer["error"]["code"].is_number(), "{answer}");
    }
    forwarder.has_balance("100.0");
}

#[test]
fn a_watch_shows_an_approval_live_and_its_answer() {
    let home = Home::new();
    let (_keeper, mut forwarder) = keeper_and_forwarder(&home);
    let mut watch = Watch::start(home.command().args(["--json", "approvals", "watch"]));
    let asked = forwarder.send(json!({ "recipient_address": SHOP, "amount": "5", "memo": "tea" }));
    let seen = watch.next();
    assert_eq!(seen["event"], "waiting", "{seen}");
    assert_eq!(seen["approval"]["approvalId"], asked["approval_id"], "{seen}");
    home.json(&["approvals", "approve", asked["approval_id"].as_str().unwrap()]);
    let seen = watch.next();
    assert_eq!((&seen["event"], &seen["status"]), (&json!("answered"), &json!("settled")));
    assert_eq!(seen["approvalId"], asked["approval_id"]);
    let asked = forwarder.send(json!({ "recipient_address": SHOP, "amount": "6" }));
    assert_eq!(watch.next()["approval"]["approvalId"], asked["approval_id"]);
    home.json(&["approvals", "reject", asked["approval_id"].as_str().unwrap()]);
    assert_eq!(watch.next()["status"], "denied");
}

#[test]
fn a_watch_outlives_the_keeper() {
    let home = Home::new();
    let (keeper, mut forwarder) = keeper_and_forwarder(&home);
    let mut watch = Watch::start(home.command().args(["--json", "approvals", "watch"]));
    let first = forwarder.send(json!({ "recipient_address": SHOP, "amount": "5" }));
    assert_eq!(watch.next()["approval"]["approvalId"], first["approval_id"]);
    signal(keeper.pid(), Signal::KILL);
    let second = forwarder.send(json!({ "recipient_address": SHOP, "amount": "6" }));
    assert_eq!(watch.next()["approval"]["approvalId"], second["approval_id"]);
}

#[test]
fn serve_keeps_the_wallet_up_and_ends_within_a_second() {
    let home = Home::new();
    let mut command = home.command();
    let mut serve =
        command.arg("serve").stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    soon("serve takes the lock", || {
        let lock = std::fs::read_to_string(home.file("wallet.lock")).unwrap_or_default();
        lock.trim() == serve.id().to_string()
    });
    let mut host = home.initialized();
    host.has_balance("100.0");
    assert_eq!(host.send(keyed("0.5", "a"))["status"], "settled");
    assert_eq!(holder(&home), serve.id());
    host.end().is_clean();
    let mut host = home.initialized();
    host.has_balance("99.5");
    let started = SystemClock.now();
    signal(serve.id(), Signal::TERM);
    assert_eq!(serve.wait().unwrap().code(), Some(0));
    let took = SystemClock.now().since(started);
    assert!(took < Duration::from_secs(1), "{took:?}");
    // The host has the wallet now.
    assert_eq!(host.send(keyed("0.5", "b"))["status"], "settled");
    assert_eq!(holder(&home), host.pid());
    host.end().is_clean();
    is_sound(&home);
}

#[test]
fn a_freeze_beside_running_servers_is_in_force_at_once() {
    let home = Home::new();
    let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
    home.json(&["freeze", "odd"]);
    for (server, key) in [(&mut keeper, "a"), (&mut forwarder, "b")] {
        assert_eq!(server.send(keyed("0.1", key))["reason_code"], "WALLET_FROZEN");
    }
    home.json(&["unfreeze"]);
    for (server, key) in [(&mut keeper, "c"), (&mut forwarder, "d")] {
        assert_eq!(server.send(keyed("0.1", key))["status"], "settled");
    }
}

/// A command that prints one JSON object a line until it is ended.
struct Watch {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Watch {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_host_that_ends_hands_the_wallet_on_under_load() {
    let home = Home::new();
    let (keeper, mut forwarder) = keeper_and_forwarder(&home);
    let mut servers = vec![keeper];
    let mut open = Vec::new();
    for round in 0..8 {
        for number in 0..3 {
            open.push(super::begin(&mut forwarder, "0.01", &format!("r-{round}-{number}")));
        }
        // The old keeper goes in order; the next one is there already.
        let next = home.initialized();
        std::thread::sleep(Duration::from_millis(30 * round));
        let old: Server = servers.pop().unwrap();
        old.signal(Signal::TERM).is_clean();
        servers.push(next);
    }
    for id in open {
        let result = super::ended(&mut forwarder, id);
        let status = &result["structuredContent"]["status"];
        assert!(*status == "settled" || *status == "pending", "{result}");
    }
    forwarder.has_balance_soon("99.76");
    assert_eq!(super::blocks_to_shop(&home), 24);
    is_sound(&home);
}
