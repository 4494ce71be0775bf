//! Confirmations as they happen, to whoever asked for them.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use paywarden::clock::{Clock as _, SystemClock};
use paywarden::limits;
use paywarden::money::Raw;
use paywarden::nano::Subtype;
use paywarden::network::{Confirmation, Confirmations as _};
use paywarden::sandbox::Service;
use paywarden::sandbox::nano::{Spelling, genesis_account};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::wire::{BOTH, Bench};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(bench: &Bench) -> Self {
        Self(connect_async(bench.serving.url(Service::NodeWebsocket)).await.unwrap().0)
    }

    /// Sends a message and reads its acknowledgement.
    async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await.unwrap()
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; `None` at the end of the connection.
    async fn next(&mut self) -> Option<Value> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    /// Nothing has come that was sent before a ping was answered.
    async fn is_silent(&mut self) -> bool {
        self.ask(json!({"action": "ping"})).await["ack"] == "pong"
    }
}

fn subscribe(options: Value) -> Value {
    json!({"action": "subscribe", "topic": "confirmation", "ack": true, "id": "1", "options": options})
}

#[tokio::test]
async fn a_send_is_told_to_both_sides_as_it_is_cemented() {
    for spelling in BOTH {
        let bench = Bench::funded(spelling).await;
        let mut alice = Client::connect(&bench).await;
        let mut genesis = Client::connect(&bench).await;
        let mut stranger = Client::connect(&bench).await;
        let ack = alice.ask(subscribe(json!({"accounts": [bench.account()]}))).await;
        assert_eq!((&ack["ack"], &ack["id"]), (&json!("subscribe"), &json!("1")));
        assert!(ack["time"].as_str().unwrap().parse::<u64>().is_ok());
        genesis.ask(subscribe(json!({"all_local_accounts": true}))).await;
        let nobody = paywarden::nano::Account::from_bytes([9; 32]);
        stranger.ask(subscribe(json!({"accounts": [nobody]}))).await;
        let send = bench.send(3);
        bench.process(&send).await;
        for client in [&mut alice, &mut genesis] {
            let told = client.next().await.unwrap();
            let late = SystemClock.now().0 - told["time"].as_str().unwrap().parse::<u64>().unwrap();
            assert!(late < 1_000, "{late} ms");
            let message = &told["message"];
            assert_eq!(told["topic"], "confirmation");
            assert_eq!(message["hash"], send.hash().to_string());
            assert_eq!(
                (&message["amount"], &message["account"]),
                (&json!("3"), &json!(bench.account()))
            );
            assert_eq!(message["confirmation_type"], "active_quorum");
            assert_eq!(message["block"]["subtype"], "send");
            assert_eq!(message["block"]["link_as_account"], genesis_account().to_string());
            assert_eq!(
                message["block"]["work"].as_str().map(str::to_lowercase),
                send.work.map(|work| work.to_string())
            );
        }
        assert!(stranger.is_silent().await);
    }
}

#[tokio::test]
async fn filters_follow_the_nodes_rules() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let account = bench.account();
    let mut blind = Client::connect(&bench).await;
    let mut short = Client::connect(&bench).await;
    let mut height = Client::connect(&bench).await;
    blind.ask(subscribe(json!({"accounts": [account], "include_block": "false"}))).await;
    short.ask(subscribe(json!({"include_block": false}))).await;
    height.ask(subscribe(json!({"confirmation_type": "active_confirmation_height"}))).await;
    bench.node.hold_new(true);
    let first = bench.send(1);
    bench.process(&first).await;
    let second = bench.send(1);
    bench.process(&second).await;
    bench.node.confirm(&second.hash()).unwrap();
    let told = height.next().await.unwrap();
    assert_eq!(told["message"]["hash"], first.hash().to_string());
    assert!(height.is_silent().await);
    for hash in [first.hash(), second.hash()] {
        let told = short.next().await.unwrap();
        assert_eq!(told["message"]["hash"], hash.to_string());
        assert!(told["message"].get("block").is_none());
    }
    assert!(blind.is_silent().await, "without the block no account matches");
}

#[tokio::test]
async fn accounts_come_and_go_and_nothing_is_repeated() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let account = bench.account();
    let mut client = Client::connect(&bench).await;
    let update = |field: &str| {
        json!({
            "action": "update", "topic": "confirmation", "ack": true, "options": {field: [account]},
        })
    };
    client.send(update("accounts_add")).await;
    assert!(client.is_silent().await, "there is nothing to update");
    client.ask(subscribe(json!({"accounts": []}))).await;
    assert_eq!(client.ask(update("accounts_add")).await["ack"], "update");
    let gift = bench.node.faucet_confirmed(account, Raw::new(1)).unwrap();
    assert_eq!(client.next().await.unwrap()["message"]["hash"], gift.to_string());
    assert_eq!(client.ask(update("accounts_del")).await["ack"], "update");
    bench.node.faucet_confirmed(account, Raw::new(1)).unwrap();
    assert!(client.is_silent().await);
    let end = json!({"action": "unsubscribe", "topic": "confirmation", "ack": "true"});
    assert_eq!(client.ask(end).await["ack"], "unsubscribe");
    drop(client);
    let mut client = Client::connect(&bench).await;
    client.ask(json!({"action": "subscribe", "topic": "confirmation", "ack": 1})).await;
    assert!(client.is_silent().await, "what happened before is not told again");
    let last = bench.node.faucet_confirmed(account, Raw::new(1)).unwrap();
    assert_eq!(client.next().await.unwrap()["message"]["hash"], last.to_string());
}

#[tokio::test]
async fn rsnano_wants_real_booleans() {
    let lax = json!({"action": "subscribe", "topic": "confirmation", "ack": "true"});
    let numbered = json!({"action": "subscribe", "topic": "confirmation", "ack": true, "id": 1});
    let optional = json!({
        "action": "subscribe", "topic": "confirmation", "options": {"include_block": "true"},
    });
    let cpp = Bench::new(Spelling::Cpp).await;
    assert_eq!(Client::connect(&cpp).await.ask(lax.clone()).await["ack"], "subscribe");
    assert_eq!(Client::connect(&cpp).await.ask(numbered.clone()).await["id"], "1");
    let rsnano = Bench::new(Spelling::RsNano).await;
    for message in [lax, numbered, optional] {
        let mut client = Client::connect(&rsnano).await;
        client.send(message.clone()).await;
        assert_eq!(client.next().await, None, "{message}");
    }
    for bench in [&cpp, &rsnano] {
        let mut client = Client::connect(bench).await;
        client.0.send(Message::text("{")).await.unwrap();
        assert_eq!(client.next().await, None);
    }
}

/// What a wallet in the same process hears, without anybody asking the node.
#[tokio::test]
async fn the_port_tells_of_followed_accounts_in_time() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let mut heard = bench.node.subscribe();
    let send = bench.send(1);
    bench.node.insert(&send).unwrap();
    SystemClock.sleep(Duration::from_millis(60)).await;
    bench.node.follow(&[bench.account()]);
    let send = bench.send(2);
    let before = SystemClock.now();
    bench.node.insert(&send).unwrap();
    let Confirmation::Block { account, hash, amount, subtype, destination } =
        heard.next().await.unwrap()
    else {
        panic!("a block was expected");
    };
    let took = SystemClock.now().since(before);
    assert!(took >= Duration::from_millis(15), "{took:?}");
    assert_eq!((account, hash, amount), (bench.account(), send.hash(), Raw::new(2)));
    assert_eq!((subtype, destination), (Some(Subtype::Send), Some(genesis_account())));
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_told_that_it_missed_something() {
    for (more, missed) in [(0, false), (1, true)] {
        let bench = Bench::new(Spelling::Cpp).await;
        bench.node.follow(&[genesis_account()]);
        let mut heard = bench.node.subscribe();
        for _ in 0..limits::SANDBOX_NEWS_WAITING + more {
            bench.node.faucet_confirmed(bench.account(), Raw::new(1)).unwrap();
        }
        assert_eq!(heard.next().await == Some(Confirmation::Gap), missed);
    }
}

#[tokio::test]
async fn messages_end_at_their_bound() {
    let bench = Bench::new(Spelling::Cpp).await;
    for (more, answered) in [(0, true), (1, false)] {
        let mut client = Client::connect(&bench).await;
        let ping = r#"{"action":"ping"}"#;
        let padding = " ".repeat(limits::SANDBOX_WEBSOCKET_BYTES + more - ping.len());
        client.0.send(Message::text(format!("{ping}{padding}"))).await.unwrap();
        assert_eq!(client.next().await.is_some(), answered);
    }
}
