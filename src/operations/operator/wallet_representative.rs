//! `wallet.representative`: who votes with an account's balance, as its verified head says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operations::{Access, AccountRef, Audience, Context, Operation, Outcome, Spec};

/// Who votes with an account's balance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletRepresentative {
    /// Address or index of one of this wallet's accounts; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// The representative in force.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Representative {
    /// Whose.
    account: String,
    /// Who votes; missing before the account's first block.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<String>,
}

impl Operation for WalletRepresentative {
    type Output = Representative;
    const SPEC: Spec = Spec {
        name: "wallet.representative",
        title: "Representative",
        description: "Who votes with an account's balance, read from its verified head.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Representative>, Failure> {
        let account = AccountRef::resolve(self.account.as_ref(), &context.engine)?;
        let representative = context.engine.representative(account).await?;
        Ok(Outcome::Done(Representative {
            account: account.to_string(),
            representative: representative.map(|voter| voter.to_string()),
        }))
    }
}
