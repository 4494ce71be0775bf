//! A server on loopback that gives canned answers, for tests of whatever speaks HTTP.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status, a content type and a body.
    Status(u16, &'static str, String),
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, with the connection left open.
    Silence,
}

impl Answer {
    /// Status 200 with this JSON.
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::Status(200, "application/json", body.into())
    }
}

/// The server; it ends with its runtime.
pub(crate) struct Canned {
    /// `http://127.0.0.1:<port>/`
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Canned {
    /// A server that answers each request by its body.
    pub(crate) async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move { serve(stream, &*answer, &log).await });
            }
        });
        Self { url, seen }
    }

    /// A URL on which nobody listens.
    pub(crate) async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    }

    /// Request lines with headers, oldest first.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(head, _)| head.clone()).collect()
    }

    /// Bodies, oldest first.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&str) -> Answer + Send + Sync),
    log: &Mutex<Vec<(String, String)>>,
) {
    while let Some((head, body)) = read_request(&mut stream).await {
        log.lock().unwrap().push((head, body.clone()));
        match answer(&body) {
            Answer::Status(status, kind, body) => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
                );
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
            Answer::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Answer::Silence => std::future::pending().await,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        // A TLS handshake, which this server does not speak.
        if read[0] == 0x16 {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return None;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0_usize);
    while read.len() < end + length {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, String::from_utf8_lossy(&read[end..end + length]).into_owned()))
}
