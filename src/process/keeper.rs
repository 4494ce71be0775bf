//! The keeper's side of the socket: carries out the calls of other processes on this wallet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interprocess::local_socket::tokio::{Listener, Stream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::boot::other_wallet;
use super::socket::accept;
use super::wire::{self, Hello, PROTOCOL, Reply, Request, Welcome, WireCall, WireError};
use crate::clock::Clock;
use crate::failure::{Failure, Retry};
use crate::ids::WalletId;
use crate::limits;
use crate::nano::Network;
use crate::operations::{Call, Gate, ProgressSink};

/// What the keeper says of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The network.
    pub network: Network,
    /// The wallet.
    pub wallet_id: WalletId,
}

/// Serves other processes until `stop`; calls in flight are dropped then, and sent again by their processes.
pub async fn serve(
    listener: Listener,
    gate: Arc<dyn Gate>,
    identity: Identity,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits::SOCKET_CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = stop.cancelled() => break,
        };
        match stream {
            Ok(stream) => {
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    tracing::warn!("too many processes on this wallet; one more was turned away");
                    continue;
                };
                let (gate, identity) = (Arc::clone(&gate), identity.clone());
                let (clock, stop) = (Arc::clone(&clock), stop.clone());
                connections.spawn(async move {
                    tokio::select! {
                        () = connection(stream, gate, identity, clock) => {}
                        () = stop.cancelled() => {}
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a process could not connect");
                clock.sleep(limits::ELECTION_PAUSE).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: Stream,
    gate: Arc<dyn Gate>,
    identity: Identity,
    clock: Arc<dyn Clock>,
) {
    let (read, write) = tokio::io::split(stream);
    let (mut frames, mut out) = (wire::reader(read), wire::writer(write));
    let hello = tokio::select! {
        hello = wire::receive::<Request, _>(&mut frames) => hello,
        () = clock.sleep(limits::HANDSHAKE) => return,
    };
    let welcome = match hello {
        Ok(Request::Hello(hello)) => greet(&hello, &identity),
        _ => return,
    };
    let accepted = matches!(welcome, Reply::Welcome(_));
    if wire::send(&mut out, &welcome).await.is_err() || !accepted {
        return;
    }
    let (replies, mut waiting) = mpsc::channel::<Reply>(limits::SOCKET_WAITING);
    let calls = Calls { gate, replies, open: Arc::default() };
    let write = async {
        while let Some(reply) = waiting.recv().await {
            if wire::send(&mut out, &reply).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        ended = calls.read(&mut frames) => tracing::debug!(%ended, "a process left"),
        () = write => {}
    }
    // Nobody waits for these any more; what they began goes on without them.
    for (_, cancelled) in calls.lock().drain() {
        cancelled.cancel();
    }
}

fn greet(hello: &Hello, ours: &Identity) -> Reply {
    let refuse = |code, message: String, hint: &str| {
        let failure = Failure::unavailable(code, message).hint(hint).retry(Retry::AfterOperator);
        Reply::Unwelcome(failure)
    };
    if hello.protocol != PROTOCOL {
        let message = format!(
            "the paywarden that has this wallet open is version {} (protocol {PROTOCOL}), this one is {} (protocol {})",
            env!("CARGO_PKG_VERSION"),
            hello.version,
            hello.protocol
        );
        return refuse(
            "VERSION_SKEW",
            message,
            "Restart the hosts that run the older one, so that all run the same version",
        );
    }
    if hello.network != ours.network {
        let (theirs, ours) = (hello.network.as_str(), ours.network.as_str());
        let message = format!("the wallet in this home is on {ours}, not {theirs}");
        return refuse(
            "OTHER_NETWORK",
            message,
            "Each network has a home of its own; check --network and PAYWARDEN_HOME",
        );
    }
    if hello.wallet_id.is_some_and(|id| id != ours.wallet_id) {
        return Reply::Unwelcome(other_wallet("another wallet is in this home than before"));
    }
    Reply::Welcome(Welcome { pid: std::process::id(), wallet_id: ours.wallet_id })
}

/// Calls of one connection.
struct Calls {
    gate: Arc<dyn Gate>,
    replies: mpsc::Sender<Reply>,
    open: Arc<Mutex<HashMap<Uuid, CancellationToken>>>,
}

impl Calls {
    async fn read<S>(&self, frames: &mut S) -> WireError
    where
        S: futures_util::Stream<Item = std::io::Result<bytes::BytesMut>> + Unpin,
    {
        loop {
            match wire::receive::<Request, _>(frames).await {
                Ok(Request::Call(call)) => self.start(call),
                Ok(Request::Cancel(id)) => {
                    if let Some(cancelled) = self.lock().get(&id) {
                        cancelled.cancel();
                    }
                }
                Ok(Request::Ping(nonce)) => {
                    let _ = self.replies.send(Reply::Pong(nonce)).await;
                }
                Ok(Request::Hello(_)) => {}
                Err(error) => return error,
            }
        }
    }

    fn start(&self, call: WireCall) {
        let cancelled = CancellationToken::new();
        {
            let mut open = self.lock();
            if open.len() >= limits::MCP_CALLS_IN_FLIGHT || open.contains_key(&call.id) {
                let failure = Failure::unavailable("TOO_MANY_CALLS", "too many calls wait already")
                    .hint("Ask again once some are answered, with the same idempotency key");
                let _ = self.replies.try_send(Reply::Answer(call.id, Err(failure)));
                return;
            }
            open.insert(call.id, cancelled.clone());
        }
        let (gate, replies) = (Arc::clone(&self.gate), self.replies.clone());
        let open = Arc::clone(&self.open);
        tokio::spawn(async move {
            let id = call.id;
            let progress = progress(&call, replies.clone());
            let call = Call {
                id,
                operation: call.operation,
                arguments: call.arguments,
                caller: call.caller,
                agent_token: call.agent_token,
                operator_secret: call.operator_secret,
                progress,
                cancelled,
            };
            let result = gate.call(call).await;
            open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            let _ = replies.send(Reply::Answer(id, result)).await;
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn progress(call: &WireCall, replies: mpsc::Sender<Reply>) -> ProgressSink {
    if !call.progress {
        return ProgressSink::default();
    }
    let id = call.id;
    ProgressSink::new(move |progress| {
        let _ = replies.try_send(Reply::Progress(id, progress));
    })
}
