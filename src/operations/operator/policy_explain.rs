//! `policy.explain`: why a payment was decided as it was, from the ledger.
//!
//! It must never judge anew: what is told is what was recorded when it was decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::{Body, DecidedStage, Event, Payment};
use crate::digest::Digest;
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::ledger;
use crate::limits;
use crate::operations::{Access, AmountOut, Audience, Context, Operation, Outcome, Spec};
use crate::payment::Status;
use crate::store::Store;

/// A payment to explain.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyExplain {
    /// The payment.
    payment_id: String,
}

/// A payment and every decision on it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyExplained {
    /// The payment.
    payment_id: String,
    /// How it stands now.
    status: Status,
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
    /// In order; the last one counts.
    decisions: Vec<Decided>,
}

/// One decision.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Decided {
    /// Its place in the ledger.
    seq: u64,
    /// When, RFC 3339.
    at: String,
    /// new, or approved when it was looked at again before signing.
    stage: &'static str,
    /// allow, needs_approval or deny.
    outcome: &'static str,
    /// Stable code.
    reason_code: String,
    /// One sentence.
    reason: String,
    /// Every rule looked at, with the numbers compared.
    rules: Vec<String>,
    /// What would pass, after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
    /// SHA-256 of the policy that decided.
    policy_hash: String,
    /// Whether that policy is still in force.
    policy_in_force: bool,
    /// Which version of the mandate decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_version: Option<u32>,
    /// What was left of each budget of the mandate after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remaining: Vec<String>,
}

impl Operation for PolicyExplain {
    type Output = PolicyExplained;
    const SPEC: Spec = Spec {
        name: "policy.explain",
        title: "Explain a payment",
        description: "Why a payment was decided as it was: each decision with its rules, and the policy and mandate version behind it.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<PolicyExplained>, Failure> {
        let engine = &context.engine;
        let payment = payment(engine.store(), &self.payment_id)?;
        let in_force = engine.policy()?.policy.hash();
        let request = &payment.request;
        Ok(Outcome::Done(PolicyExplained {
            payment_id: request.payment_id.to_string(),
            status: payment.state.status(),
            amount: request.amount.into(),
            payee: request.payee.address.clone(),
            agent_id: request.agent_id.clone(),
            mandate_id: request.mandate_id.clone(),
            decisions: decisions(engine.store(), payment.id(), in_force)?,
        }))
    }
}

fn payment(store: &Store, text: &str) -> Result<Payment, Failure> {
    let unknown = || {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("UNKNOWN_PAYMENT", format!("there is no payment {shown:?}"))
            .hint("Give the paymentId (payment_id) of an earlier answer, or one of `paywarden ledger show`")
    };
    let id: PaymentId = text.parse().map_err(|_| unknown())?;
    let found = store.read(|view| view.payment(id)).map_err(|e| store_failure(&e))?;
    found.ok_or_else(unknown)
}

fn decisions(store: &Store, id: PaymentId, in_force: Digest) -> Result<Vec<Decided>, Failure> {
    let seqs = store.read(|view| view.trail(id)).map_err(|e| store_failure(&e))?;
    let snapshot = store.snapshot().map_err(|e| store_failure(&e))?;
    let mut found = Vec::new();
    for seq in seqs {
        for stored in snapshot.events(seq, 1).map_err(|e| store_failure(&e))? {
            let entry = stored.decode().map_err(|e| broken(seq, &e))?;
            let event = Event::from_ledger(&entry).map_err(|e| broken(seq, &e))?;
            found.extend(decided(&entry, event.body, in_force));
        }
    }
    Ok(found)
}

fn decided(entry: &ledger::Event, body: Body, in_force: Digest) -> Option<Decided> {
    let Body::PolicyDecided {
        stage,
        outcome,
        reason_code,
        reason,
        rules,
        would_pass,
        policy_hash,
        mandate_version,
        remaining,
        ..
    } = body
    else {
        return None;
    };
    Some(Decided {
        seq: entry.seq,
        at: entry.at.clone(),
        stage: match stage {
            DecidedStage::New => "new",
            DecidedStage::Queued => "queued",
            DecidedStage::Approved => "approved",
        },
        outcome: outcome.as_str(),
        reason_code: reason_code.to_string(),
        reason,
        rules: rules.iter().map(ToString::to_string).collect(),
        would_pass,
        policy_hash: policy_hash.to_string(),
        policy_in_force: policy_hash == in_force,
        mandate_version,
        remaining,
    })
}

fn broken(seq: u64, error: &dyn std::fmt::Display) -> Failure {
    Failure::internal("STORE_CORRUPT", format!("event {seq} cannot be read: {error}"))
        .hint("Run `paywarden ledger verify --deep`")
}
