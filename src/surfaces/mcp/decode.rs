//! From one line to one message, or to the answer that it gets instead.
//!
//! rmcp drops what it cannot read, and its caller then waits for ever. So every line is judged here: rmcp sees only
//! messages it serves, and every request that it would not serve is answered. This module must never do I/O and never
//! let a line pass that rmcp could end the session over.

use std::borrow::Cow;

use rmcp::model::{
    CallToolRequest, ClientRequest, DiscoverRequest, ErrorCode, InitializeRequest,
    ListToolsRequest, PingRequest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::id::Id;
use super::skim::Skimmer;
use super::strict::{self, Flaw};
use crate::limits::QUOTE_CHARS;

/// What a line turned out to be.
#[derive(Debug)]
pub enum Incoming {
    /// The client no longer waits for this request.
    Cancelled(Id),
    /// Nothing to do: a blank line, or a notification that means nothing to this server.
    Nothing,
    /// Cannot be served; this is its answer.
    Refused(Reply),
    /// A request that rmcp serves.
    Request(Id, Box<ClientRequest>),
    /// An answer to a request of ours, as it came.
    Response(Value),
}

/// An error answer of this module's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The request it answers; `None` (null on the wire) where no usable id could be read.
    pub id: Option<Id>,
    /// JSON-RPC error code.
    pub code: ErrorCode,
    /// One sentence.
    pub message: Cow<'static, str>,
}

/// Reads one line, without its newline.
pub fn decode(line: &[u8]) -> Incoming {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let Ok(text) = std::str::from_utf8(line) else {
        return Incoming::Refused(Reply::unreadable("the line is not UTF-8"));
    };
    if text.trim_ascii().is_empty() {
        return Incoming::Nothing;
    }
    match strict::parse(text) {
        Ok(Value::Object(message)) => message_of(message).unwrap_or_else(Incoming::Refused),
        Ok(Value::Array(_)) => refused(None, "batches are not served: send one message per line"),
        Ok(_) => refused(None, "a message is a JSON object"),
        Err(Flaw::Syntax) => Incoming::Refused(Reply::unreadable("the line is not JSON")),
        Err(Flaw::TooDeep) => refused(Skimmer::id_of(line), "the message is nested too deep"),
        Err(Flaw::DuplicateKey) => {
            refused(Skimmer::id_of(line), "an object in the message has the same key twice")
        }
    }
}

impl Reply {
    /// -32600: not a request that can be served.
    pub fn invalid(id: Option<Id>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { id, code: ErrorCode::INVALID_REQUEST, message: message.into() }
    }

    /// -32700: not JSON at all.
    fn unreadable(message: &'static str) -> Self {
        Self { id: None, code: ErrorCode::PARSE_ERROR, message: message.into() }
    }

    /// The answer as a line, newline included.
    pub fn to_line(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Wire<'a> {
            jsonrpc: &'a str,
            id: Option<&'a Id>,
            error: Value,
        }
        let error = json!({"code": self.code, "message": self.message});
        let wire = Wire { jsonrpc: VERSION, id: self.id.as_ref(), error };
        let mut line = serde_json::to_vec(&wire).expect("strings and numbers always serialise");
        line.push(b'\n');
        line
    }
}

fn message_of(mut message: Map<String, Value>) -> Result<Incoming, Reply> {
    let raw_id = message.remove("id");
    let id = raw_id.as_ref().and_then(Id::from_json);
    if message.get("jsonrpc").and_then(Value::as_str) != Some(VERSION) {
        return Err(Reply::invalid(id, "`jsonrpc` must be \"2.0\""));
    }
    let answers =
        usize::from(message.contains_key("result")) + usize::from(message.contains_key("error"));
    let method = match message.remove("method") {
        Some(Value::String(method)) if answers == 0 => method,
        Some(Value::String(_)) => {
            return Err(Reply::invalid(id, "a message has a method or a result, not both"));
        }
        Some(_) => return Err(Reply::invalid(id, "`method` must be a string")),
        None if answers == 1 => return Ok(response(message, raw_id)),
        None => return Err(Reply::invalid(id, "`method` is missing")),
    };
    let params = match message.remove("params") {
        None | Some(Value::Null) => json!({}),
        Some(params @ (Value::Object(_) | Value::Array(_))) => params,
        Some(_) => return Err(Reply::invalid(id, "`params` must be an object")),
    };
    match (raw_id, id) {
        (Some(_), Some(id)) => request(id, &method, params),
        (Some(_), None) => Err(Reply::invalid(None, "`id` must be a string or an integer")),
        (None, _) => Ok(notification(&method, &params)),
    }
}

/// An answer is never answered, however wrong it is: two peers that complain about each other do not stop.
fn response(mut message: Map<String, Value>, id: Option<Value>) -> Incoming {
    message.extend(id.map(|id| ("id".to_owned(), id)));
    Incoming::Response(Value::Object(message))
}

fn request(id: Id, method: &str, params: Value) -> Result<Incoming, Reply> {
    let request = match method {
        "initialize" => typed::<InitializeRequest>(method, params).map(ClientRequest::from),
        "ping" => typed::<PingRequest>(method, params).map(ClientRequest::from),
        "server/discover" => typed::<DiscoverRequest>(method, params).map(ClientRequest::from),
        "tools/call" => typed::<CallToolRequest>(method, params).map(ClientRequest::from),
        "tools/list" => typed::<ListToolsRequest>(method, params).map(ClientRequest::from),
        _ => {
            let message = format!("the method `{}` is not served", quoted(method)).into();
            return Err(Reply { id: Some(id), code: ErrorCode::METHOD_NOT_FOUND, message });
        }
    };
    match request {
        Ok(request) => Ok(Incoming::Request(id, Box::new(request))),
        Err(error) => {
            let message = format!("params of {method}: {}", quoted(&error.to_string())).into();
            Err(Reply { id: Some(id), code: ErrorCode::INVALID_PARAMS, message })
        }
    }
}

fn typed<T: DeserializeOwned>(method: &str, params: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(json!({"method": method, "params": params}))
}

/// Of all notifications only a cancellation changes anything here.
fn notification(method: &str, params: &Value) -> Incoming {
    match params.get("requestId").and_then(Id::from_json) {
        Some(id) if method == "notifications/cancelled" => Incoming::Cancelled(id),
        _ => Incoming::Nothing,
    }
}

fn refused(id: Option<Id>, message: &'static str) -> Incoming {
    Incoming::Refused(Reply::invalid(id, message))
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTE_CHARS).collect()
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The `jsonrpc` of every message.
pub const VERSION: &str = "2.0";

#[cfg(test)]
mod tests;
