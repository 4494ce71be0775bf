//! `ledger.head`: the head to note down elsewhere, and the public key to check it with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead as Head, Operation, Outcome, Spec};

/// The ledger's head and key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerHead {}

/// The ledger's head and key.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadAndKey {
    /// The ledger's head.
    ledger_head: Head,
    /// Id of the key that signs now.
    key_id: String,
    /// That key, SPKI PEM; public.
    ledger_key: String,
}

impl Operation for LedgerHead {
    type Output = HeadAndKey;
    const SPEC: Spec = Spec {
        name: "ledger.head",
        title: "Ledger head",
        description: "The ledger's last seq and hash, to be noted elsewhere, and the public key that signs it.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<HeadAndKey>, Failure> {
        let store = context.engine.store();
        let (head, key) = (store.head(), store.trusted_key());
        Ok(Outcome::Done(HeadAndKey {
            ledger_head: head.into(),
            key_id: key.id().to_string(),
            ledger_key: key.to_pem(),
        }))
    }
}
