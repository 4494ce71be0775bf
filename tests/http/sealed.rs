//! A wallet that holds more than play money, served over HTTP: sealed keys, and the owner's secret beside the token.

use std::net::SocketAddr;
use std::time::Duration;

use paywarden::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::client::{Ask, Reply};
use crate::served::{Served, TOKEN};
use crate::support::terminal::Terminal;
use crate::support::{Home, SHOP};
use crate::work::Beside;

const UNLOCK: &str = "correct horse battery";
const OPERATOR: &str = "staple of the operator";
const HEADER: &str = "Paywarden-Operator-Secret";

#[test]
fn the_token_looks_and_freezes_and_the_owners_secret_does_the_rest() {
    let mut home = Home::new();
    let network =
        Beside::start(home.command().args(["--json", "sandbox", "--memory", "--port-base", "0"]));
    let node = node(&network.line);
    let init = format!("--network dev --node-url http://{node} init");
    let Some(mut terminal) = Terminal::start(&home, &init) else { return };
    let phrase = terminal.secrets(UNLOCK, OPERATOR).confirm().join(" ");
    assert_eq!(terminal.end().1, Some(0));
    let file = home.path().with_file_name("unlock.txt");
    std::fs::write(&file, UNLOCK).unwrap();
    home.set("PAYWARDEN_UNLOCK_FILE", file);
    let helper = Beside::work(&home);
    let served = Served::with(&home, &["--network", "dev", "--work-url", helper.line.trim()]);
    let mut seen = Seen(Vec::new());

    let page = seen.send(&Ask::new("GET", "/"), served.control);
    assert_eq!(page.status, 200);
    for ask in [
        Ask::new("GET", "/status"),
        Ask::new("GET", "/status").bearer(OPERATOR),
        Ask::new("GET", "/status").header(HEADER, OPERATOR),
        Ask::new("POST", "/freeze").bearer(&TOKEN.replace('0', "1")).header(HEADER, OPERATOR),
    ] {
        assert_eq!(seen.send(&ask, served.control).status, 401, "{ask:?}");
    }
    let status = seen.send(&Ask::new("GET", &format!("/status?token={TOKEN}")), served.control);
    let account = status.json()["accounts"][0]["address"].as_str().unwrap().to_owned();
    assert_eq!(status.json()["network"], "dev");
    gift(node, &account);
    funded(&served);

    let reply = served.agent("/wallet/send", &json!({ "recipient_address": SHOP, "amount": "1" }));
    assert_eq!(reply.status, 409, "{}", reply.text());
    let waiting = seen.send(&served.owner("GET", "/approvals"), served.control).json();
    let path = format!("/approvals/{}/resolve", waiting[0]["approvalId"].as_str().unwrap());
    let approve = served.owner("POST", &path).json(&json!({ "approved": true }));
    for (secret, code) in [
        (None, "OPERATOR_SECRET_REQUIRED"),
        (Some(UNLOCK), "WRONG_SECRET"),
        (Some(TOKEN), "WRONG_SECRET"),
    ] {
        let ask = secret.map_or(approve.clone(), |secret| approve.clone().header(HEADER, secret));
        let refused = seen.send(&ask, served.control);
        assert_eq!((refused.status, &refused.json()["error"]), (403, &json!(code)));
    }
    let settled = seen.send(&approve.header(HEADER, OPERATOR), served.control);
    assert_eq!(settled.json()["status"], "settled", "{}", settled.text());

    assert_eq!(seen.send(&served.owner("POST", "/freeze"), served.control).status, 200);
    let lift = served.owner("POST", "/unfreeze");
    assert_eq!(seen.send(&lift, served.control).json()["error"], "OPERATOR_SECRET_REQUIRED");
    assert_eq!(seen.send(&lift.header(HEADER, OPERATOR), served.control).status, 200);
    for path in ["/report", "/audit", "/policy", "/audit/verify?deep=true", "/metrics"] {
        assert_eq!(seen.send(&served.owner("GET", path), served.control).status, 200, "{path}");
    }
    seen.holds_none_of(&[UNLOCK, OPERATOR, TOKEN, &phrase]);
    assert_eq!(served.end().0, Some(0));
}

/// Every answer of the control port.
struct Seen(Vec<Reply>);

impl Seen {
    fn send(&mut self, ask: &Ask, to: SocketAddr) -> Reply {
        let reply = ask.send(to);
        self.0.push(Reply { headers: reply.headers.clone(), body: reply.body.clone(), ..reply });
        reply
    }

    fn holds_none_of(&self, secrets: &[&str]) {
        for reply in &self.0 {
            let all = format!("{:?} {}", reply.headers, reply.text());
            for secret in secrets {
                assert!(!all.contains(secret), "{all}");
            }
        }
    }
}

/// Where the simulated node of `paywarden sandbox` answers.
fn node(line: &str) -> SocketAddr {
    let services: Value = serde_json::from_str(line).unwrap();
    let services = services["services"].as_array().unwrap();
    let rpc = services.iter().find(|service| service["name"] == "node-rpc").unwrap();
    let url = rpc["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    url.trim_end_matches('/').parse().unwrap()
}

fn gift(node: SocketAddr, account: &str) {
    let raw = format!("5{}", "0".repeat(30));
    let gift = json!({ "account": account, "amount_raw": raw, "confirmed": true });
    let reply = Ask::new("POST", "/sandbox/faucet").json(&gift).send(node);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

fn funded(served: &Served) {
    let started = SystemClock.now();
    loop {
        let balance = Ask::new("GET", "/wallet/balance").send(served.agents).json();
        if balance["data"]["balance"] == "5.0" {
            return;
        }
        assert!(SystemClock.now().since(started) < Duration::from_secs(30), "{balance}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
