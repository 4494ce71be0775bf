//! `ledger.verify`: the chain, its signatures and anchors, and on request the books folded anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::ledger::Head;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Verify the ledger.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerVerify {
    /// Fold every event anew and compare the books row by row.
    #[serde(default)]
    deep: bool,
    /// Heads (`seq:hash`) that must be in the chain, beside those of the anchor file.
    #[serde(default)]
    expect_heads: Vec<String>,
}

/// The verdict, in the words of seeds/004.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether everything holds.
    ok: bool,
    /// Events read.
    events: u64,
    /// The first seq that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<u64>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Anchored heads that were found in the chain.
    anchors: u64,
    /// Whether the books were folded anew.
    deep: bool,
    /// Head of what was read.
    ledger_head: LedgerHead,
}

impl Operation for LedgerVerify {
    type Output = Verdict;
    const SPEC: Spec = Spec {
        name: "ledger.verify",
        title: "Verify the ledger",
        description: "Check the whole chain: hashes, signatures, anchored heads; with deep also that the books are exactly the fold of the events.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Verdict>, Failure> {
        let expected: Result<Vec<Head>, _> = self.expect_heads.iter().map(|t| t.parse()).collect();
        let expected = expected.map_err(|e: crate::ledger::AnchorError| {
            Failure::invalid("INVALID_HEAD", e.to_string()).hint("A head is written seq:hash")
        })?;
        let audit = context.engine.audit(self.deep, expected).await?;
        let report = audit.report;
        let verdict = Verdict {
            ok: report.ok,
            events: report.events,
            broken_at: report.broken_at,
            reason: report.reason,
            anchors: audit.anchors,
            deep: self.deep,
            ledger_head: report.head.into(),
        };
        Ok(if verdict.ok { Outcome::Done(verdict) } else { Outcome::Refused(verdict) })
    }
}
