//! What is not this wallet, or not this version of it, is refused with words, and nothing is signed.

use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Home, Server};
use super::{blocks_to_shop, is_sound, keeper_and_forwarder, keyed, signal, soon};

#[test]
fn the_keeper_refuses_another_protocol_network_and_wallet_by_name() {
    let home = Home::new();
    let mut keeper = home.initialized();
    keeper.has_balance("100.0");
    let hello = |protocol: u32, network: &str, wallet: Value| {
        json!({ "hello": {
            "protocol": protocol, "version": "9.9.9", "network": network, "wallet_id": wallet,
        }})
    };
    let socket = home.file("socket").join("keeper");
    soon("it listens", || UnixStream::connect(&socket).is_ok());
    let reply = greet(&socket, &hello(PROTOCOL, "sandbox", Value::Null));
    assert_eq!(reply["welcome"]["pid"], keeper.pid(), "{reply}");
    let other = json!("00000000-0000-4000-8000-000000000000");
    for (hello, code, words) in [
        (hello(99, "sandbox", Value::Null), "VERSION_SKEW", "9.9.9 (protocol 99)"),
        // One that would not pass an agent's token on.
        (hello(PROTOCOL - 1, "sandbox", Value::Null), "VERSION_SKEW", "(protocol 1)"),
        (hello(PROTOCOL, "dev", Value::Null), "OTHER_NETWORK", "on sandbox, not dev"),
        (hello(PROTOCOL, "sandbox", other), "OTHER_WALLET", "another wallet"),
    ] {
        let reply = greet(&socket, &hello);
        assert_eq!(reply["unwelcome"]["code"], code, "{reply}");
        let message = reply["unwelcome"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert!(!reply["unwelcome"]["hint"].as_str().unwrap().is_empty());
    }
    // What is no greeting at all is not answered, and harms nothing.
    for frame in [&b"\0\0\0\x04ping"[..], b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b""] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(frame).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        assert_eq!(said, b"", "{frame:?}");
    }
    keeper.has_balance("100.0");
}

#[test]
fn a_keeper_of_another_version_is_told_to_the_caller() {
    let home = Home::new();
    wallet_made(&home);
    let refusal = json!({ "unwelcome": {
        "kind": "unavailable", "code": "VERSION_SKEW",
        "message": "the paywarden that has this wallet open is version 9.9.9 (protocol 99)",
        "hint": "Restart the hosts that run the older one",
        "sent": "nothing", "retry": "after_operator",
    }});
    let _keeper = FakeKeeper::start(&home, Some(&refusal));
    let mut server = home.initialized();
    let text = server.error("wallet_send", keyed("0.5", "a"));
    assert!(text.starts_with("VERSION_SKEW: "), "{text}");
    assert!(text.contains("9.9.9") && text.contains("Nothing was sent."), "{text}");
    let status = home.run(&["status"]);
    assert_eq!(status.status.code(), Some(4), "{status:?}");
    assert!(String::from_utf8(status.stderr).unwrap().contains("VERSION_SKEW"));
    assert_eq!(blocks_to_shop(&home), 0);
}

#[test]
fn a_keeper_that_speaks_no_known_words_is_said_to_hold_the_wallet() {
    let home = Home::new();
    wallet_made(&home);
    let _keeper = FakeKeeper::start(&home, Some(&json!({ "bonjour": 1 })));
    let status = home.run(&["status"]);
    assert_eq!(status.status.code(), Some(4), "{status:?}");
    let words = String::from_utf8(status.stderr).unwrap();
    assert!(words.contains("WALLET_BUSY"), "{words}");
    assert!(words.contains(&std::process::id().to_string()), "{words}");
}

#[test]
fn a_keeper_that_says_nothing_is_said_to_be_silent() {
    let home = Home::new();
    wallet_made(&home);
    let _keeper = FakeKeeper::start(&home, None);
    let status = home.run(&["status"]);
    assert_eq!(status.status.code(), Some(4), "{status:?}");
    let words = String::from_utf8(status.stderr).unwrap();
    assert!(words.contains("KEEPER_SILENT"), "{words}");
    assert!(words.contains(&format!("pid {}", std::process::id())), "{words}");
}

#[test]
fn another_network_in_the_same_home_is_refused_with_and_without_a_keeper() {
    let home = Home::new();
    let mut keeper = home.initialized();
    keeper.has_balance("100.0");
    let refused = |code: &[&str]| {
        let mut server = home.server_with(&["--network", "dev"]);
        server.initialize("2025-11-25");
        let text = server.error("wallet_send", keyed("0.5", "a"));
        assert!(code.iter().any(|code| text.starts_with(&format!("{code}: "))), "{text}");
        assert!(text.contains("Nothing was sent."), "{text}");
    };
    refused(&["OTHER_NETWORK"]);
    keeper.end().is_clean();
    refused(&["KEYSTORE_UNUSABLE"]);
    let mut keeper = home.initialized();
    keeper.has_balance("100.0");
    assert_eq!(blocks_to_shop(&home), 0);
    is_sound(&home);
}

#[test]
fn a_forwarder_does_not_follow_to_another_wallet() {
    for keeper_follows in [true, false] {
        let (home, other) = (Home::new(), Home::new());
        wallet_made(&other);
        let (keeper, mut forwarder) = keeper_and_forwarder(&home);
        // It sleeps through the exchange.
        signal(forwarder.pid(), Signal::STOP);
        signal(keeper.pid(), Signal::KILL);
        drop(keeper);
        replace_home(&home, &other);
        let next = keeper_follows.then(|| {
            let mut next = home.initialized();
            next.has_balance("100.0");
            next
        });
        signal(forwarder.pid(), Signal::CONT);
        let text = forwarder.error("wallet_send", keyed("0.5", "a"));
        assert!(text.starts_with("OTHER_WALLET: "), "{keeper_follows}: {text}");
        assert!(text.contains("Nothing was sent."), "{text}");
        assert_eq!(blocks_to_shop(&home), 0);
        // Whoever starts now has the wallet that is there; the old process holds nothing of it.
        drop(next);
        let mut fresh = home.initialized();
        fresh.has_balance("100.0");
        drop(forwarder);
        is_sound(&home);
    }
}

#[test]
fn a_forwarder_makes_no_wallet_where_its_own_is_gone() {
    let home = Home::new();
    let (keeper, mut forwarder) = keeper_and_forwarder(&home);
    signal(forwarder.pid(), Signal::STOP);
    signal(keeper.pid(), Signal::KILL);
    drop(keeper);
    std::fs::remove_dir_all(home.path()).unwrap();
    signal(forwarder.pid(), Signal::CONT);
    let text = forwarder.error("wallet_send", keyed("0.5", "a"));
    assert!(text.starts_with("OTHER_WALLET: ") && text.contains("is gone"), "{text}");
    assert!(!home.file("keystore.json").exists());
}

fn wallet_made(home: &Home) {
    let mut server = home.initialized();
    server.has_balance("100.0");
    server.end().is_clean();
}

fn replace_home(home: &Home, other: &Home) {
    for name in
        ["wallet.redb", "keystore.json", "ledger-key.pem", "anchor.log", "sandbox-nano.jsonl"]
    {
        std::fs::remove_file(home.file(name)).unwrap();
        std::fs::copy(other.file(name), home.file(name)).unwrap();
    }
}

/// One frame to the keeper, and its reply.
fn greet(socket: &Path, hello: &Value) -> Value {
    let mut stream = UnixStream::connect(socket).unwrap();
    write_frame(&mut stream, hello);
    read_frame(&mut stream).unwrap()
}

fn write_frame(stream: &mut UnixStream, message: &Value) {
    let text = message.to_string();
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], text.as_bytes()].concat()).unwrap();
}

fn read_frame(stream: &mut UnixStream) -> std::io::Result<Value> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut text = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text).unwrap())
}

/// This test, in the place of a keeper: it has the lock and listens.
struct FakeKeeper {
    _lock: std::fs::File,
}

impl FakeKeeper {
    /// Gives every process the same reply, or none.
    fn start(home: &Home, reply: Option<&Value>) -> Self {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut lock = options.open(home.file("wallet.lock")).unwrap();
        lock.try_lock().unwrap();
        writeln!(lock, "{}", std::process::id()).unwrap();
        let dir = home.file("socket");
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).unwrap();
        let _ = std::fs::remove_file(dir.join("keeper"));
        let listener = UnixListener::bind(dir.join("keeper")).unwrap();
        let reply = reply.cloned();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(reply) = &reply
                    && read_frame(&mut stream).is_ok()
                {
                    write_frame(&mut stream, reply);
                }
                open.push(stream);
            }
        });
        Self { _lock: lock }
    }
}

#[test]
fn many_servers_are_one_wallet_and_all_are_served() {
    let home = Home::new();
    let mut servers: Vec<Server> = (0..12).map(|_| home.initialized()).collect();
    for (number, server) in servers.iter_mut().enumerate() {
        assert_eq!(server.send(keyed("0.01", &format!("m-{number}")))["status"], "settled");
    }
    for server in &mut servers {
        server.has_balance("99.88");
    }
}

/// What these processes speak.
const PROTOCOL: u32 = 2;
