//! Events to and from the form the ledger has them in.
//!
//! What was written once must be read for ever: nothing here may drop or rename a member.

use serde_json::{Map, Value};

use super::event::{Body, Event};
use super::event_parts::EventError;
use crate::ids::PaymentId;
use crate::ledger;

impl Event {
    /// An event of one payment.
    pub fn of(payment_id: PaymentId, body: Body) -> Self {
        Self { payment_id: Some(payment_id), body }
    }

    /// Type and data as the ledger writes them.
    ///
    /// # Panics
    /// Never: bodies are plain data with text keys.
    pub fn into_parts(self) -> (String, Option<String>, Map<String, Value>) {
        let value = serde_json::to_value(&self.body).expect("a body is plain JSON");
        let Value::Object(mut object) = value else { unreachable!("a tagged enum is an object") };
        let kind = object.remove("type").and_then(|kind| kind.as_str().map(str::to_owned));
        let data = match object.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        (kind.unwrap_or_default(), self.payment_id.map(|id| id.to_string()), data)
    }

    /// Reads a ledger event back.
    ///
    /// # Errors
    /// When its type or data is unknown to this version.
    pub fn from_ledger(event: &ledger::Event) -> Result<Self, EventError> {
        let fail = |detail: String| EventError { seq: event.seq, kind: event.kind.clone(), detail };
        let payment_id = event.payment_id.as_deref().map(str::parse::<PaymentId>).transpose();
        let tagged = serde_json::json!({ "type": event.kind, "data": event.data });
        Ok(Self {
            payment_id: payment_id.map_err(|e| fail(e.to_string()))?,
            body: serde_json::from_value(tagged).map_err(|e| fail(e.to_string()))?,
        })
    }
}

impl From<Body> for Event {
    fn from(body: Body) -> Self {
        Self { payment_id: None, body }
    }
}
