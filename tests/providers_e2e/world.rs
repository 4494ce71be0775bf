//! A sandbox that outlives the wallets on it, and its knobs over HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::sandbox::Service;
use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::{Home, Server};

/// A sandbox that is served as long as it is held.
pub struct World {
    sandbox: Sandbox,
    nicky: String,
    nanswap: String,
}

impl World {
    pub fn new() -> Self {
        let sandbox = Sandbox::start();
        let url = |service| sandbox.url(service).to_owned();
        let (nicky, nanswap) = (url(Service::Nicky), url(Service::Nanswap));
        Self { sandbox, nicky, nanswap }
    }

    /// A wallet on it, with 100 XNO.
    pub fn home(&self) -> Home {
        let mut home = Home::new();
        self.sandbox.joined_by(&mut home);
        home
    }

    pub fn nicky(&self, knob: &str, body: &Value) -> Value {
        http("POST", &self.nicky, &format!("/sandbox/{knob}"), &body.to_string())
    }

    /// A new request at Nicky.
    pub fn request(&self, amount: &str) -> String {
        let made = self.nicky("requests", &json!({ "amount": amount }));
        made["shortId"].as_str().unwrap().to_owned()
    }

    pub fn nanswap(&self, knob: &str, body: &Value) -> Value {
        http("POST", &self.nanswap, &format!("/sandbox/{knob}"), &body.to_string())
    }

    /// The signed webhook about an order in a state, once it is sent.
    pub fn webhook(&self, invoice: &str, status: &str) -> Value {
        let started = SystemClock.now();
        loop {
            let sent = http("GET", &self.nanswap, "/sandbox/webhooks", "");
            let mut sent = sent.as_array().unwrap().iter();
            if let Some(found) =
                sent.find(|one| one["invoiceId"] == invoice && one["status"] == status)
            {
                return json!({ "body": found["body"], "signature": found["signature"] });
            }
            assert!(SystemClock.now().since(started) < Duration::from_secs(20), "no {status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A body signed with Nanswap's own secret.
    pub fn signed(&self, body: &Value) -> Value {
        http("POST", &self.nanswap, "/sandbox/sign", &body.to_string())
    }
}

/// Nothing was signed: the balance is whole, and the books know of no payment.
pub fn is_untouched(agent: &mut Server) {
    let facts = agent.facts("wallet_balance", json!({}));
    assert_eq!((&facts["balance"], &facts["reserved_raw"]), (&json!("100.0"), &json!("0")));
    let history = agent.facts("wallet_history", json!({}));
    assert!(history["entries"].as_array().unwrap().iter().all(|entry| entry["kind"] == "receive"));
}

fn http(method: &str, url: &str, path: &str, body: &str) -> Value {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    serde_json::from_str(body).unwrap()
}
