//! One client of the websocket, from its connection to its end.
//!
//! What cannot be read ends the connection, as with a real node. Nothing a client sends may reach the ledger.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::options::{Options, Unreadable, flag};
use crate::sandbox::nano::ledger::Cause;
use crate::sandbox::nano::news::Cemented;
use crate::sandbox::nano::rpc::blocks::{block_json, subtype_text};
use crate::sandbox::nano::rpc::tree::{Fields, Tree};
use crate::sandbox::nano::rpc::{Front, Spelling};

/// Serves one client until either side ends it.
pub(super) async fn session(front: &Arc<Front>, mut socket: WebSocket) {
    let mut client = Client::default();
    let mut news = front.node.cementings();
    loop {
        let answer = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => match client.hear(front, text.as_bytes()) {
                    Ok(answer) => answer,
                    Err(Unreadable) => return,
                },
                Some(Ok(Message::Binary(bytes))) => match client.hear(front, &bytes) {
                    Ok(answer) => answer,
                    Err(Unreadable) => return,
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            cemented = news.recv() => match cemented {
                Ok(cemented) => client.tell(front, &cemented),
                // A real node drops what a slow client does not take.
                Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        if let Some(answer) = answer {
            let text = answer.print(front.spelling());
            if socket.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    }
}

/// What a client asked for.
#[derive(Default)]
struct Client {
    confirmations: Option<Options>,
}

impl Client {
    /// Does what a message says; the answer is an acknowledgement, if one was asked for.
    fn hear(&mut self, front: &Front, message: &[u8]) -> Result<Option<Tree>, Unreadable> {
        let node = front.spelling();
        let message: Value = serde_json::from_slice(message).map_err(|_| Unreadable)?;
        let action = text(&message, "action", node)?.unwrap_or_default();
        let topic = text(&message, "topic", node)?;
        let ack = flag(message.get("ack"), node)?.unwrap_or(false);
        let id = text(&message, "id", node)?.filter(|id| !id.is_empty());
        let options = message.get("options");
        let known = topic.as_deref().is_some_and(|topic| TOPICS.contains(&topic));
        let is_ours = topic.as_deref() == Some(CONFIRMATION);
        let done = match action.as_str() {
            "ping" => return Ok(Some(acknowledgement(front, "pong", id))),
            "subscribe" if is_ours => {
                self.confirmations = Some(Options::read(options, node)?);
                true
            }
            "subscribe" => known,
            "update" if is_ours => match &mut self.confirmations {
                Some(own) => own.update(options, node)?,
                None => false,
            },
            "unsubscribe" if is_ours => {
                self.confirmations = None;
                true
            }
            "unsubscribe" => known,
            _ => false,
        };
        Ok((ack && done).then(|| acknowledgement(front, &action, id)))
    }

    /// The message about a block, if the client is to have it.
    fn tell(&self, front: &Front, cemented: &Cemented) -> Option<Tree> {
        let options = self.confirmations.as_ref()?;
        options.lets_through(cemented).then(|| confirmation(cemented, options, front.spelling()))
    }
}

fn acknowledgement(front: &Front, action: &str, id: Option<String>) -> Tree {
    let now = front.node.clock().now();
    let mut fields = Fields::default().put("ack", action).put("time", now.0);
    if let Some(id) = id {
        fields = fields.put("id", id);
    }
    fields.into()
}

fn confirmation(cemented: &Cemented, options: &Options, node: Spelling) -> Tree {
    let mut message = Fields::default()
        .put("account", cemented.signed.block.account)
        .put("amount", cemented.amount)
        .put("hash", cemented.hash)
        .put(
            "confirmation_type",
            match cemented.cause {
                Cause::Quorum => "active_quorum",
                Cause::Dependent => "active_confirmation_height",
            },
        );
    if options.include_block {
        let block = block_json(&cemented.signed, node);
        let block = block.put("subtype", subtype_text(cemented.subtype));
        message = message.tree("block", block.into());
    }
    Fields::default()
        .put("topic", CONFIRMATION)
        .put("time", cemented.at.0)
        .tree("message", message.into())
        .into()
}

/// A text; a C++ node takes a number for the text it is written as.
fn text(message: &Value, name: &str, node: Spelling) -> Result<Option<String>, Unreadable> {
    match message.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Array(_) | Value::Object(_)) if node == Spelling::Cpp => Ok(None),
        Some(other) if node == Spelling::Cpp => Ok(Some(other.to_string())),
        Some(_) => Err(Unreadable),
    }
}

const CONFIRMATION: &str = "confirmation";
/// What a node knows of and this one never tells, beside confirmations.
const TOPICS: &[&str] = &[
    CONFIRMATION,
    "started_election",
    "stopped_election",
    "vote",
    "work",
    "bootstrap",
    "telemetry",
    "new_unconfirmed_block",
];
