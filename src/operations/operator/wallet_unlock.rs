//! `wallet.unlock`: opens the keys of a wallet that runs locked. The unlock secret is its own proof.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::secret::Secret;

/// Unlock the wallet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletUnlock {
    /// The unlock secret `paywarden init` was given.
    #[schemars(with = "String")]
    secret: Secret,
}

/// The wallet signs again.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Unlocked {
    /// Always true.
    unlocked: bool,
}

impl Operation for WalletUnlock {
    type Output = Unlocked;
    const SPEC: Spec = Spec {
        name: "wallet.unlock",
        title: "Unlock",
        description: "Open the keys of a wallet that runs locked, until it is closed.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Unlocked>, Failure> {
        context.engine.unlock(self.secret).await?;
        Ok(Outcome::Done(Unlocked { unlocked: true }))
    }
}
