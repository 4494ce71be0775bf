//! A wire between the wallet's clients and a simulated service: it carries requests, and loses or garbles some of them.
//!
//! One request for each connection, and its bytes as they came: what a client does about it is its own.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It never arrives.
    LostRequest,
    /// It is carried out, and the answer is lost.
    LostReply,
    /// It does not arrive, and is answered with a status of 500.
    Http500,
    /// It does not arrive, and the answer is a success that cannot be read.
    Garbage,
    /// It is carried out, and the answer is a success that cannot be read.
    LateGarbage,
    /// It does not arrive, and is answered with a no.
    Refused,
    /// It is carried out, and answered with a no.
    LateRefused,
}

/// A request as it went over the wire.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The request line and the headers.
    pub(crate) head: String,
}

impl Seen {
    /// What a header says, without the space around it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The path, without what comes after it.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// Whom a wire leads to, and what happens on it.
pub(crate) struct Plan {
    /// The service's URL.
    pub(crate) upstream: String,
    /// What happens to the first requests that count, one each.
    pub(crate) faults: VecDeque<Fault>,
    /// What happens to all that count after those.
    pub(crate) standing: Option<Fault>,
    /// Whether a request counts.
    pub(crate) counts: fn(&Seen) -> bool,
    /// Told of each request before anything happens to it.
    pub(crate) watch: Box<dyn Fn(&Seen) + Send>,
}

/// A place that stays the same for as many services as follow each other there.
#[derive(Clone)]
pub(crate) struct Wire {
    url: String,
    plan: Arc<Mutex<Option<Plan>>>,
    under_way: Arc<AtomicUsize>,
}

impl Wire {
    /// A wire that leads nowhere yet, for as long as the runtime lives.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let wire = Self { url, plan: Arc::default(), under_way: Arc::default() };
        let accepting = wire.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let wire = accepting.clone();
                wire.under_way.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // Whoever hangs up early has lost its answer.
                    let _ = wire.carry(near).await;
                    wire.under_way.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        wire
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn lead(&self, plan: Plan) {
        *self.plan() = Some(plan);
    }

    /// The service answers from now on, whatever it did before.
    pub(crate) fn heal(&self) {
        if let Some(plan) = &mut *self.plan() {
            (plan.faults, plan.standing) = (VecDeque::new(), None);
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) == 0
    }

    fn plan(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap()
    }

    async fn carry(&self, mut near: TcpStream) -> io::Result<()> {
        let Some((seen, body)) = read(&mut near).await? else { return Ok(()) };
        let Some((upstream, fault)) = self.meet(&seen) else { return Ok(()) };
        let is_late = matches!(
            fault,
            None | Some(Fault::LostReply | Fault::LateGarbage | Fault::LateRefused)
        );
        let answer = match is_late {
            true => forward(&upstream, &seen, &body).await?,
            false => Vec::new(),
        };
        let told = match fault {
            None => &answer[..],
            Some(Fault::LostRequest | Fault::LostReply) => return Ok(()),
            Some(Fault::Http500) => FAILED,
            Some(Fault::Garbage | Fault::LateGarbage) => GARBAGE,
            Some(Fault::Refused | Fault::LateRefused) => REFUSED,
        };
        near.write_all(told).await?;
        near.shutdown().await
    }

    /// Where a request leads, and what happens to it.
    fn meet(&self, seen: &Seen) -> Option<(String, Option<Fault>)> {
        let mut plan = self.plan();
        let plan = plan.as_mut()?;
        (plan.watch)(seen);
        let fault = match (plan.counts)(seen) {
            true => plan.faults.pop_front().or(plan.standing),
            false => None,
        };
        Some((plan.upstream.clone(), fault))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("url", &self.url).finish_non_exhaustive()
    }
}

/// One request; `None` when nothing came.
async fn read(near: &mut TcpStream) -> io::Result<Option<(Seen, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if near.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let seen = Seen { head: String::from_utf8_lossy(&bytes[..end]).into_owned() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if near.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some((seen, body)))
}

/// The whole answer of the service.
async fn forward(upstream: &str, seen: &Seen, body: &[u8]) -> io::Result<Vec<u8>> {
    let place = upstream.trim_start_matches("http://").trim_end_matches('/');
    let mut far = TcpStream::connect(place).await?;
    let head = format!("{}\r\nconnection: close\r\n\r\n", seen.head);
    far.write_all(head.as_bytes()).await?;
    far.write_all(body).await?;
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await?;
    Ok(answer)
}

const FAILED: &[u8] =
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const REFUSED: &[u8] =
    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const GARBAGE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 22\r\nconnection: close\r\n\r\n{\"status\":\"complet\xff\x00\"\"";
