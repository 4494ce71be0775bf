//! `operator.backup`: what a backup holds besides the key files. Carries no secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::store_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, LedgerHead, Operation, Outcome, Spec};

/// What a backup holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorBackup {}

/// What a backup holds.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupFacts {
    /// The wallet's id.
    wallet_id: String,
    /// When this was asked, RFC 3339.
    at: String,
    /// Addresses, by index.
    accounts: Vec<String>,
    /// The policy in force.
    policy: Value,
    /// The ledger's head: proves later that the ledger was not cut.
    ledger_head: LedgerHead,
}

impl Operation for OperatorBackup {
    type Output = BackupFacts;
    const SPEC: Spec = Spec {
        name: "operator.backup",
        title: "Backup",
        description: "What a backup holds besides the key files: accounts, policy, ledger head.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<BackupFacts>, Failure> {
        let engine = &context.engine;
        let (wallet_id, policy) = engine.wallet_facts()?;
        let lanes = engine.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        Ok(Outcome::Done(BackupFacts {
            wallet_id,
            at: engine.clock().now().to_string(),
            accounts: lanes.iter().map(|lane| lane.account.to_string()).collect(),
            policy,
            ledger_head: engine.store().head().into(),
        }))
    }
}
