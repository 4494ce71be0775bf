//! What no request gets past: other names, other origins, other media, too much of it, and no token.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::client::Ask;
use crate::served::{Served, TOKEN};
use crate::support::{Home, SHOP};

#[test]
fn a_page_of_another_origin_can_neither_read_nor_spend() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let body = json!({ "recipient_address": SHOP, "amount": "0.5" });
    let pay = json!({
        "rail": "nano", "amount": { "amount": "1000", "currency": "XNO" },
        "payee": { "address": SHOP },
    });
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Host", "evil.example:3123"),
    ] {
        for (ask, to) in [
            (Ask::new("GET", "/wallet/balance"), served.agents),
            (Ask::new("POST", "/wallet/send").json(&body), served.agents),
            (Ask::new("POST", "/credits/topup/10"), served.agents),
            (Ask::new("POST", "/donate/1"), served.agents),
            (Ask::new("POST", "/pay").json(&pay), served.pay),
            (Ask::new("GET", "/status").bearer(TOKEN), served.control),
            (Ask::new("POST", "/freeze").bearer(TOKEN), served.control),
            (Ask::new("POST", "/mcp").json(&json!({})), served.mcp),
            (Ask::new("POST", "/webhooks/nanswap").json(&json!({})), served.webhooks),
            (Ask::new("OPTIONS", "/wallet/send"), served.agents),
            (Ask::new("GET", "/nothing"), served.agents),
        ] {
            let reply = ask.clone().header(name, value).send(to);
            assert_eq!(reply.status, 403, "{name} {value}: {ask:?}: {}", reply.text());
            let cors = reply.headers.iter().any(|(name, _)| name.starts_with("access-control"));
            assert!(!cors, "{:?}", reply.headers);
        }
    }
    let balance = Ask::new("GET", "/wallet/balance").send(served.agents).json();
    assert_eq!(balance["data"]["balance"], "100.0");
    assert_eq!(served.sees("/status")["frozen"], false);
    let own = format!("http://{}", served.control);
    let reply = served.owner("GET", "/status").header("Origin", &own).send(served.control);
    assert_eq!(reply.status, 200);
}

#[test]
fn only_the_token_opens_the_control_api() {
    let home = Home::new();
    let served = Served::start(&home);
    for path in
        ["/status", "/audit", "/agents", "/openapi.json", "/metrics", "/healthz", "/nothing"]
    {
        assert_eq!(Ask::new("GET", path).send(served.control).status, 401, "{path}");
        let wrong = Ask::new("GET", path).bearer("the-owners-token-0123456780");
        assert_eq!(wrong.send(served.control).status, 401, "{path}");
        let query = format!("{path}?token={TOKEN}x");
        assert_eq!(Ask::new("GET", &query).send(served.control).status, 401, "{path}");
    }
    let query = format!("/status?token={TOKEN}");
    assert_eq!(Ask::new("GET", &query).send(served.control).status, 200);
    // The token is the owner's: it is worth nothing on the agents' ports once they ask for one.
    let agent = served.does("/agents", &json!({ "id": "shopper" })).json();
    let reply = Ask::new("GET", "/wallet/balance").bearer(TOKEN).send(served.agents);
    assert_eq!(reply.status, 401, "{}", reply.text());
    let reply = Ask::new("GET", "/wallet/balance").send(served.agents);
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["error"]["error"], "AGENT_UNKNOWN");
    let token = agent["token"].as_str().unwrap();
    let reply = Ask::new("GET", "/wallet/balance").bearer(token).send(served.agents);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(Ask::new("GET", "/status").bearer(token).send(served.control).status, 401);
}

#[test]
fn a_body_that_is_too_large_is_told_so() {
    let home = Home::new();
    let served = Served::start(&home);
    for (extra, status) in [(0, 422), (1, 413), (3 * 1024 * 1024, 413)] {
        let fill = "x".repeat(1024 * 1024 - r#"{"y":""}"#.len() + extra);
        let body = format!(r#"{{"y":"{fill}"}}"#);
        let ask = Ask::new("POST", "/wallet/send").raw("application/json", body.as_bytes());
        let reply = ask.send(served.agents);
        assert_eq!(reply.status, status, "{extra}");
    }
}

#[test]
fn the_page_comes_with_its_policy_and_nothing_of_the_wallets() {
    let home = Home::new();
    let served = Served::start(&home);
    for path in ["/", "/index.html", "/?token=x"] {
        let page = Ask::new("GET", path).send(served.control);
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert!(!page.text().contains("nano_") && !page.text().contains(TOKEN));
    }
    let visit = Ask::new("GET", "/")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Dest", "document");
    assert_eq!(visit.send(served.control).status, 200);
    let frame = Ask::new("GET", "/")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Dest", "iframe");
    assert_eq!(frame.send(served.control).status, 403);
}

#[test]
fn pages_that_listen_and_connections_have_a_bound() {
    let home = Home::new();
    let served = Served::start(&home);
    let listen = |_| {
        let head = format!(
            "GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        let mut stream = open(served.control, &head);
        assert!(first_bytes(&mut stream).unwrap().starts_with("HTTP/1.1 200"));
        stream
    };
    let mut listening: Vec<_> = (0..16).map(listen).collect();
    let one_more = served.owner("GET", "/events").send(served.control);
    assert_eq!(one_more.status, 503, "{}", one_more.text());
    listening.pop();
    // Whoever only connects takes a place; the next one waits for it, and other ports do not mind.
    let mut idle: Vec<_> = (0..256).map(|_| open(served.agents, "")).collect();
    let head = "GET /wallet/balance HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut waiting = open(served.agents, head);
    waiting.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(first_bytes(&mut waiting).is_err());
    served.sees("/status");
    idle.pop();
    waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(first_bytes(&mut waiting).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn heads_have_bounds() {
    let home = Home::new();
    let served = Served::start(&home);
    for (bytes, status) in [(4_096, 404), (4_097, 414)] {
        let path = format!("/{}", "x".repeat(bytes - 1));
        assert_eq!(Ask::new("GET", &path).send(served.agents).status, status, "{bytes}");
    }
    // Host and Connection come with every request.
    for (more, status) in [(62, 200), (63, 431)] {
        let ask = (0..more).fold(Ask::new("GET", "/wallet/balance"), |ask, number| {
            ask.header(&format!("x-{number}"), "x")
        });
        assert_eq!(ask.send(served.agents).status, status, "{more}");
    }
}

fn open(to: SocketAddr, words: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(words.as_bytes()).unwrap();
    stream
}

fn first_bytes(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut buffer = [0; 64];
    let read = stream.read(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
}
