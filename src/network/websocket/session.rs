//! One connection of the websocket, from the handshake to its end.
//!
//! Nothing here may wait for the node without an end: connecting, writing, each answer and silence have their limits.

use std::collections::BTreeSet;
use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use zeroize::Zeroizing;

use super::Shared;
use super::message::{self, Told};
use crate::clock::{BoxFuture, Clock};
use crate::fetch::{SocketUrl, quote};
use crate::limits;
use crate::nano::Account;
use crate::network::Confirmation;

/// Listens until the connection ends or gives no sign of life; says why, for the log.
pub(super) async fn run(url: &SocketUrl, shared: &Shared, clock: &dyn Clock) -> String {
    let stream = match connect(url, clock).await {
        Ok(stream) => stream,
        Err(reason) => return reason,
    };
    let mut session = Session {
        stream,
        shared,
        clock,
        known: BTreeSet::new(),
        subscribed: false,
        awaited: None,
        silence: clock.sleep(limits::NEWS_SILENCE),
        ping: clock.sleep(limits::NEWS_PING),
    };
    session.listen().await.err().unwrap_or_else(|| "closed by the node".to_owned())
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Session<'a> {
    stream: Stream,
    shared: &'a Shared,
    clock: &'a dyn Clock,
    /// What the node was told to report.
    known: BTreeSet<Account>,
    /// Whether the node took the first subscription, so that the next one extends it.
    subscribed: bool,
    /// When the answer to the open request is overdue.
    awaited: Option<BoxFuture<'static, ()>>,
    silence: BoxFuture<'static, ()>,
    ping: BoxFuture<'static, ()>,
}

impl Session<'_> {
    async fn listen(&mut self) -> Result<(), String> {
        self.request().await?;
        loop {
            let overdue = async {
                match &mut self.awaited {
                    Some(deadline) => deadline.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.stream.next() => match message {
                    None => return Ok(()),
                    Some(message) => self.hear(&message.map_err(reason)?).await?,
                },
                () = self.shared.changed.notified() => self.request().await?,
                () = &mut self.ping => {
                    self.ping = self.clock.sleep(limits::NEWS_PING);
                    self.send(message::ping()).await?;
                }
                () = overdue => return Err("no answer to a subscription".to_owned()),
                () = &mut self.silence => return Err("no sign of life".to_owned()),
            }
        }
    }

    /// Asks for news of the accounts the node was not told yet; one request at a time.
    async fn request(&mut self) -> Result<(), String> {
        if self.awaited.is_some() {
            return Ok(());
        }
        let followed = self.shared.followed();
        let more: Vec<Account> = followed.difference(&self.known).copied().collect();
        if more.is_empty() {
            return Ok(());
        }
        let text = message::request(self.subscribed, &more);
        self.send(text).await?;
        self.known.extend(more);
        self.awaited = Some(self.clock.sleep(limits::NEWS_ANSWER));
        Ok(())
    }

    async fn hear(&mut self, message: &Message) -> Result<(), String> {
        self.silence = self.clock.sleep(limits::NEWS_SILENCE);
        let told = match message {
            Message::Text(text) => message::read(text.as_bytes()),
            Message::Binary(bytes) => message::read(bytes),
            Message::Close(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                return Ok(());
            }
        };
        match told {
            Ok(Told::Accepted) => {
                self.subscribed = true;
                self.awaited = None;
                // What was confirmed before this moment was not heard.
                self.shared.tell(Confirmation::Gap);
                self.request().await?;
            }
            Ok(Told::Confirmed { news, parties }) => {
                // The node's filter is a favour, not a promise.
                if parties.iter().flatten().any(|account| self.known.contains(account)) {
                    self.shared.tell(news);
                }
            }
            Ok(Told::Nothing) => {}
            Err(error) => {
                let error = quote(&error.to_string());
                tracing::debug!(%error, "a websocket message cannot be read");
            }
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), String> {
        let sent = within(self.clock, self.stream.send(Message::text(text))).await;
        sent?.map_err(reason)
    }
}

async fn connect(url: &SocketUrl, clock: &dyn Clock) -> Result<Stream, String> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::NEWS_MESSAGE_BYTES))
        .max_frame_size(Some(limits::NEWS_MESSAGE_BYTES));
    let connecting = connect_async_with_config(handshake(url)?, Some(config), true);
    let connected = within(clock, Box::pin(connecting)).await?;
    connected.map(|(stream, _)| stream).map_err(reason)
}

/// The request that opens the connection; tungstenite leaves a URL's user part aside.
fn handshake(url: &SocketUrl) -> Result<Request, String> {
    let unusable = || "the URL holds what HTTP cannot carry".to_owned();
    let url = url.expose();
    let mut bare = url.clone();
    // Both fail on URLs without a host alone.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let mut request = bare.as_str().into_client_request().map_err(|_| unusable())?;
    if !url.username().is_empty() || url.password().is_some() {
        let (name, password) = (url.username(), url.password().unwrap_or_default());
        let pair = Zeroizing::new(format!("{}:{}", decoded(name), decoded(password)));
        let text = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&text).map_err(|_| unusable())?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

/// The text without its percent signs; bytes that are no text are replaced.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) if bytes[at] == b'%' => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

async fn within<T>(clock: &dyn Clock, work: impl Future<Output = T>) -> Result<T, String> {
    tokio::select! {
        done = work => Ok(done),
        () = clock.sleep(limits::NEWS_ANSWER) => {
            Err(format!("nothing happened for {} s", limits::NEWS_ANSWER.as_secs()))
        }
    }
}

/// tungstenite's words for an HTTP refusal hold only its status.
fn reason(error: tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(response) => format!("HTTP status {}", response.status()),
        // The URL's own words could show its path.
        tungstenite::Error::Url(_) => "the URL cannot be used".to_owned(),
        other => quote(&other.to_string()),
    }
}
