//! What processes on one wallet say to each other: length-delimited JSON frames over a local socket.
//!
//! Both sides run under one user. Nothing here may carry a key; secrets travel only where the owner has typed them.

use bytes::{Bytes, BytesMut};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use uuid::Uuid;

use crate::failure::Failure;
use crate::ids::WalletId;
use crate::limits;
use crate::nano::Network;
use crate::operations::{Answer, Caller, Progress};
use crate::secret::Secret;

/// Changes whenever a frame changes its meaning; both sides must have the same.
pub const PROTOCOL: u32 = 2;

/// From a process to the keeper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The first frame of a connection.
    Hello(Hello),
    /// Carry this out.
    Call(WireCall),
    /// The caller no longer waits for this call.
    Cancel(Uuid),
    /// Are you there?
    Ping(u64),
}

/// From the keeper to a process.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The connection is accepted.
    Welcome(Welcome),
    /// It is not, and why.
    Unwelcome(Failure),
    /// How far a call has come.
    Progress(Uuid, Progress),
    /// How a call ended.
    Answer(Uuid, Result<Answer, Failure>),
    /// I am here.
    Pong(u64),
}

/// Who connects.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Hello {
    /// Must be the keeper's.
    pub protocol: u32,
    /// For words only.
    pub version: String,
    /// Must be the keeper's.
    pub network: Network,
    /// The wallet met at an earlier connection; must be the keeper's.
    pub wallet_id: Option<WalletId>,
}

/// Who answers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Welcome {
    /// The keeper's process id.
    pub pid: u32,
    /// The wallet.
    pub wallet_id: WalletId,
}

/// A call on its way.
#[derive(Clone, Deserialize, Serialize)]
pub struct WireCall {
    /// Kept when the call is sent again.
    pub id: Uuid,
    /// Canonical name of the operation.
    pub operation: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Who asks, as the forwarding process knows it.
    pub caller: Caller,
    /// What an agent proves itself with.
    pub agent_token: Option<Secret>,
    /// The operator secret, where the owner has typed it.
    pub operator_secret: Option<Secret>,
    /// Whether progress is wanted.
    pub progress: bool,
}

/// Arguments stay out: one of them may be a secret the owner has typed.
impl std::fmt::Debug for WireCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireCall")
            .field("id", &self.id)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// A frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side is gone, or sent something that is no frame.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// The other side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The frame is none that this version knows.
    #[error("a frame cannot be read: {0}")]
    Frame(#[from] serde_json::Error),
}

/// Reads frames.
pub fn reader<R: AsyncRead>(source: R) -> FramedRead<R, LengthDelimitedCodec> {
    FramedRead::new(source, codec())
}

/// Writes frames.
pub fn writer<W: AsyncWrite>(target: W) -> FramedWrite<W, LengthDelimitedCodec> {
    FramedWrite::new(target, codec())
}

/// The next frame.
///
/// # Errors
/// When there is none, or it cannot be read.
pub async fn receive<T, S>(frames: &mut S) -> Result<T, WireError>
where
    T: DeserializeOwned,
    S: Stream<Item = std::io::Result<BytesMut>> + Unpin,
{
    let frame = frames.next().await.ok_or(WireError::Closed)??;
    Ok(serde_json::from_slice(&frame)?)
}

/// Sends one frame.
///
/// # Errors
/// When the other side is gone.
pub async fn send<T, S>(frames: &mut S, message: &T) -> Result<(), WireError>
where
    T: Serialize + Sync,
    S: Sink<Bytes, Error = std::io::Error> + Unpin,
{
    let bytes = serde_json::to_vec(message)?;
    frames.send(Bytes::from(bytes)).await?;
    Ok(())
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(limits::SOCKET_FRAME_BYTES).new_codec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_at_the_limit_passes_and_one_past_it_does_not() {
        let (near, far) = tokio::io::duplex(limits::SOCKET_FRAME_BYTES + 64);
        let (mut out, mut back) = (writer(near), reader(far));
        // A JSON string of n letters has n + 2 bytes.
        let most = "x".repeat(limits::SOCKET_FRAME_BYTES - 2);
        send(&mut out, &most).await.unwrap();
        assert_eq!(receive::<String, _>(&mut back).await.unwrap(), most);
        assert!(send(&mut out, &format!("{most}x")).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_frame_is_an_error() {
        let (near, far) = tokio::io::duplex(1024);
        let (mut out, mut back) = (writer(near), reader(far));
        send(&mut out, &"no request").await.unwrap();
        assert!(matches!(receive::<Request, _>(&mut back).await, Err(WireError::Frame(_))));
        drop(out);
        assert!(matches!(receive::<Request, _>(&mut back).await, Err(WireError::Closed)));
    }
}
