//! The envelope of seeds/001: `success`, `data`, `error`, in every answer of port 3123.
//!
//! A payment that was not made must never look like one: whatever is not settled is `success: false`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::plain;
use super::port::PortKind;
use crate::failure::{Failure, Retry};
use crate::operations::{Answer, Verdict};

/// An operation's answer in the envelope.
pub(super) fn answer(result: Result<Answer, Failure>) -> Response {
    let answer = match result {
        Ok(answer) => answer,
        Err(failure) => return plain::failure(&failure, PortKind::Agents),
    };
    match answer.verdict {
        Verdict::Done => {
            let body = json!({ "success": true, "data": answer.output, "error": null });
            plain::json(StatusCode::OK, &body)
        }
        verdict => {
            let failure = unsettled(verdict, &answer.output);
            match verdict {
                // Not an error of anybody's; but the money is not known to be there either.
                Verdict::Unknown => {
                    plain::json(StatusCode::ACCEPTED, &error(&failure.code, &failure.message))
                }
                _ => {
                    let status = super::status::status_of(&failure, PortKind::Agents);
                    plain::json(status, &error(&failure.code, &failure.message))
                }
            }
        }
    }
}

/// The envelope of a failure.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({ "success": false, "data": null, "error": { "error": code, "message": message } })
}

/// Everything an agent needs, in one text: the envelope has no other place for it.
pub(super) fn sentence(failure: &Failure) -> String {
    let text = failure.to_string();
    let prefix = format!("{}: ", failure.code);
    text.strip_prefix(&prefix).map_or(text.clone(), str::to_owned)
}

/// A payment that is not settled, as a code and a sentence with its id.
fn unsettled(verdict: Verdict, output: &Map<String, Value>) -> Failure {
    let text = |key: &str| output.get(key).and_then(Value::as_str).unwrap_or_default();
    let (id, summary) = (text("payment_id"), text("summary"));
    let message = |rest: &str| format!("{summary} Payment id {id}.{rest}");
    match verdict {
        Verdict::Ask => {
            let approval = text("approval_id");
            let words = format!(
                " The owner approves or rejects it as approval {approval}, on the wallet's page or in a terminal."
            );
            Failure::refused("PENDING_APPROVAL", message(&words)).retry(Retry::AfterOperator)
        }
        Verdict::Unknown => Failure::unavailable("PAYMENT_PENDING", message("")),
        Verdict::Refused | Verdict::Done => {
            let reason = text("reason_code");
            let would_pass = output.get("would_pass").and_then(Value::as_str);
            let rest = would_pass.map(|words| format!(" What would pass: {words}."));
            let code = match (text("status"), reason) {
                (_, "INSUFFICIENT_FUNDS") => "INSUFFICIENT_FUNDS",
                (_, "SUSPECTED_DUPLICATE") => "SUSPECTED_DUPLICATE",
                ("failed", _) => "PAYMENT_FAILED",
                _ => "POLICY_DENIED",
            };
            let code_words = format!(" Reason code {reason}.{}", rest.unwrap_or_default());
            Failure::refused(code, message(&code_words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(status: &str, reason: &str) -> Map<String, Value> {
        let value = json!({
            "status": status, "reason_code": reason, "payment_id": "p-1", "approval_id": "a-1",
            "summary": "So it is.", "would_pass": "at most 50 XNO",
        });
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn what_is_not_settled_names_its_payment_and_code() {
        let denied = unsettled(Verdict::Refused, &output("denied", "HARD_LIMIT"));
        assert_eq!(denied.code, "POLICY_DENIED");
        assert_eq!(
            denied.message,
            "So it is. Payment id p-1. Reason code HARD_LIMIT. What would pass: at most 50 XNO."
        );
        let waiting = unsettled(Verdict::Ask, &output("pending_approval", "TIER"));
        assert!(waiting.code == "PENDING_APPROVAL" && waiting.message.contains("approval a-1"));
        let code = |status, reason| unsettled(Verdict::Refused, &output(status, reason)).code;
        assert_eq!(code("failed", "INSUFFICIENT_FUNDS"), "INSUFFICIENT_FUNDS");
        assert_eq!(code("failed", "BLOCK_DEAD"), "PAYMENT_FAILED");
        assert_eq!(unsettled(Verdict::Unknown, &output("pending", "")).code, "PAYMENT_PENDING");
    }

    #[test]
    fn a_failure_is_one_text_without_its_code() {
        let failure = Failure::invalid("INVALID_ADDRESS", "it is no address").hint("Copy it whole");
        let text = sentence(&failure);
        assert!(
            text.starts_with("It is no address") || text.starts_with("it is no address"),
            "{text}"
        );
        assert!(text.contains("Nothing was sent") && text.contains("Copy it whole"), "{text}");
    }
}
