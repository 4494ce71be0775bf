//! A call, its context and its answer: the shapes every surface and the socket share.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::secret::Secret;

/// Whoever can carry out a call: the wallet in this process, or the keeper behind the socket.
#[async_trait]
pub trait Gate: Send + Sync + fmt::Debug {
    /// Carries out one call. A [`Failure`] means that no payment id exists.
    async fn call(&self, call: Call) -> Result<Answer, Failure>;
}

/// One call of an operation, from any surface.
#[derive(Clone)]
pub struct Call {
    /// Identity of this call, kept when it is sent again.
    pub id: Uuid,
    /// Canonical name of the operation.
    pub operation: String,
    /// Its arguments: a JSON object.
    pub arguments: Map<String, Value>,
    /// Who asks.
    pub caller: Caller,
    /// What an agent proves itself with; who it is follows from that alone, where the wallet is open.
    pub agent_token: Option<Secret>,
    /// The operator secret, where the owner has typed it.
    pub operator_secret: Option<Secret>,
    /// Where progress goes, if somebody listens.
    pub progress: ProgressSink,
    /// Set when the caller no longer wants the answer. Never undoes anything.
    pub cancelled: CancellationToken,
}

/// Arguments stay out: one of them may be a secret the owner has typed.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.id)
            .field("operation", &self.operation)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// Who asks. Never taken from arguments; an agent's name in a [`Call`] is not believed, only its token.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// An agent; named in a [`Context`] when its token proved which one it is.
    Agent(Option<String>),
    /// The owner at a terminal.
    Operator,
}

/// What a running operation can use.
#[derive(Clone, Debug)]
pub struct Context {
    /// The wallet.
    pub engine: Arc<Engine>,
    /// Identity of the call: the same call sent twice asks once.
    pub call_id: Uuid,
    /// Who asks.
    pub caller: Caller,
    /// Where progress goes.
    pub progress: ProgressSink,
    /// Set when the caller no longer wants the answer.
    pub cancelled: CancellationToken,
}

/// How an operation ended, with a payment id where one exists.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// Carried out.
    Done(T),
    /// Refused by policy or owner, or failed without moving money; the output says why.
    Refused(T),
    /// Waits for the owner; the surface may ask.
    Ask(T),
    /// Under way or unknown: do not pay again.
    Unknown(T),
}

/// An answer on its way to a surface or through the socket.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// How it ended.
    pub verdict: Verdict,
    /// The output as a JSON object, with `network`.
    pub output: Map<String, Value>,
    /// A picture that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// A picture for a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Image {
    /// Such as `image/png`.
    pub mime_type: String,
    /// Its bytes in base64.
    pub data: String,
}

/// [`Outcome`] without its output.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// See [`Outcome::Done`].
    Done,
    /// See [`Outcome::Refused`].
    Refused,
    /// See [`Outcome::Ask`].
    Ask,
    /// See [`Outcome::Unknown`].
    Unknown,
}

/// How far a call has come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Progress {
    /// Steps done; only grows.
    pub done: u64,
    /// Steps in all, where known.
    pub total: Option<u64>,
    /// One line for a human.
    pub message: String,
}

/// Where progress goes; silent when nobody asked.
#[derive(Clone, Default)]
pub struct ProgressSink(Option<Arc<dyn Fn(Progress) + Send + Sync>>);

impl ProgressSink {
    /// Sends progress to `listener`, which must not block.
    pub fn new(listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Whether anybody listens.
    pub fn is_listening(&self) -> bool {
        self.0.is_some()
    }

    /// Reports progress.
    pub fn report(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        if let Some(listener) = &self.0 {
            listener(Progress { done, total, message: message.into() });
        }
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "ProgressSink(on)" } else { "ProgressSink(off)" })
    }
}

impl Caller {
    /// The name policy and ledger use for this caller; empty for an agent without a token.
    pub fn agent_id(&self) -> Option<&str> {
        match self {
            Self::Agent(id) => id.as_deref(),
            Self::Operator => None,
        }
    }

    /// Whether this caller may see what `agent` asked for: an agent its own, the owner all of it.
    pub fn may_see(&self, agent: Option<&str>) -> bool {
        match self {
            Self::Agent(id) => id.as_deref() == agent,
            Self::Operator => true,
        }
    }
}
