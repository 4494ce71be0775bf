//! One MCP session from its first line to its last.
//!
//! A session that ends is no error, whoever ends it and however early. This module must never wait without a bound
//! once the client is gone or the process is to stop.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::{StdioReader, StdioWriter};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::handler::{Handler, Options};
use super::tools::UnknownToolset;
use super::transport::LineTransport;
use crate::clock::{Clock, SystemClock};
use crate::limits::{MCP_DRAIN, SHUTDOWN};
use crate::operations::{AnyOperation, Gate, registry};

/// Why a session could not be held.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ServeError {
    /// A bug ended the session.
    #[error("the MCP session broke off")]
    Broken,
    /// The options name a toolset that does not exist.
    #[error(transparent)]
    UnknownToolset(#[from] UnknownToolset),
}

/// Serves every operation for agents until `reader` ends or `shutdown` is set.
///
/// After it returns, a blocking read of standard input can still be under way: end the process with
/// `std::process::exit`.
///
/// # Errors
/// Options that make no sense, and bugs. A client that goes away is no error.
pub async fn serve<R, W>(
    gate: Arc<dyn Gate>,
    options: Options,
    reader: R,
    writer: W,
    shutdown: CancellationToken,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    serve_operations(gate, registry(), options, reader, writer, shutdown).await
}

/// Like [`serve`], with the given operations only.
///
/// # Errors
/// As [`serve`].
pub async fn serve_operations<R, W>(
    gate: Arc<dyn Gate>,
    operations: &[&dyn AnyOperation],
    options: Options,
    reader: R,
    writer: W,
    shutdown: CancellationToken,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let handler = Handler::new(gate, operations, options)?;
    let transport = LineTransport::new(reader, writer);
    let ended = transport.ended();
    tokio::select! {
        result = hold(handler, transport, shutdown.child_token()) => result,
        () = overdue(&ended, &shutdown) => Ok(()),
    }
}

/// Standard input and output; on Linux pipes without a thread for each read.
///
/// # Panics
/// Outside a tokio runtime with I/O enabled.
pub fn stdio() -> (StdioReader, StdioWriter) {
    rmcp::transport::stdio_pipes()
}

async fn hold<R, W>(
    handler: Handler,
    transport: LineTransport<R, W>,
    shutdown: CancellationToken,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let session = match handler.serve_with_ct(transport, shutdown).await {
        Ok(session) => session,
        // Before the first request: the client went away, could not be written to, or we are to stop.
        Err(
            ServerInitializeError::Cancelled
            | ServerInitializeError::ConnectionClosed(_)
            | ServerInitializeError::TransportError { .. },
        ) => return Ok(()),
        Err(_) => return Err(ServeError::Broken),
    };
    match session.waiting().await {
        Ok(QuitReason::Cancelled | QuitReason::Closed) => Ok(()),
        Ok(_) | Err(_) => Err(ServeError::Broken),
    }
}

/// Resolves when calls have had their time to be answered after the end.
async fn overdue(ended: &CancellationToken, shutdown: &CancellationToken) {
    tokio::select! {
        () = async { ended.cancelled().await; SystemClock.sleep(MCP_DRAIN).await } => {}
        () = async { shutdown.cancelled().await; SystemClock.sleep(SHUTDOWN).await } => {}
    }
}
