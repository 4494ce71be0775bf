//! `wallet.unfreeze`: lets the wallet sign again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{
    Access, AccountRef, Audience, Context, LedgerHead, Operation, Outcome, Spec,
};

/// Unfreeze the wallet, or one account after an alarm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletUnfreeze {
    /// Address or index of an account that an alarm froze; the whole wallet when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// The wallet signs again.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfrozen {
    /// Always false.
    frozen: bool,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for WalletUnfreeze {
    type Output = Unfrozen;
    const SPEC: Spec = Spec {
        name: "wallet.unfreeze",
        title: "Unfreeze",
        description: "Let the wallet, or one account after an alarm, sign again.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Unfrozen>, Failure> {
        let engine = &context.engine;
        let head = match &self.account {
            Some(_) => {
                let account = AccountRef::resolve(self.account.as_ref(), engine)?;
                engine.unfreeze_lane(account).await?
            }
            None => engine.unfreeze().await?,
        };
        Ok(Outcome::Done(Unfrozen { frozen: false, ledger_head: head.into() }))
    }
}
