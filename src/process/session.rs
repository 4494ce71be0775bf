//! The life of a server process: from its first line to its exit, soon after the host goes away or says so.
//!
//! The wallet is opened beside the session, never before its first answer. Nothing here may keep the process alive
//! for longer than [`limits::EXIT`] once it is to end.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::gate::WalletGate;
use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;
use crate::limits;
use crate::operations::Gate;
use crate::surfaces::mcp::{self, Options, ServeError};

/// Serves a host on standard input and output until either ends or a signal says so. The wallet is parked then.
///
/// A blocking read of standard input can still be under way afterwards: end the process with `std::process::exit`.
///
/// # Errors
/// Options that make no sense, and bugs.
pub async fn session(gate: Arc<WalletGate>, options: Options) -> Result<(), ServeError> {
    let signals = signals();
    let input_ended = CancellationToken::new();
    let shutdown = CancellationToken::new();
    let (reader, writer) = mcp::stdio();
    let reader = Watched { reader, ended: input_ended.clone() };
    let served = Arc::clone(&gate) as Arc<dyn Gate>;
    let mut served = pin!(mcp::serve(served, options, reader, writer, shutdown.clone()));
    let opening = open_beside(&gate);
    let cause = tokio::select! {
        result = &mut served => Cause::Session(result),
        () = input_ended.cancelled() => Cause::Input,
        () = signals => Cause::Signal,
    };
    let park = async {
        gate.close().await;
        let _ = opening.await;
        shutdown.cancel();
    };
    let ending = async {
        let ended = match cause {
            Cause::Session(result) => Some(result),
            Cause::Signal => None,
            // What was asked before the end deserves its answer, if it does not take long.
            Cause::Input => tokio::select! {
                result = &mut served => Some(result),
                () = SystemClock.sleep(limits::EXIT_GRACE) => None,
            },
        };
        match ended {
            Some(result) => {
                park.await;
                result
            }
            // Whoever still waits for a payment is told that it is pending.
            None => tokio::join!(park, &mut served).1,
        }
    };
    tokio::select! {
        result = ending => result,
        () = SystemClock.sleep(limits::EXIT) => Ok(()),
    }
}

/// Why the session ends.
enum Cause {
    Input,
    Session(Result<(), ServeError>),
    Signal,
}

/// Opens the wallet on a thread of its own, since disk and keys would keep the first answer waiting, and keeps a role
/// on it from then on. What stands in the way is told to whoever calls.
fn open_beside(gate: &Arc<WalletGate>) -> JoinHandle<()> {
    let gate = Arc::clone(gate);
    let runtime = Handle::current();
    tokio::spawn(async move {
        let first = Arc::clone(&gate);
        let opened = tokio::task::spawn_blocking(move || runtime.block_on(first.open()));
        let ends = |failure: &Failure| failure.code == "STOPPING";
        if let Ok(Err(failure)) = opened.await
            && !ends(&failure)
        {
            tracing::warn!("the wallet cannot be opened: {failure}");
        }
        tokio::spawn(async move { gate.mind().await });
    })
}

/// Keeps the wallet open for other processes until a signal says so; nothing is read from standard input.
///
/// # Errors
/// When the wallet cannot be opened.
#[cfg(not(feature = "http"))]
pub async fn keep(gate: Arc<WalletGate>, opened: impl FnOnce()) -> Result<(), Failure> {
    let signals = signals();
    gate.open().await?;
    opened();
    tokio::select! {
        () = signals => {}
        () = async { gate.mind().await; std::future::pending::<()>().await } => {}
    }
    gate.close().await;
    Ok(())
}

/// Resolves at the first signal that asks the process to end. Listens from the call on, not from the first poll.
#[cfg(unix)]
pub(super) fn signals() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let mut listening: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    std::future::poll_fn(move |context| {
        let any = listening.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if any { Poll::Ready(()) } else { Poll::Pending }
    })
}

/// Resolves when the owner presses Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn signals() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A reader whose end is heard at once, while the session still answers what came before it.
struct Watched<R> {
    reader: R,
    ended: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.reader).poll_read(context, buffer);
        let is_end = match &read {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
        };
        if is_end {
            self.ended.cancel();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn only_the_end_is_an_end() {
        let ended = CancellationToken::new();
        let mut reader = Watched { reader: &b"ab"[..], ended: ended.clone() };
        let mut byte = [0; 1];
        reader.read_exact(&mut byte).await.unwrap();
        reader.read_exact(&mut byte).await.unwrap();
        assert!(!ended.is_cancelled());
        assert_eq!(reader.read(&mut byte).await.unwrap(), 0);
        assert!(ended.is_cancelled());
    }
}
