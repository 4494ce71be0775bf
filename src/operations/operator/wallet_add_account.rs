//! `wallet.add_account`: puts the next account in use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// Put the next account in use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletAddAccount {}

/// The new account.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    /// Derivation index.
    index: u32,
    /// Its address.
    address: String,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for WalletAddAccount {
    type Output = Added;
    const SPEC: Spec = Spec {
        name: "wallet.add_account",
        title: "Add an account",
        description: "Put the next account of the wallet in use; it receives and can be paid from at once.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Added>, Failure> {
        let (index, account, head) = context.engine.add_account().await?;
        let (address, ledger_head) = (account.to_string(), head.into());
        Ok(Outcome::Done(Added { index, address, ledger_head }))
    }
}
