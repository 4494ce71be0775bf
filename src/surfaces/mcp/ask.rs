//! Asking the host's user about a payment that waits, in both eras of the protocol.
//!
//! Up to 2025-11-25 the server asks while the call is open; since 2026-07-28 the call ends with `input_required` and is
//! made again with the answer. `requestState` is the approval's id and nothing else: what it is bound to stands in the
//! store. This module must never take anything but the JSON boolean `true` for a yes, and never treats silence, a
//! declined form or an odd answer as one: the question then stays with the owner.

use std::collections::BTreeMap;

use rmcp::model::{
    CancelledNotificationParam, ClientResult, ElicitRequest, ElicitRequestParams,
    ElicitationSchema, InputRequest, InputRequiredResult, InputResponses, ServerRequest,
};
use rmcp::service::{PeerRequestOptions, RequestContext, RoleServer};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::handler::{Handler, ToolCall};
use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;
use crate::limits::{HOST_ANSWER, WAIT_MAX};
use crate::operations::{Answer, Verdict};
use crate::surfaces::cli::escape;

/// How a call that needs an answer goes on.
pub(super) enum Next {
    /// It has its answer.
    Answer(Box<Result<Answer, Failure>>),
    /// The client brings the answer with the next call.
    Input(InputRequiredResult),
}

impl Handler {
    /// Asks the host's user, if there is a payment that waits, a client that can ask, and a policy that lets it.
    pub(super) async fn ask_user(
        &self,
        call: &ToolCall,
        answer: Answer,
        context: &RequestContext<RoleServer>,
    ) -> Next {
        let unasked = |answer| Next::Answer(Box::new(Ok(answer)));
        let Some(approval_id) = waiting_approval(&answer).filter(|_| can_ask(context)) else {
            return unasked(answer);
        };
        let asked = json!({
            "approvalId": approval_id, "operation": call.operation, "arguments": call.arguments,
            "callId": call.id,
        });
        // Whatever stands in the way: the payment waits for its owner all the same.
        let Ok(question) = self.aside("host.ask", asked, context.ct.clone()).await else {
            return unasked(answer);
        };
        if question.output.get("ask") != Some(&Value::Bool(true)) {
            return unasked(answer);
        }
        let Some(form) = form(&question.output) else { return unasked(answer) };
        if is_stateless(context) {
            let request = InputRequest::Elicitation(ElicitRequest::new(form));
            let requests = BTreeMap::from([(APPROVAL.to_owned(), request)]);
            return Next::Input(InputRequiredResult::new(Some(requests), Some(approval_id)));
        }
        let payment_id = question.output.get("paymentId").cloned().unwrap_or_default();
        let said = tokio::select! {
            said = elicit(form, context) => Some(said),
            () = self.answered_elsewhere(payment_id) => None,
            () = context.ct.cancelled() => return unasked(answer),
        };
        if let Some(approved @ Some(_)) = said {
            // Refused or not, the call made again says how the payment stands.
            let _ = self.answer_for(call, &approval_id, approved, context).await;
        }
        Next::Answer(Box::new(self.carry_out(call, context).await))
    }

    /// Takes the answer that a call made again brings, and gives the id of the call that asked for the payment.
    pub(super) async fn resume(
        &self,
        call: &ToolCall,
        state: &str,
        responses: Option<&InputResponses>,
        context: &RequestContext<RoleServer>,
    ) -> Result<uuid::Uuid, Failure> {
        let said = responses.and_then(|responses| responses.get(APPROVAL));
        let taken = self.answer_for(call, state, said.and_then(yes_or_no), context).await?;
        let id = taken.output.get("callId").and_then(Value::as_str);
        let id = id.and_then(|id| id.parse().ok());
        id.ok_or_else(|| Failure::internal("INTERNAL", "the answer leads to no call"))
    }

    async fn answer_for(
        &self,
        call: &ToolCall,
        approval_id: &str,
        approved: Option<bool>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer, Failure> {
        let mut arguments = json!({
            "approvalId": approval_id, "operation": call.operation, "arguments": call.arguments,
        });
        if let Some(approved) = approved {
            arguments["approved"] = json!(approved);
        }
        self.aside("host.answer", arguments, context.ct.clone()).await
    }

    /// Resolves when the payment no longer waits: its owner was faster, or the question lapsed.
    async fn answered_elsewhere(&self, payment_id: Value) {
        let gone = CancellationToken::new();
        let _gone = gone.clone().drop_guard();
        loop {
            let wait_ms = u64::try_from(WAIT_MAX.as_millis()).unwrap_or_default();
            let asked = json!({ "paymentId": payment_id, "waitMs": wait_ms });
            match self.aside("get_payment_status", asked, gone.clone()).await {
                Ok(status) if status.output.get("status") == Some(&json!("pending_approval")) => {}
                Ok(_) => return,
                // It cannot be watched; the host's user can answer all the same.
                Err(_) => return std::future::pending().await,
            }
        }
    }
}

/// The approval a spending call waits for; its field's case is the tool's.
fn waiting_approval(answer: &Answer) -> Option<String> {
    if answer.verdict != Verdict::Ask {
        return None;
    }
    let id = answer.output.get("approvalId").or_else(|| answer.output.get("approval_id"));
    id.and_then(Value::as_str).map(str::to_owned)
}

/// A client that names no mode of elicitation means forms.
fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    let elicitation = context.client_capabilities().and_then(|client| client.elicitation);
    elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
}

fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| !version.has_initialize())
}

/// The form in the host; what it answers within [`HOST_ANSWER`], if that is a clear yes or no.
async fn elicit(form: ElicitRequestParams, context: &RequestContext<RoleServer>) -> Option<bool> {
    let request = ServerRequest::ElicitRequest(ElicitRequest::new(form));
    let options = PeerRequestOptions::no_options();
    let mut sent = context.peer.send_cancellable_request(request, options).await.ok()?;
    // Also when this future is dropped: a form nobody waits for should close.
    let open = OpenForm { context, id: Some(sent.id.clone()) };
    let result = tokio::select! {
        result = &mut sent.rx => result,
        () = SystemClock.sleep(HOST_ANSWER) => return None,
    };
    open.closed();
    match result {
        Ok(Ok(ClientResult::ElicitResult(result))) => {
            yes_or_no(&serde_json::to_value(result).ok()?)
        }
        _ => None,
    }
}

/// A form that is open in the host.
struct OpenForm<'a> {
    context: &'a RequestContext<RoleServer>,
    id: Option<rmcp::model::RequestId>,
}

impl OpenForm<'_> {
    fn closed(mut self) {
        self.id = None;
    }
}

impl Drop for OpenForm<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let peer = self.context.peer.clone();
        let reason = "the payment no longer waits for this answer".to_owned();
        tokio::spawn(async move {
            let cancelled = CancelledNotificationParam::new(Some(id), Some(reason));
            let _ = peer.notify_cancelled(cancelled).await;
        });
    }
}

/// Only an accepted form with the JSON boolean says anything.
fn yes_or_no(result: &Value) -> Option<bool> {
    match result.get("action").and_then(Value::as_str) {
        Some("accept") => result.get("content")?.get(APPROVED)?.as_bool(),
        _ => None,
    }
}

fn form(question: &Map<String, Value>) -> Option<ElicitRequestParams> {
    let schema = ElicitationSchema::builder()
        .required_bool_with(APPROVED, |field| {
            field
                .title("Approve this payment")
                .description("Yes pays now; no turns it down for good")
        })
        .build();
    Some(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message(question),
        requested_schema: schema.ok()?,
    })
}

/// What the user reads. The wallet's own facts come first; what the agent says stands apart, quoted and escaped, each
/// on one line, so that it cannot pass for the wallet's words.
fn message(question: &Map<String, Value>) -> String {
    let text = |name: &str| question.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let mut lines = vec![format!(
        "Pay {} to {}?",
        escape(text("amount").unwrap_or("an unknown amount")),
        escape(text("payeeAddress").unwrap_or("an unknown payee")),
    )];
    let mut fact = |name: &str, value: Option<&str>| {
        lines.extend(value.map(|value| format!("{name}: {}", escape(value))));
    };
    fact("Asked because", text("reason"));
    fact("Mandate", Some(text("mandateId").unwrap_or("none")));
    fact("Agent", text("agentId"));
    let mut claim = |name: &str, value: Option<&str>| {
        let quoted = value.map(|value| escape(value).replace('"', "\\\""));
        lines.extend(quoted.map(|quoted| format!("{name}, in the agent's words: \"{quoted}\"")));
    };
    claim("Payee", text("payeeLabel"));
    claim("Memo", text("memo"));
    lines.push("To leave it to `paywarden approvals`, decline.".to_owned());
    lines.join("\n")
}

/// The one question of a call.
const APPROVAL: &str = "approval";
const APPROVED: &str = "approved";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_accepted_form_with_the_boolean_is_an_answer() {
        let said = |result: Value| yes_or_no(&result);
        assert_eq!(said(json!({"action": "accept", "content": {"approved": true}})), Some(true));
        assert_eq!(said(json!({"action": "accept", "content": {"approved": false}})), Some(false));
        for unclear in [
            json!({"action": "accept", "content": {"approved": "true"}}),
            json!({"action": "accept", "content": {"approved": 1}}),
            json!({"action": "accept", "content": {"approved": [true]}}),
            json!({"action": "accept", "content": {}}),
            json!({"action": "accept", "content": true}),
            json!({"action": "accept"}),
            json!({"action": "decline", "content": {"approved": true}}),
            json!({"action": "cancel", "content": {"approved": true}}),
            json!({"action": ["accept"], "content": {"approved": true}}),
            json!({"content": {"approved": true}}),
            json!(true),
            json!(null),
        ] {
            assert_eq!(said(unclear.clone()), None, "{unclear}");
        }
    }

    #[test]
    fn the_agents_words_cannot_pass_for_the_wallets() {
        let question = json!({
            "amount": "3 XNO", "payeeAddress": "nano_1shop", "reason": "above the threshold",
            "payeeLabel": "Shop\"\nMandate: everything\u{202e}",
            "memo": "tea\r\u{1b}[2J",
        });
        let message = message(question.as_object().unwrap());
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines[0], "Pay 3 XNO to nano_1shop?");
        assert_eq!(lines[2], "Mandate: none");
        assert_eq!(
            lines[3],
            r#"Payee, in the agent's words: "Shop\"\u{a}Mandate: everything\u{202e}""#
        );
        assert_eq!(lines[4], r#"Memo, in the agent's words: "tea\u{d}\u{1b}[2J""#);
        assert_eq!(lines.len(), 6);
    }
}
