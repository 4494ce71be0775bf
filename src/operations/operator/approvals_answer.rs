//! `approvals.answer`: the owner says yes or no, once; an approved payment is driven to a stable state.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::books::Channel;
use crate::engine::Resolution;
use crate::failure::Failure;
use crate::ids::ApprovalId;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{
    Access, Audience, Context, Operation, Outcome, PayResult, Spec, outcome_of,
};
use crate::payment::Status;

/// The owner's answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalsAnswer {
    /// The question, from approvals.list.
    approval_id: String,
    /// The answer: a JSON boolean, nothing that only looks like one.
    approved: bool,
    /// The owner's words.
    #[serde(default)]
    reason: Option<String>,
    /// Where the owner said so, by the surface that asks: cli when left out.
    #[serde(default)]
    channel: AnsweredAt,
}

/// Where an owner answers. A host's user never does so here.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum AnsweredAt {
    /// `paywarden approvals` at a terminal.
    #[default]
    Cli,
    /// The control API or its web page.
    Http,
}

impl From<AnsweredAt> for Channel {
    fn from(at: AnsweredAt) -> Self {
        match at {
            AnsweredAt::Cli => Self::Cli,
            AnsweredAt::Http => Self::Http,
        }
    }
}

impl Operation for ApprovalsAnswer {
    type Output = PayResult;
    const SPEC: Spec = Spec {
        name: "approvals.answer",
        title: "Answer an approval",
        description: "Approve or reject a waiting payment, once. Policy and freeze are checked again.",
        audience: Audience::Operator,
        access: Access::Spend,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PayResult>, Failure> {
        let approval_id = self.approval_id.parse::<ApprovalId>().map_err(|_| {
            let shown: String = self.approval_id.chars().take(limits::QUOTE_CHARS).collect();
            Failure::invalid("INVALID_APPROVAL_ID", format!("{shown:?} is no approval id"))
                .hint("`paywarden approvals list` shows what waits")
        })?;
        let resolution = Resolution {
            approval_id,
            approved: self.approved,
            channel: self.channel.into(),
            reason: bounded("reason", self.reason, limits::REASON_BYTES)?,
            call_id: Some(context.call_id),
        };
        let engine = &context.engine;
        let answered = engine.answer_approval(resolution).await?;
        let id = answered.paid.payment.id();
        let paid =
            engine.wait_for_payment(id, limits::SPEND_WAIT, &context.cancelled, |_, _| {}).await?;
        let result = PayResult::from(&paid);
        // A rejection is what the owner asked for.
        Ok(match result.status {
            Status::Denied if !self.approved => Outcome::Done(result),
            status => outcome_of(status, result),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_json_boolean_is_an_answer() {
        let read = |approved: serde_json::Value| {
            let arguments = json!({ "approvalId": "x", "approved": approved });
            serde_json::from_value::<ApprovalsAnswer>(arguments).map(|answer| answer.approved)
        };
        assert!(read(json!(true)).unwrap());
        assert!(!read(json!(false)).unwrap());
        for wrong in [json!("true"), json!("false"), json!(1), json!(0), json!(null), json!([true])]
        {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        let from = |channel: &str| {
            let arguments = json!({ "approvalId": "x", "approved": true, "channel": channel });
            serde_json::from_value::<ApprovalsAnswer>(arguments)
                .map(|answer| Channel::from(answer.channel))
        };
        assert_eq!(from("cli").unwrap(), Channel::Cli);
        assert_eq!(from("http").unwrap(), Channel::Http);
        assert!(from("host").is_err(), "that is agent authority");
        let missing = json!({ "approvalId": "x" });
        assert!(serde_json::from_value::<ApprovalsAnswer>(missing).is_err());
    }
}
