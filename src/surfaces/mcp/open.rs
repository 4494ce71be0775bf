//! The requests that wait for an answer, under numbers of our own.
//!
//! rmcp keeps its requests by id, so that a client that used an id twice could have one call answered with the result
//! of another. Here every request gets a fresh number towards rmcp, and its answer the id the client wrote. This
//! module must never let an answer out twice, or to a request that was cancelled.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ClientNotification,
    ClientRequest, ErrorData, RequestId, ServerJsonRpcMessage,
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::decode::VERSION;
use super::id::Id;
use crate::limits::{MCP_OPEN_BYTES, MCP_OPEN_BYTES_EACH};

/// Who waits for what on one connection.
#[derive(Debug)]
pub struct Open {
    numbers: HashMap<Id, i64>,
    waiting: HashMap<i64, (Id, OwnedSemaphorePermit)>,
    last_number: i64,
    room: Arc<Semaphore>,
    asked: HashSet<RequestId>,
}

/// A line to be written, and the room that its request takes up until then.
#[derive(Debug)]
pub struct Outgoing {
    /// The message, newline included.
    pub line: Vec<u8>,
    /// Given back when dropped.
    pub room: Option<OwnedSemaphorePermit>,
}

impl Open {
    /// Nobody waits.
    pub fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            waiting: HashMap::new(),
            last_number: 0,
            room: Arc::new(Semaphore::new(MCP_OPEN_BYTES)),
            asked: HashSet::new(),
        }
    }

    /// Whether a request with this id waits for its answer.
    pub fn contains(&self, id: &Id) -> bool {
        self.numbers.contains_key(id)
    }

    /// Resolves when there is room for a request that came in `line_bytes`.
    pub fn room(
        &self,
        line_bytes: usize,
    ) -> impl Future<Output = OwnedSemaphorePermit> + Send + use<> {
        let room = Arc::clone(&self.room);
        let bytes = line_bytes.clamp(MCP_OPEN_BYTES_EACH, MCP_OPEN_BYTES);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        async move { room.acquire_many_owned(bytes).await.expect("the semaphore is never closed") }
    }

    /// Enters a request and gives the message for rmcp. The id must not be waiting already.
    pub fn enter(
        &mut self,
        id: Id,
        request: ClientRequest,
        room: OwnedSemaphorePermit,
    ) -> ClientJsonRpcMessage {
        self.last_number += 1;
        let number = self.last_number;
        self.numbers.insert(id.clone(), number);
        self.waiting.insert(number, (id, room));
        ClientJsonRpcMessage::request(request, RequestId::Number(number))
    }

    /// Forgets a request nobody waits for any more; the message tells rmcp, if there is anything to tell.
    pub fn cancel(&mut self, id: &Id) -> Option<ClientJsonRpcMessage> {
        let number = self.numbers.remove(id)?;
        self.waiting.remove(&number);
        let params = CancelledNotificationParam::new(Some(RequestId::Number(number)), None);
        let cancelled = ClientNotification::from(CancelledNotification::new(params));
        Some(ClientJsonRpcMessage::notification(cancelled))
    }

    /// The message for rmcp if this answers a request of ours; anything else would end or confuse the session.
    pub fn answered(&mut self, response: Value) -> Option<ClientJsonRpcMessage> {
        let message = serde_json::from_value(response).ok()?;
        let id = match &message {
            ClientJsonRpcMessage::Response(response) => Some(&response.id),
            ClientJsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        }?;
        self.asked.remove(id).then_some(message)
    }

    /// What rmcp wants to say, addressed to the client; `None` if its request was cancelled.
    pub fn address(&mut self, message: ServerJsonRpcMessage) -> Option<Outgoing> {
        match message {
            ServerJsonRpcMessage::Response(response) => {
                let (id, room) = self.leave(&response.id)?;
                let line = line_of(&Answer::new(&id, Outcome::Result(response.result)));
                Some(Outgoing { line: line.unwrap_or_else(|| unwritable(&id)), room: Some(room) })
            }
            ServerJsonRpcMessage::Error(error) => {
                let (id, room) = self.leave(error.id.as_ref()?)?;
                let line = line_of(&Answer::new(&id, Outcome::<()>::Error(error.error)));
                Some(Outgoing { line: line.unwrap_or_else(|| unwritable(&id)), room: Some(room) })
            }
            ServerJsonRpcMessage::Request(request) => {
                let line = line_of(&request)?;
                self.asked.insert(request.id);
                Some(Outgoing { line, room: None })
            }
            ServerJsonRpcMessage::Notification(notification) => {
                Some(Outgoing { line: line_of(&notification)?, room: None })
            }
        }
    }

    fn leave(&mut self, number: &RequestId) -> Option<(Id, OwnedSemaphorePermit)> {
        let RequestId::Number(number) = number else {
            return None;
        };
        let (id, room) = self.waiting.remove(number)?;
        self.numbers.remove(&id);
        Some((id, room))
    }
}

#[derive(Serialize)]
struct Answer<'a, T> {
    jsonrpc: &'static str,
    id: &'a Id,
    #[serde(flatten)]
    outcome: Outcome<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome<T> {
    Error(ErrorData),
    Result(T),
}

impl<'a, T> Answer<'a, T> {
    fn new(id: &'a Id, outcome: Outcome<T>) -> Self {
        Self { jsonrpc: VERSION, id, outcome }
    }
}

fn line_of(message: &impl Serialize) -> Option<Vec<u8>> {
    let mut line = serde_json::to_vec(message).ok()?;
    line.push(b'\n');
    Some(line)
}

/// Even an answer that cannot be written is answered.
fn unwritable(id: &Id) -> Vec<u8> {
    let error = ErrorData::internal_error("the result cannot be written as JSON", None);
    line_of(&Answer::new(id, Outcome::<()>::Error(error))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rmcp::model::{EmptyResult, PingRequest, PingRequestMethod, ServerResult};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_answer_goes_to_the_id_as_it_was_written() {
        let mut open = Open::new();
        let ids = [Id::Text("1".into()), Id::Signed(1), Id::Unsigned(u64::MAX)];
        for id in &ids {
            enter(&mut open, id).await;
        }
        for (number, id) in (1..).zip(&ids) {
            let line = open.address(pong(number)).unwrap().line;
            let line: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(line, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
            assert!(open.address(pong(number)).is_none(), "answered once");
        }
    }

    #[tokio::test]
    async fn a_cancelled_request_is_not_answered_and_its_id_is_free() {
        let mut open = Open::new();
        let id = Id::Signed(7);
        enter(&mut open, &id).await;
        assert!(open.cancel(&id).is_some());
        assert!(open.cancel(&id).is_none());
        enter(&mut open, &id).await;
        assert!(open.address(pong(1)).is_none(), "the first call's answer");
        assert!(open.address(pong(2)).is_some());
        assert!(!open.contains(&id));
    }

    #[test]
    fn only_answers_to_our_own_requests_come_in() {
        let mut open = Open::new();
        let response = json!({"jsonrpc": "2.0", "id": 3, "result": {}});
        assert!(open.answered(response.clone()).is_none());
        let ours = PingRequest { method: PingRequestMethod, extensions: Default::default() };
        open.address(ServerJsonRpcMessage::request(ours.into(), RequestId::Number(3))).unwrap();
        assert!(open.answered(json!({"jsonrpc": "2.0", "id": 3})).is_none());
        assert!(open.answered(response.clone()).is_some());
        assert!(open.answered(response).is_none());
    }

    #[tokio::test]
    async fn there_is_room_up_to_the_bound() {
        for (bytes, most) in [(1, MCP_OPEN_BYTES / MCP_OPEN_BYTES_EACH), (MCP_OPEN_BYTES, 1)] {
            let mut open = Open::new();
            for number in 0..most {
                let room = open.room(bytes).await;
                open.enter(Id::Signed(number as i64), ping(), room);
            }
            assert_eq!(open.room.available_permits(), 0);
            drop(open.address(pong(1)));
            assert_eq!(open.room.available_permits(), MCP_OPEN_BYTES / most);
        }
    }

    async fn enter(open: &mut Open, id: &Id) {
        let room = open.room(1).await;
        open.enter(id.clone(), ping(), room);
    }

    fn ping() -> ClientRequest {
        PingRequest { method: PingRequestMethod, extensions: Default::default() }.into()
    }

    fn pong(number: i64) -> ServerJsonRpcMessage {
        let result = ServerResult::EmptyResult(EmptyResult {});
        ServerJsonRpcMessage::response(result, RequestId::Number(number))
    }
}
