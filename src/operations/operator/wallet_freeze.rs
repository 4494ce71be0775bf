//! `wallet.freeze`: nothing is signed or published until the owner unfreezes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::shortened;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Freeze the wallet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletFreeze {
    /// The owner's words.
    #[serde(default)]
    reason: Option<String>,
}

/// The freeze in force.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Frozen {
    /// Always true.
    frozen: bool,
    /// Why.
    reason: String,
    /// Since when, RFC 3339.
    changed_at: String,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for WalletFreeze {
    type Output = Frozen;
    const SPEC: Spec = Spec {
        name: "wallet.freeze",
        title: "Freeze",
        description: "Stop new payments, approvals and everything not yet signed, until the owner unfreezes.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Frozen>, Failure> {
        let reason = freeze_reason(self.reason.as_deref());
        let (freeze, head) = context.engine.freeze(reason).await?;
        Ok(Outcome::Done(Frozen {
            frozen: true,
            reason: freeze.reason,
            changed_at: freeze.since_ms.to_string(),
            ledger_head: head.into(),
        }))
    }
}

/// The owner's words as they are kept: ones that do not fit must not keep a wallet from being stopped.
pub fn freeze_reason(words: Option<&str>) -> String {
    let words = words.map(|words| shortened(words, limits::REASON_BYTES));
    words.filter(|words| !words.is_empty()).unwrap_or_else(|| DEFAULT.to_owned())
}

const DEFAULT: &str = "frozen by operator";
