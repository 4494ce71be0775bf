//! rmcp's transport over a pair of byte streams, with the decoder in front.
//!
//! rmcp gives up `receive` at any moment and calls it again, so everything that is under way stands in the struct.
//! This module must never lose a line over that, and never log one.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio_util::sync::CancellationToken;

use super::decode::{Incoming, Reply, decode};
use super::id::Id;
use super::lines::{Line, Lines};
use super::open::Open;
use super::output::Output;

/// Lines of JSON-RPC in, lines of JSON-RPC out.
#[derive(Debug)]
pub struct LineTransport<R, W> {
    reader: BufReader<R>,
    lines: Lines,
    output: Arc<Output<W>>,
    open: Open,
    replies: VecDeque<Reply>,
    unflushed: bool,
    held: Option<Held>,
    at_end: bool,
    ended: CancellationToken,
}

/// A request that waits until there is room for it.
#[derive(Debug)]
struct Held {
    id: Id,
    request: Box<ClientRequest>,
    line_bytes: usize,
}

impl<R, W> LineTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// Reads from `reader` and writes to `writer`.
    pub fn new(reader: R, writer: W) -> Self {
        Self {
            reader: BufReader::with_capacity(READ_BYTES, reader),
            lines: Lines::default(),
            output: Arc::new(Output::new(writer)),
            open: Open::new(),
            replies: VecDeque::new(),
            unflushed: false,
            held: None,
            at_end: false,
            ended: CancellationToken::new(),
        }
    }

    /// Set when nothing more will come from the client.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    async fn next_message(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            self.write_replies().await.ok()?;
            if let Some(message) = self.admit().await {
                return Some(message);
            }
            let message = match self.next_line().await? {
                Line::Whole(line) => self.take_in(&line),
                Line::TooLong(id) => self.reply(Reply::invalid(id, "the line is too long")),
            };
            if message.is_some() {
                return message;
            }
        }
    }

    /// Writes our own answers. They are taken off the queue under the lock, so none is lost or doubled.
    async fn write_replies(&mut self) -> io::Result<()> {
        if self.replies.is_empty() && !self.unflushed {
            return Ok(());
        }
        let mut pending = self.output.lock().await;
        for reply in self.replies.drain(..) {
            pending.push(&reply.to_line());
        }
        self.unflushed = true;
        pending.flush().await?;
        self.unflushed = false;
        Ok(())
    }

    /// Hands over the held request once there is room.
    async fn admit(&mut self) -> Option<ClientJsonRpcMessage> {
        let room = self.open.room(self.held.as_ref()?.line_bytes).await;
        let held = self.held.take()?;
        Some(self.open.enter(held.id, *held.request, room))
    }

    async fn next_line(&mut self) -> Option<Line> {
        while !self.at_end {
            let bytes = tokio::select! {
                filled = self.reader.fill_buf() => filled.unwrap_or_default(),
                () = self.output.broken() => return None,
            };
            if bytes.is_empty() {
                self.at_end = true;
                break;
            }
            let (taken, line) = self.lines.push(bytes);
            self.reader.consume(taken);
            if line.is_some() {
                return line;
            }
        }
        self.lines.finish()
    }

    fn take_in(&mut self, line: &[u8]) -> Option<ClientJsonRpcMessage> {
        match decode(line) {
            Incoming::Cancelled(id) => self.open.cancel(&id),
            Incoming::Nothing => None,
            Incoming::Refused(reply) => self.reply(reply),
            // With the id itself, this would be taken for the answer to the request that is under way.
            Incoming::Request(id, _) if self.open.contains(&id) => {
                let id: String = id.to_string().chars().take(SHOWN_ID_CHARS).collect();
                let words = format!("the request with id `{id}` is still under way");
                self.reply(Reply::invalid(None, words))
            }
            Incoming::Request(id, request) => {
                self.held = Some(Held { id, request, line_bytes: line.len() });
                None
            }
            Incoming::Response(response) => self.open.answered(response),
        }
    }

    fn reply(&mut self, reply: Reply) -> Option<ClientJsonRpcMessage> {
        self.replies.push_back(reply);
        None
    }
}

impl<R, W> Transport<RoleServer> for LineTransport<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let outgoing = self.open.address(message);
        let output = Arc::clone(&self.output);
        async move {
            let Some(outgoing) = outgoing else {
                return Ok(());
            };
            // The request's room is held until its answer is out: a client that does not read is not read from.
            let result = output.write(&outgoing.line).await;
            drop(outgoing.room);
            result
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        let message = self.next_message().await;
        if message.is_none() {
            self.ended.cancel();
        }
        message
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}

const READ_BYTES: usize = 64 * 1024;
const SHOWN_ID_CHARS: usize = 64;
