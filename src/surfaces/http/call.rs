//! Asking the wallet on behalf of whoever sent a request.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::given::Given;
use super::port::{Port, PortKind};
use crate::failure::{Failure, Retry};
use crate::ids::time_ordered;
use crate::operations::{Answer, Call, Caller, ProgressSink};
use crate::secret::Secret;

impl Port {
    /// Carries out one operation: as the owner on the control port, as an agent with its token elsewhere.
    ///
    /// # Errors
    /// What the operation says, or that the wallet met a bug.
    pub(super) async fn ask(
        &self,
        given: &Given,
        operation: &str,
        arguments: Map<String, Value>,
    ) -> Result<Answer, Failure> {
        let (caller, agent_token, operator_secret) = match self.kind {
            PortKind::Control => (Caller::Operator, None, self.operator_secret(given)),
            // A provider proves itself by what it signed; the operation looks at that.
            PortKind::Webhook => (Caller::Operator, None, None),
            PortKind::Agents | PortKind::Pay | PortKind::Mcp => {
                (Caller::Agent(None), given.token.clone(), None)
            }
        };
        let cancelled = CancellationToken::new();
        // A client that goes away ends its waiting, never what it began.
        let _gone = cancelled.clone().drop_guard();
        let call = Call {
            id: time_ordered(self.clock.now()),
            operation: operation.to_owned(),
            arguments,
            caller,
            agent_token,
            operator_secret,
            progress: ProgressSink::default(),
            cancelled,
        };
        let gate = Arc::clone(&self.gate);
        let answer = tokio::spawn(async move { gate.call(call).await });
        answer.await.unwrap_or_else(|_| {
            Err(Failure::internal("INTERNAL", "the wallet met a bug of its own")
                .sent_unknown()
                .retry(Retry::SameKey)
                .hint("The owner runs `paywarden doctor`"))
        })
    }

    fn operator_secret(&self, given: &Given) -> Option<Secret> {
        given.operator_secret.clone().or_else(|| self.authority.operator_secret.clone())
    }
}
