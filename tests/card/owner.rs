//! A purchase with nothing built in: the owner types secrets, names merchant, card and limits, and approves; the
//! agent buys over stdio.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::stripe::Stripe;
use serde_json::{Value, json};

use crate::street::Street;
use crate::support::terminal::Terminal;
use crate::support::{Home, Server};

/// A wallet on dev, of an owner who has named the street's merchant and a card.
struct Owner {
    street: Street,
    home: Home,
}

impl Owner {
    /// `None` where there is no terminal to be had.
    fn settled_in() -> Option<Self> {
        let street = Street::new();
        let mut home = Home::new();
        for (name, value) in [
            ("PAYWARDEN_NETWORK", "dev"),
            ("PAYWARDEN_NODE_URL", &street.node_url),
            ("STRIPE_API_URL", &street.stripe_url),
            ("STRIPE_SECRET_KEY", Stripe::KEY),
        ] {
            home.set(name, PathBuf::from(value));
        }
        let mut terminal = Terminal::start(&home, "init")?;
        terminal.secrets(UNLOCK, OPERATOR).confirm();
        let (said, code) = terminal.end();
        assert_eq!(code, Some(0), "{said}");
        home.set("PAYWARDEN_UNLOCK", PathBuf::from(UNLOCK));
        let owner = Self { street, home };
        let draft = owner.home.path().with_file_name("policy.toml");
        std::fs::write(&draft, POLICY).unwrap();
        owner.types(&format!("policy apply {}", draft.display()), &[]);
        let place = owner.street.merchant_url.clone();
        owner.names(&place, &[("Token of the merchant: ", AcpMerchant::TOKEN)]);
        let card = [("(pm_...): ", Stripe::PAYMENT_METHOD)];
        owner.types("funding set --brand visa --last4 4242", &card);
        Some(owner)
    }

    /// Says where the merchant's checkouts are.
    fn names(&self, endpoint: &str, typed: &[(&str, &str)]) {
        let token = if typed.is_empty() { "" } else { " --token" };
        let profile = AcpMerchant::PROFILE;
        let words = format!(
            "merchants add {} --endpoint {endpoint} --profile {profile}{token}",
            AcpMerchant::ID
        );
        self.types(&words, typed);
    }

    /// One of the owner's commands, with what it asks for and then the operator secret.
    fn types(&self, words: &str, typed: &[(&str, &str)]) -> String {
        let mut terminal = Terminal::start(&self.home, words).unwrap();
        for (prompt, answer) in typed {
            terminal.answer(prompt, answer);
        }
        let (said, code) = terminal.answer("Operator secret: ", OPERATOR).end();
        assert_eq!(code, Some(0), "{words}: {said}");
        for (_, secret) in typed {
            assert!(!said.contains(secret), "{words}: {said}");
        }
        said
    }

    fn agent(&self) -> Server {
        let mut server = self.home.server();
        server.network = "dev";
        server.initialize("2025-11-25");
        server
    }

    fn order(&self) -> Value {
        json!({
            "merchantEndpoint": self.street.merchant_url,
            "currency": "usd",
            "items": [{ "id": "bread", "quantity": 2 }, { "id": "milk" }],
        })
    }

    fn payment(&self, opened: &Value) -> Value {
        json!({
            "merchantEndpoint": self.street.merchant_url,
            "merchantId": "grocer-1",
            "sessionId": opened["sessionId"],
            "maxAmount": "1000",
            "currency": "usd",
        })
    }
}

#[test]
fn an_agent_buys_from_the_owners_merchant_with_the_owners_card() {
    let Some(owner) = Owner::settled_in() else { return };
    let mut agent = owner.agent();
    let opened = agent.facts("acp_create_checkout", owner.order());
    assert_eq!((&opened["payable"], &opened["merchantId"]), (&json!(true), &json!("grocer-1")));
    let asked = agent.facts("pay_checkout", owner.payment(&opened));
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    owner.street.is_untouched();
    let said =
        owner.types(&format!("approvals approve {}", asked["approvalId"].as_str().unwrap()), &[]);
    assert!(said.contains("Settled: 6.82 USD") && said.contains("order_1"), "{said}");
    let status = json!({ "paymentId": asked["paymentId"] });
    let paid = agent.facts("get_payment_status", status);
    assert_eq!(
        (&paid["status"], &paid["settlement"]["reference"]),
        (&json!("settled"), &json!("order_1"))
    );
    agent.end().is_clean();
    let orders = &owner.home.json(&["report"])["orders"];
    assert_eq!(
        (&orders[0]["orderId"], &orders[0]["merchantId"]),
        (&json!("order_1"), &json!("grocer-1"))
    );
    assert_eq!((owner.street.merchant.orders(), owner.street.stripe.charges()), (1, 1));
    let events = owner.home.json(&["ledger", "show", "--limit", "100"]).to_string();
    for secret in ["spt_", "pm_card", "sk_test", AcpMerchant::TOKEN, OPERATOR, UNLOCK] {
        assert!(!events.contains(secret), "{secret}");
    }
}

#[test]
fn a_merchants_token_stays_with_the_place_it_was_given_for() {
    let Some(owner) = Owner::settled_in() else { return };
    let (elsewhere, heard) = listener();
    let looked = json!({ "merchantEndpoint": elsewhere, "sessionId": "cs_1" });
    let moved = |words: &dyn Fn()| {
        words();
        let mut agent = owner.agent();
        let _ = agent.call("acp_checkout_status", looked.clone());
        agent.end().is_clean();
        let request = heard.recv().unwrap().to_ascii_lowercase();
        assert!(request.starts_with("get /checkout_sessions/cs_1"), "{request}");
        assert!(!request.contains("authorization") && !request.contains(AcpMerchant::TOKEN));
    };
    moved(&|| owner.names(&elsewhere, &[]));
    moved(&|| {
        owner.types(&format!("merchants remove {}", AcpMerchant::ID), &[]);
        owner.names(&elsewhere, &[]);
    });
    let kept = std::fs::read_to_string(owner.home.file("checkout-access.json")).unwrap();
    assert!(!kept.contains(AcpMerchant::TOKEN), "a place that is no more needs no token");
}

#[test]
fn a_card_that_is_taken_away_takes_its_open_tokens_with_it() {
    let Some(owner) = Owner::settled_in() else { return };
    let mut agent = owner.agent();
    // The merchant has the token and never comes to an end.
    let busy = Some("complete_in_progress".to_owned());
    owner.street.merchant.set(|knobs| knobs.complete_status = busy);
    let opened = agent.facts("acp_create_checkout", owner.order());
    let asked = agent.facts("pay_checkout", owner.payment(&opened));
    let words = format!("approvals approve {}", asked["approvalId"].as_str().unwrap());
    let mut approving = Terminal::start(&owner.home, &words).unwrap();
    approving.answer("Operator secret: ", OPERATOR);
    let has_token = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        owner.street.stripe.active() == 1
    });
    assert!(has_token);
    owner.types("funding clear", &[]);
    let (said, _) = approving.end();
    assert!(said.contains("Failed: "), "{said}");
    owner.street.is_untouched();
    let status = json!({ "paymentId": asked["paymentId"] });
    assert_eq!(agent.call("get_payment_status", status)["structuredContent"]["status"], "failed");
}

/// A place that is no merchant: it keeps what it is asked and answers 404.
fn listener() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut bytes, mut byte) = (Vec::new(), [0]);
            while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                bytes.push(byte[0]);
            }
            let gone = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(gone.as_bytes()).unwrap();
            let _ = heard.send(String::from_utf8(bytes).unwrap());
        }
    });
    (url, hears)
}

const UNLOCK: &str = "unlock-secret-of-the-host";
const OPERATOR: &str = "operator-secret-of-the-owner";
const POLICY: &str = r#"
mode = "tiered"

[limits.XNO]
hard_limit = "1 XNO"

[limits.USD]
hard_limit = "12.50 USD"
"#;
