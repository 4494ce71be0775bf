//! `policy.simulate`: the ledger's requests under another policy. Writes nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy_draft::draft;
use crate::engine::{Difference, Judged, Span};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, AmountOut, Audience, Context, Operation, Outcome, Spec};

/// A draft to try out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySimulate {
    /// The draft, TOML as docs/policy.md has it.
    draft: String,
    /// Only requests from this seq of the ledger on.
    #[serde(default)]
    since: Option<u64>,
    /// Only the last so many requests; not together with since.
    #[serde(default)]
    last: Option<u64>,
}

/// What would be decided otherwise.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySimulated {
    /// SHA-256 of the draft's policy.
    policy_hash: String,
    /// Requests judged.
    requests: u64,
    /// Those decided for the same reason.
    same: u64,
    /// Those decided otherwise, or for another reason.
    different: u64,
    /// The different ones, counted by what they were and would be.
    moves: Vec<Moved>,
    /// The first of the different ones, at most 100.
    differences: Vec<Differs>,
}

/// Requests that went one way and would go another.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Moved {
    /// How they were decided.
    recorded: Ruling,
    /// How they would be.
    simulated: Ruling,
    /// How many.
    payments: u64,
}

/// One request that would be decided otherwise.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Differs {
    /// Its place in the ledger.
    seq: u64,
    /// When it was asked for, RFC 3339.
    at: String,
    /// The payment.
    payment_id: String,
    /// How much.
    amount: AmountOut,
    /// To whom.
    payee: String,
    /// The agent that asked, where its host proved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    /// The mandate it claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_id: Option<String>,
    /// How it was decided.
    recorded: Ruling,
    /// How it would be.
    simulated: Ruling,
}

/// A decision in short.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Ruling {
    /// allow, needs_approval or deny.
    outcome: &'static str,
    /// Stable code; RATE_LIMITED for a request that would not have been taken.
    reason_code: &'static str,
    /// One sentence; missing in counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What would pass, for a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
}

impl Operation for PolicySimulate {
    type Output = PolicySimulated;
    const SPEC: Spec = Spec {
        name: "policy.simulate",
        title: "Simulate a policy",
        description: "Judge the ledger's requests by a draft, each on the books as they stood then, and tell what would be decided otherwise.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PolicySimulated>, Failure> {
        let policy = draft(&self.draft)?;
        let span = match (self.since, self.last) {
            (Some(_), Some(_)) => {
                let message = "since and last cannot be given together";
                return Err(Failure::invalid("INVALID_ARGUMENTS", message));
            }
            (_, Some(last)) => Span::Last(last),
            (since, None) => Span::Since(since.unwrap_or_default()),
        };
        let hash = policy.hash();
        let found = context.engine.simulate(policy, span, &context.cancelled).await?;
        let counted = |(outcome, reason_code): (&'static str, &'static str)| Ruling {
            outcome,
            reason_code,
            reason: None,
            would_pass: None,
        };
        let moves = found.moves.into_iter().map(|((recorded, simulated), payments)| Moved {
            recorded: counted(recorded),
            simulated: counted(simulated),
            payments,
        });
        Ok(Outcome::Done(PolicySimulated {
            policy_hash: hash.to_string(),
            requests: found.requests,
            same: found.same,
            different: found.requests - found.same,
            moves: moves.collect(),
            differences: found.differences.into_iter().map(differs).collect(),
        }))
    }
}

fn differs(difference: Difference) -> Differs {
    let Difference { seq, at, request, recorded, simulated } = difference;
    Differs {
        seq,
        at: at.to_string(),
        payment_id: request.payment_id.to_string(),
        amount: request.amount.into(),
        payee: request.payee.address,
        agent_id: request.agent_id,
        mandate_id: request.mandate_id,
        recorded: ruling(recorded),
        simulated: ruling(simulated),
    }
}

fn ruling(judged: Judged) -> Ruling {
    Ruling {
        outcome: judged.outcome.as_str(),
        reason_code: judged.reason_code,
        reason: Some(judged.reason),
        would_pass: judged.would_pass,
    }
}

/// The text of [`PolicySimulated::differences`] says this number.
const _: () = assert!(limits::SIMULATED_DIFFERENCES == 100);
