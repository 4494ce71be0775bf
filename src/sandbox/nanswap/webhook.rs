//! Webhooks, signed as the published code signs and posted to this machine only.
//!
//! Must never reach another host: a callback URL elsewhere is left alone.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha512;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::control::Sent;
use super::state::{Knobs, Nanswap, Order};
use super::wire;

/// What is sent about the order's state.
pub(super) fn made(id: &str, order: &Order, knobs: &Knobs) -> Option<Sent> {
    let body = serde_json::to_string(&wire::webhook(id, order, knobs)).ok()?;
    let signature = sign(&body)?;
    Some(Sent { invoice_id: id.to_owned(), status: order.status, body, signature })
}

/// Tells the order's callback URL about its state.
pub(super) async fn post(id: &str, order: &Order, knobs: &Knobs) {
    let Some((host, path)) = order.body.callback_url.as_deref().and_then(place) else { return };
    let Some(Sent { body, signature, .. }) = made(id, order, knobs) else { return };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         x-nanswap-sig: {signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Nobody who listens is nobody who is told: Nanswap documents no second try.
    if let Ok(mut stream) = TcpStream::connect(host).await
        && stream.write_all((head + &body).as_bytes()).await.is_ok()
    {
        let _ = stream.read(&mut [0; 1]).await;
    }
}

/// Address and path of a URL on this machine.
fn place(url: &str) -> Option<(SocketAddr, String)> {
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host: SocketAddr = host.parse().ok()?;
    let path = if path.is_empty() { "/" } else { path };
    host.ip().is_loopback().then(|| (host, path.to_owned()))
}

/// Our bodies are flat with plain ASCII names, so sorted names are all there is to it.
pub(super) fn sign(body: &str) -> Option<String> {
    let flat: std::collections::BTreeMap<String, Value> = serde_json::from_str(body).ok()?;
    let sorted = serde_json::to_string(&flat).ok()?;
    let mut mac = Hmac::<Sha512>::new_from_slice(Nanswap::WEBHOOK_SECRET.as_bytes()).ok()?;
    mac.update(sorted.as_bytes());
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
