//! The other side: a process that forwards its calls to the keeper.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::socket::Meeting;
use super::wire::{self, Hello, Reply, Request, Welcome, WireCall, WireError};
use crate::clock::{Clock, Millis};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Answer, Call, ProgressSink};

/// A connection to the keeper.
#[derive(Debug)]
pub struct Remote {
    /// Who answered.
    pub welcome: Welcome,
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Shared {
    open: Mutex<HashMap<Uuid, Waiting>>,
    heard_ms: AtomicU64,
    ended: CancellationToken,
}

#[derive(Debug)]
struct Waiting {
    answer: oneshot::Sender<Result<Answer, Failure>>,
    progress: ProgressSink,
}

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    /// Nobody listens, or not yet.
    Nobody,
    /// The keeper does not want this process, and says why.
    Unwelcome(Failure),
    /// Somebody holds the socket and says nothing.
    Silent,
}

/// Why a call has no answer.
#[derive(Debug)]
pub enum Lost {
    /// The keeper is gone: the call is to be sent to the next one, with the same id.
    Gone,
    /// The keeper has the lock and does not answer.
    Silent,
}

impl Remote {
    /// Connects and shakes hands.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(
        meeting: &Meeting,
        hello: Hello,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectError> {
        let stream = meeting.connect().await.map_err(|_| ConnectError::Nobody)?;
        let (read, write) = tokio::io::split(stream);
        let (mut frames, mut out) = (wire::reader(read), wire::writer(write));
        let shake = async {
            wire::send(&mut out, &Request::Hello(hello)).await?;
            wire::receive::<Reply, _>(&mut frames).await
        };
        let reply = tokio::select! {
            reply = shake => reply,
            () = clock.sleep(limits::HANDSHAKE) => return Err(ConnectError::Silent),
        };
        let welcome = match reply {
            Ok(Reply::Welcome(welcome)) => welcome,
            Ok(Reply::Unwelcome(failure)) => return Err(ConnectError::Unwelcome(failure)),
            Ok(_) | Err(_) => return Err(ConnectError::Nobody),
        };
        let shared = Arc::new(Shared {
            open: Mutex::default(),
            heard_ms: AtomicU64::new(clock.now().0),
            ended: CancellationToken::new(),
        });
        let (requests, mut waiting) = mpsc::channel::<Request>(limits::SOCKET_WAITING);
        let (reading, now) = (Arc::clone(&shared), Arc::clone(&clock));
        tokio::spawn(async move {
            let write = async {
                while let Some(request) = waiting.recv().await {
                    if wire::send(&mut out, &request).await.is_err() {
                        break;
                    }
                }
            };
            tokio::select! {
                _ = reading.read(&mut frames, &*now) => {}
                () = write => {}
                () = reading.ended.cancelled() => {}
            }
            reading.end();
        });
        Ok(Self { welcome, requests, shared, clock })
    }

    /// Forwards one call and waits for its answer.
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn call(&self, call: &Call) -> Result<Result<Answer, Failure>, Lost> {
        let (answer, mut answered) = oneshot::channel();
        self.shared.lock().insert(call.id, Waiting { answer, progress: call.progress.clone() });
        let request = Request::Call(WireCall {
            id: call.id,
            operation: call.operation.clone(),
            arguments: call.arguments.clone(),
            caller: call.caller.clone(),
            agent_token: call.agent_token.clone(),
            operator_secret: call.operator_secret.clone(),
            progress: call.progress.is_listening(),
        });
        self.requests.send(request).await.map_err(|_| Lost::Gone)?;
        let asked = self.clock.now();
        let mut cancelled = false;
        loop {
            tokio::select! {
                answer = &mut answered => return answer.map_err(|_| Lost::Gone),
                () = self.shared.ended.cancelled() => return Err(Lost::Gone),
                () = call.cancelled.cancelled(), if !cancelled => {
                    cancelled = true;
                    let _ = self.requests.try_send(Request::Cancel(call.id));
                }
                () = self.clock.sleep(limits::KEEPER_PING) => {
                    let heard = Millis(self.shared.heard_ms.load(Ordering::Relaxed)).max(asked);
                    if self.clock.now().since(heard) >= limits::KEEPER_SILENCE {
                        self.shared.lock().remove(&call.id);
                        return Err(Lost::Silent);
                    }
                    let _ = self.requests.try_send(Request::Ping(0));
                }
            }
        }
    }

    /// Whether the connection still stands.
    pub fn is_open(&self) -> bool {
        !self.shared.ended.is_cancelled()
    }

    /// Resolves when the connection ends.
    pub async fn ended(&self) {
        self.shared.ended.cancelled().await;
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.ended.cancel();
    }
}

/// What a caller is told of a keeper that holds the wallet and does not answer.
pub fn silent(pid: Option<u32>) -> Failure {
    let who = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    let message = format!(
        "the paywarden{who} that has this wallet open does not answer; it may be stopped or stuck"
    );
    let hint = pid.map_or_else(
        || "Let that process go on, or end it; `paywarden freeze` works all the same".to_owned(),
        |pid| format!("Let it go on (`kill -CONT {pid}`) or end it (`kill {pid}`); `paywarden freeze` works all the same"),
    );
    Failure::unavailable("KEEPER_SILENT", message).hint(hint)
}

impl Shared {
    async fn read<S>(&self, frames: &mut S, clock: &dyn Clock) -> WireError
    where
        S: futures_util::Stream<Item = std::io::Result<bytes::BytesMut>> + Unpin,
    {
        loop {
            let reply = match wire::receive::<Reply, _>(frames).await {
                Ok(reply) => reply,
                Err(error) => return error,
            };
            self.heard_ms.store(clock.now().0, Ordering::Relaxed);
            match reply {
                Reply::Answer(id, result) => {
                    if let Some(waiting) = self.lock().remove(&id) {
                        let _ = waiting.answer.send(result);
                    }
                }
                Reply::Progress(id, progress) => {
                    let sink = self.lock().get(&id).map(|waiting| waiting.progress.clone());
                    if let Some(sink) = sink {
                        sink.report(progress.done, progress.total, progress.message);
                    }
                }
                Reply::Pong(_) | Reply::Welcome(_) | Reply::Unwelcome(_) => {}
            }
        }
    }

    fn end(&self) {
        self.ended.cancel();
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Waiting>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
