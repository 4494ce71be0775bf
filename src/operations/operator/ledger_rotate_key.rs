//! `ledger.rotate_key`: the ledger is signed by a new key from here on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Rotate the ledger's key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerRotateKey {}

/// The keys, old and new.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedKey {
    /// Id of the key that is retired.
    old_key_id: String,
    /// Id of the key in force.
    key_id: String,
    /// The key in force, SPKI PEM; public.
    ledger_key: String,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for LedgerRotateKey {
    type Output = RotatedKey;
    const SPEC: Spec = Spec {
        name: "ledger.rotate_key",
        title: "Rotate the ledger's key",
        description: "Make a new signing key for the ledger; the old one signs its last event, which names the new one.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<RotatedKey>, Failure> {
        let rotated = context.engine.rotate_ledger_key().await?;
        Ok(Outcome::Done(RotatedKey {
            old_key_id: rotated.old.id().to_string(),
            key_id: rotated.new.id().to_string(),
            ledger_key: rotated.new.to_pem(),
            ledger_head: rotated.head.into(),
        }))
    }
}
