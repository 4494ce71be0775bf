//! `paywarden serve` on free ports, and its life.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use paywarden::clock::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::client::{Ask, Reply};
use crate::support::{Home, OTHER_SHOP};

/// The owner's token in these tests.
pub const TOKEN: &str = "the-owners-token-0123456789";

/// A wallet served over HTTP.
pub struct Served {
    child: Child,
    pub agents: SocketAddr,
    pub pay: SocketAddr,
    pub control: SocketAddr,
    pub mcp: SocketAddr,
    pub webhooks: SocketAddr,
    /// What it said before it served.
    pub said: Vec<String>,
}

impl Served {
    pub fn start(home: &Home) -> Self {
        Self::with(home, &[])
    }

    pub fn with(home: &Home, words: &[&str]) -> Self {
        let mut command = home.command();
        command.env("PAYWARDEN_CONTROL_TOKEN", TOKEN);
        let any = "127.0.0.1:0";
        command.args([
            "serve",
            "--http-listen-addr",
            any,
            "--pay-addr",
            any,
            "--control-addr",
            any,
        ]);
        command.args(["--mcp-addr", any, "--webhook-addr", any]).args(words);
        Self::read(&mut command)
    }

    fn read(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut said = Vec::new();
        for line in lines.by_ref() {
            let last = line.starts_with("Your page");
            said.push(line);
            if last {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        let address = |name: &str| {
            let line = said.iter().find(|line| line.trim_start().starts_with(name));
            let url = line.unwrap_or_else(|| panic!("{said:?}")).split("http://").nth(1).unwrap();
            url.split('/').next().unwrap().parse().unwrap()
        };
        let (agents, pay, control) = (address("agents"), address("pay "), address("control"));
        let (mcp, webhooks) = (address("mcp"), address("webhooks"));
        Self { child, agents, pay, control, mcp, webhooks, said }
    }

    /// Asks the control API as the owner.
    pub fn owner(&self, method: &str, path: &str) -> Ask {
        let _ = self;
        Ask::new(method, path).bearer(TOKEN)
    }

    /// What the owner sees there.
    pub fn sees(&self, path: &str) -> Value {
        let reply = self.owner("GET", path).send(self.control);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    pub fn does(&self, path: &str, body: &Value) -> Reply {
        self.owner("POST", path).json(body).send(self.control)
    }

    /// A body to port 3123.
    pub fn agent(&self, path: &str, body: &Value) -> Reply {
        Ask::new("POST", path).json(body).send(self.agents)
    }

    pub fn send(&self, to: &str, amount: &str) -> Reply {
        self.agent("/wallet/send", &json!({ "recipient_address": to, "amount": amount }))
    }

    /// Waits until the sandbox's gift has come.
    pub fn funded(self) -> Self {
        let started = SystemClock.now();
        loop {
            let balance = Ask::new("GET", "/wallet/balance").send(self.agents).json();
            if balance["data"]["balance"] == "100.0" {
                return self;
            }
            assert!(SystemClock.now().since(started) < Duration::from_secs(20), "{balance}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A payment that waits for the owner: its approval id and payment id.
    pub fn waiting(&self) -> (String, String) {
        let reply = self.send(OTHER_SHOP, "3");
        assert_eq!(reply.status, 409, "{}", reply.text());
        let waiting = self.sees("/approvals")[0].clone();
        let text = |name: &str| waiting[name].as_str().unwrap().to_owned();
        (text("approvalId"), text("paymentId"))
    }

    /// Sends a signal and gives the exit code and how long it took.
    pub fn end(mut self) -> (Option<i32>, Duration) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        let started = SystemClock.now();
        kill_process(pid, Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), SystemClock.now().since(started))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_beside_a_host_and_ends_in_order() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    // The token is the owner's own: it is not repeated.
    assert!(!served.said.join("\n").contains(TOKEN), "{:?}", served.said);
    let mut host = home.initialized();
    host.send(json!({ "recipient_address": OTHER_SHOP, "amount": "0.5" }));
    host.has_balance("99.5");
    let balance = Ask::new("GET", "/wallet/balance").send(served.agents).json();
    assert_eq!(balance["data"]["balance"], "99.5");
    // A call under way is answered before the end.
    let address = served.control;
    let listening =
        std::thread::spawn(move || Ask::new("GET", "/events").bearer(TOKEN).send(address));
    std::thread::sleep(Duration::from_millis(300));
    let (code, took) = served.end();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(3), "{took:?}");
    let news = listening.join().unwrap();
    assert!(news.text().starts_with("event: head\ndata: {"), "{}", news.text());
    // The host goes on alone.
    host.has_balance("99.5");
    host.end().is_clean();
}

#[test]
fn it_forwards_to_a_host_and_takes_over_when_that_ends() {
    let home = Home::new();
    let mut host = home.initialized();
    host.has_balance("100.0");
    let served = Served::start(&home);
    assert_eq!(served.send(OTHER_SHOP, "0.5").status, 200);
    host.has_balance("99.5");
    host.end().is_clean();
    let balance = Ask::new("GET", "/wallet/balance").send(served.agents).json();
    assert_eq!(balance["data"]["balance"], "99.5", "{balance}");
    assert_eq!(served.end().0, Some(0));
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_else() {
    let home = Home::new();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let words = ["serve", "--pay-addr", &address, "--http-listen-addr", "off", "--mcp-addr", "off"];
    let output = home.run(&words);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("PORT_TAKEN"));
    assert!(!home.path().exists());
}
