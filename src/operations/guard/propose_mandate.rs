//! `propose_mandate`: an agent drafts a mandate. It must never have an effect before the owner grants it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, mandate, mandate_body};
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Propose a mandate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeMandate {
    /// The draft: id, cap {amount in integer smallest units as text, currency}; optional perTxnCap, perItemCap, window
    /// {cap, durationMs, maxCount}, caps [{cap, ...}], rails, allowedPayees, allowedCategories, blockedCategories,
    /// allowedMerchants, allowedMerchantDomains, expiresAt (RFC 3339), allowedHours {from, to, timeZone, days}.
    mandate: Map<String, Value>,
    /// Why, for the owner.
    #[serde(default)]
    note: Option<String>,
}

/// A draft that waits.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposed {
    /// The draft's id.
    proposal_id: String,
    /// Always "proposed".
    status: String,
    /// One sentence for a person.
    summary: String,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for ProposeMandate {
    type Output = Proposed;
    const SPEC: Spec = Spec {
        name: "propose_mandate",
        title: "Propose a mandate",
        description: "Draft a mandate (a budget with rules) for the owner to grant. It has no effect until then: pay under it only once list_mandates shows it as active.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "guard",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Proposed>, Failure> {
        let agent = context.caller.agent_id().map(str::to_owned);
        let mut body = mandate_body(self.mandate)?;
        body.agent_id = body.agent_id.or_else(|| agent.clone());
        let note = bounded("note", self.note, limits::MEMO_BYTES)?;
        let proposed = context.engine.propose_mandate(mandate(body)?, agent, note).await?;
        let (id, head) = proposed;
        Ok(Outcome::Done(Proposed {
            proposal_id: id.to_string(),
            status: "proposed".to_owned(),
            summary: format!(
                "Proposed; it has no effect yet. The owner answers with `paywarden mandates grant {id}` or `... reject {id}`."
            ),
            ledger_head: head.into(),
        }))
    }
}
