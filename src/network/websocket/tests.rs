//! The websocket against servers of our own, with the messages of both nodes and with what no node should send.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use futures_util::{SinkExt as _, StreamExt as _};

use super::message::{Told, read};
use super::*;
use crate::clock::SystemClock;
use crate::fetch::PlainText;
use crate::money::Raw;
use crate::nano::{BlockHash, Subtype};

fn ours() -> Account {
    Account::from_bytes([7; 32])
}

fn other() -> Account {
    Account::from_bytes([9; 32])
}

fn hash() -> BlockHash {
    BlockHash::from_bytes([1; 32])
}

/// A confirmation of a send from `from` to `to`, as both nodes send it.
fn confirmation(from: Account, to: Account) -> Value {
    json!({ "topic": "confirmation", "time": "1700000000000", "message": {
        "account": from, "amount": "5", "hash": hash(), "confirmation_type": "active_quorum",
        "block": { "type": "state", "account": from, "previous": "0".repeat(64),
            "representative": from, "balance": "1", "link": BlockHash::from_bytes(*to.as_bytes()),
            "link_as_account": to, "signature": "00", "work": "00", "subtype": "send" } } })
}

fn news(from: Account, to: Account) -> Confirmation {
    Confirmation::Block {
        account: from,
        hash: hash(),
        amount: Raw::new(5),
        subtype: Some(Subtype::Send),
        destination: Some(to),
    }
}

struct Server {
    listener: TcpListener,
    url: SocketUrl,
}

type Socket = WebSocketStream<TcpStream>;

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        Self { listener, url: SocketUrl::parse(&url, PlainText::Loopback).unwrap() }
    }

    fn client(&self) -> Websocket {
        Websocket::start(self.url.clone(), Arc::new(SystemClock))
    }

    async fn accept(&self) -> Socket {
        accept_async(self.listener.accept().await.unwrap().0).await.unwrap()
    }
}

async fn request(socket: &mut Socket) -> Value {
    let message = socket.next().await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn say(socket: &mut Socket, json: &Value) {
    socket.send(Message::text(json.to_string())).await.unwrap();
}

async fn accepted(socket: &mut Socket) -> Value {
    let asked = request(socket).await;
    say(socket, &json!({ "ack": asked["action"], "time": "1700000000000", "id": asked["id"] }))
        .await;
    asked
}

#[tokio::test]
async fn news_of_followed_accounts_are_heard_after_a_gap() {
    let server = Server::start().await;
    let websocket = server.client();
    let mut heard = websocket.subscribe();
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    let asked = accepted(&mut socket).await;
    let expected = json!({ "action": "subscribe", "topic": "confirmation", "ack": true, "id": "1",
        "options": { "accounts": [ours()], "include_block": true } });
    assert_eq!(asked, expected);
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    say(&mut socket, &confirmation(other(), other())).await;
    say(&mut socket, &confirmation(ours(), other())).await;
    say(&mut socket, &confirmation(other(), ours())).await;
    assert_eq!(heard.next().await, Some(news(ours(), other())), "not the strangers' news");
    assert_eq!(heard.next().await, Some(news(other(), ours())));

    websocket.follow(&[ours(), other()]);
    let asked = accepted(&mut socket).await;
    let expected = json!({ "action": "update", "topic": "confirmation", "ack": true, "id": "1",
        "options": { "accounts_add": [other()] } });
    assert_eq!(asked, expected);
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    say(&mut socket, &confirmation(other(), other())).await;
    assert_eq!(heard.next().await, Some(news(other(), other())));
}

#[tokio::test]
async fn nothing_is_connected_before_an_account_is_followed() {
    let server = Server::start().await;
    let websocket = server.client();
    let waited = tokio::select! {
        _ = server.listener.accept() => false,
        () = SystemClock.sleep(Duration::from_millis(100)) => true,
    };
    assert!(waited);
    websocket.follow(&[ours()]);
    server.accept().await;
}

#[tokio::test]
async fn a_lost_connection_is_made_again_with_all_accounts_and_a_gap() {
    let server = Server::start().await;
    let websocket = server.client();
    let mut heard = websocket.subscribe();
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    websocket.follow(&[other()]);
    // RsNano closes like this on a request it cannot read.
    drop(socket);
    let mut socket = server.accept().await;
    let asked = accepted(&mut socket).await;
    assert_eq!(asked["options"]["accounts"], json!([ours(), other()]));
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
}

#[tokio::test]
async fn what_cannot_be_read_is_passed_over() {
    let server = Server::start().await;
    let websocket = server.client();
    let mut heard = websocket.subscribe();
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    let mut odd = vec![json!(null), json!([]), json!("x"), json!({}), json!({ "topic": "vote" })];
    for (field, value) in [
        ("account", json!("nano_1")),
        ("amount", json!("-1")),
        ("amount", json!(5)),
        ("hash", json!("")),
        ("block", json!("text")),
    ] {
        let mut bad = confirmation(ours(), other());
        bad["message"][field] = value;
        odd.push(bad);
    }
    odd.push(json!({ "topic": "confirmation" }));
    odd.push(json!({ "error": "\u{1b}[2J" }));
    for message in odd {
        say(&mut socket, &message).await;
    }
    socket.send(Message::text("{".repeat(60_000))).await.unwrap();
    socket.send(Message::binary(vec![0xff; 100])).await.unwrap();
    socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    say(&mut socket, &confirmation(ours(), other())).await;
    assert_eq!(heard.next().await, Some(news(ours(), other())));
}

#[tokio::test]
async fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    let server = Server::start().await;
    let websocket = server.client();
    let mut heard = websocket.subscribe();
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    let text = confirmation(ours(), other()).to_string();
    let padded = |bytes: usize| Message::text(text.clone() + &" ".repeat(bytes - text.len()));
    socket.send(padded(limits::NEWS_MESSAGE_BYTES)).await.unwrap();
    assert_eq!(heard.next().await, Some(news(ours(), other())));
    let _ = socket.send(padded(limits::NEWS_MESSAGE_BYTES + 1)).await;
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    assert_eq!(heard.next().await, Some(Confirmation::Gap), "the connection was given up");
}

#[tokio::test]
async fn the_task_ends_with_its_owner() {
    let server = Server::start().await;
    let websocket = server.client();
    let mut heard = websocket.subscribe();
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    assert_eq!(heard.next().await, Some(Confirmation::Gap));
    drop(websocket);
    assert_eq!(heard.next().await, None);
    assert!(socket.next().await.is_none_or(|message| message.is_err()));
}

#[tokio::test]
async fn credentials_go_to_the_node_and_into_no_text() {
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    let server = Server::start().await;
    let text = server.url.expose().as_str().replace("//", "//bob:hunter%32@");
    let url = SocketUrl::parse(&text, PlainText::Loopback).unwrap();
    let websocket = Websocket::start(url, Arc::new(SystemClock));
    assert!(!format!("{websocket:?}").contains("hunter"));
    websocket.follow(&[ours()]);
    let (stream, _) = server.listener.accept().await.unwrap();
    let mut seen = BTreeMap::new();
    #[expect(clippy::result_large_err, reason = "tungstenite's own type")]
    let look = |request: &Request, response: Response| {
        let headers = request.headers().iter();
        seen = headers.map(|(name, value)| (name.to_string(), value.clone())).collect();
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, look).await.unwrap();
    assert_eq!(seen["authorization"], "Basic Ym9iOmh1bnRlcjI=");
}

#[tokio::test]
async fn a_wss_url_is_spoken_to_in_tls_only() {
    use tokio::io::AsyncReadExt as _;
    let server = Server::start().await;
    let text = server.url.expose().as_str().replace("ws:", "wss:");
    let url = SocketUrl::parse(&text, PlainText::Loopback).unwrap();
    let websocket = Websocket::start(url, Arc::new(SystemClock));
    websocket.follow(&[ours()]);
    let (mut stream, _) = server.listener.accept().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 0x16, "a TLS handshake");
}

#[tokio::test]
async fn only_as_many_accounts_as_a_wallet_has_are_followed() {
    let server = Server::start().await;
    let websocket = server.client();
    let account = |n: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Account::from_bytes(bytes)
    };
    let all: Vec<Account> = (0..=limits::NEWS_FOLLOWED as u32).map(account).collect();
    websocket.follow(&all[..limits::NEWS_FOLLOWED]);
    assert_eq!(websocket.shared.followed().len(), limits::NEWS_FOLLOWED);
    websocket.follow(&all);
    assert_eq!(websocket.shared.followed().len(), limits::NEWS_FOLLOWED);
}

#[test]
fn a_pause_grows_to_its_cap_and_is_never_nothing() {
    assert_eq!(pause(0, u16::MAX), limits::NEWS_PAUSE);
    assert_eq!(pause(0, 0), limits::NEWS_PAUSE / 2);
    assert_eq!(pause(3, u16::MAX), limits::NEWS_PAUSE * 8);
    assert_eq!(pause(u32::MAX, u16::MAX), limits::NEWS_PAUSE_MAX);
}

#[test]
fn a_send_names_its_destination_and_a_receive_does_not() {
    let mut message = confirmation(ours(), other());
    message["message"]["block"]["subtype"] = json!("receive");
    let Ok(Told::Confirmed { news, parties }) = read(message.to_string().as_bytes()) else {
        panic!("{message}")
    };
    assert_eq!(parties, [Some(ours()), None]);
    let Confirmation::Block { subtype, destination, .. } = news else { panic!("{news:?}") };
    assert_eq!((subtype, destination), (Some(Subtype::Receive), None));
    assert_eq!(read(b"{\"ack\":\"pong\",\"time\":\"1\"}").unwrap(), Told::Nothing);
}

/// Time that passes two hundred times as fast.
#[derive(Debug)]
struct Fast;

impl Clock for Fast {
    fn now(&self) -> crate::clock::Millis {
        SystemClock.now()
    }

    fn sleep(&self, d: Duration) -> crate::clock::BoxFuture<'static, ()> {
        SystemClock.sleep(d / 200)
    }
}

#[tokio::test]
async fn a_node_that_does_not_answer_a_subscription_is_left() {
    let server = Server::start().await;
    let websocket = Websocket::start(server.url.clone(), Arc::new(Fast));
    websocket.follow(&[ours()]);
    let mut first = server.accept().await;
    assert_eq!(request(&mut first).await["action"], "subscribe");
    let mut second = server.accept().await;
    assert_eq!(request(&mut second).await["action"], "subscribe");
}

#[tokio::test]
async fn a_quiet_node_is_asked_for_a_sign_of_life_and_left_without_one() {
    let server = Server::start().await;
    let websocket = Websocket::start(server.url.clone(), Arc::new(Fast));
    websocket.follow(&[ours()]);
    let mut socket = server.accept().await;
    accepted(&mut socket).await;
    for _ in 0..2 {
        assert_eq!(request(&mut socket).await, json!({ "action": "ping", "id": "2" }));
    }
    server.accept().await;
}
