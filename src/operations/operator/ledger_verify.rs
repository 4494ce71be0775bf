//! `ledger.verify`: the chain, its signatures and anchors, and on request the books folded anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::ledger::Report;
use crate::operations::offline::parse_heads;
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
pub struct LedgerVerdict {
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
    /// How often the signing key changed.
    rotations: u64,
    /// Whether the books were folded anew.
    deep: bool,
    /// Head of what was read.
    ledger_head: LedgerHead,
}

impl LedgerVerdict {
    pub(in crate::operations) fn new(report: Report, anchors: u64, deep: bool) -> Self {
        Self {
            ok: report.ok,
            events: report.events,
            broken_at: report.broken_at,
            reason: report.reason,
            anchors,
            rotations: report.rotations,
            deep,
            ledger_head: report.head.into(),
        }
    }

    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.ok
    }
}

impl Operation for LedgerVerify {
    type Output = LedgerVerdict;
    const SPEC: Spec = Spec {
        name: "ledger.verify",
        title: "Verify the ledger",
        description: "Check the whole chain: hashes, signatures, anchored heads; with deep also that the books are exactly the fold of the events.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<LedgerVerdict>, Failure> {
        let expected = parse_heads(&self.expect_heads)?;
        let audit = context.engine.audit(self.deep, expected).await?;
        let verdict = LedgerVerdict::new(audit.report, audit.anchors, self.deep);
        Ok(if verdict.ok { Outcome::Done(verdict) } else { Outcome::Refused(verdict) })
    }
}
