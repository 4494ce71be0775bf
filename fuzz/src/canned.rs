//! A server on the loopback interface that answers every request with the same bytes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The body of the next answers; clones are the same one.
#[derive(Clone, Default)]
pub struct Canned(Arc<Mutex<Vec<u8>>>);

impl Canned {
    /// Listens, and answers for as long as the runtime runs. Gives the URL.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let canned = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let canned = canned.clone();
                tokio::spawn(async move { canned.answer_all(stream).await });
            }
        });
        url
    }

    pub fn set(&self, body: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
    }

    async fn answer_all(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.ok()? == 0 {
                    return None;
                }
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(text) = line.strip_prefix("content-length:") {
                    length = text.trim().parse().ok()?;
                }
            }
            stream.read_exact(&mut vec![0; length]).await.ok()?;
            let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.get_mut().write_all(&[head.as_bytes(), &body].concat()).await.ok()?;
        }
    }
}
