//! What the operations that write mandates, payees and merchants answer.

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::Written;
use crate::failure::Failure;
use crate::ids::ProposalId;
use crate::ledger::Head;
use crate::limits;
use crate::operations::LedgerHead;

/// A mandate as it was written.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MandateWritten {
    /// Its id.
    mandate_id: String,
    /// Which version this is.
    version: u32,
    /// active or revoked.
    status: &'static str,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl MandateWritten {
    /// In force.
    pub(super) fn active(written: Written) -> Self {
        Self::of(written, "active")
    }

    /// Taken back.
    pub(super) fn revoked(written: Written) -> Self {
        Self::of(written, "revoked")
    }

    fn of(written: Written, status: &'static str) -> Self {
        Self {
            mandate_id: written.mandate_id,
            version: written.version,
            status,
            ledger_head: written.head.into(),
        }
    }
}

/// An entry of the owner's tables.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryWritten {
    /// Canonical address of the payee, or the merchant's id.
    key: String,
    /// Whether it is there now.
    present: bool,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl EntryWritten {
    pub(super) fn new((key, head): (String, Head), present: bool) -> Self {
        Self { key, present, ledger_head: head.into() }
    }
}

/// The id of a draft.
///
/// # Errors
/// `INVALID_PROPOSAL_ID`.
pub(super) fn proposal_id(text: &str) -> Result<ProposalId, Failure> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
        Failure::invalid("INVALID_PROPOSAL_ID", format!("{shown:?} is no id of a proposed mandate"))
            .hint("`paywarden mandates list` shows what waits")
    })
}
