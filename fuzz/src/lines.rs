//! Standard input of the MCP server, whatever a host writes to it.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use paywarden::surfaces::mcp::LineTransport;
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::Transport as _;
use serde_json::Value;
use tokio::io::AsyncWrite;

/// Every request with an id is handed on or answered with an error, nothing is answered that was not asked, and what
/// is written is JSON-RPC.
pub fn json_lines(bytes: &[u8]) {
    let written = Written::default();
    let (reader, writer) = (Cursor::new(bytes.to_vec()), written.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let handed_on = runtime.block_on(async move {
        let mut transport = LineTransport::new(reader, writer);
        let mut requests = 0;
        while let Some(message) = transport.receive().await {
            requests += usize::from(matches!(message, ClientJsonRpcMessage::Request(_)));
        }
        requests
    });
    let written = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let answers: Vec<Value> = written
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).expect("an answer is JSON"))
        .collect();
    for answer in &answers {
        assert!(answer["jsonrpc"] == "2.0" && answer["error"]["code"].is_i64(), "{answer}");
        let id = &answer["id"];
        assert!(id.is_null() || id.is_string() || id.is_i64() || id.is_u64(), "{answer}");
    }
    let lines = bytes.split(|byte| *byte == b'\n');
    let (said, asked) = lines.fold((0, 0), |(said, asked), line| {
        let said_now = !line.trim_ascii().is_empty();
        (said + usize::from(said_now), asked + usize::from(is_request(line)))
    });
    assert!(asked <= handed_on + answers.len(), "{asked} requests, {answers:?}");
    assert!(handed_on + answers.len() <= said, "{said} lines, {answers:?}");
}

/// As plainly as JSON-RPC has it.
fn is_request(line: &[u8]) -> bool {
    let Ok(Value::Object(message)) = serde_json::from_slice(line) else { return false };
    let has_id = message.get("id").is_some_and(|id| id.is_string() || id.is_i64() || id.is_u64());
    let is_answer = message.contains_key("result") || message.contains_key("error");
    has_id && !is_answer && message.get("method").is_some_and(Value::is_string)
}

/// What was written; clones are the same one.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl AsyncWrite for Written {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
