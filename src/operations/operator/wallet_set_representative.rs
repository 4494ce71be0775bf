//! `wallet.set_representative`: names who votes with an account's balance. Moves no money.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Changed;
use crate::failure::Failure;
use crate::operations::fields::payee_account;
use crate::operations::{
    Access, AccountRef, Audience, Context, LedgerHead, Operation, Outcome, Spec,
};

/// Name a new representative.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletSetRepresentative {
    /// Who is to vote: a nano_ or xrb_ address.
    representative: String,
    /// Address or index of one of this wallet's accounts; the first one when left out.
    #[serde(default)]
    account: Option<AccountRef>,
}

/// How far the change has come.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepresentativeSet {
    /// Whose.
    account: String,
    /// Who votes, or will.
    representative: String,
    /// Whether the network has confirmed it.
    confirmed: bool,
    /// The block that changes it; missing where nothing had to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_hash: Option<String>,
    /// The ledger's head.
    ledger_head: LedgerHead,
}

impl Operation for WalletSetRepresentative {
    type Output = RepresentativeSet;
    const SPEC: Spec = Spec {
        name: "wallet.set_representative",
        title: "Set representative",
        description: "Name who votes with an account's balance: one block that moves no money. Waits up to 45 s for confirmation.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<RepresentativeSet>, Failure> {
        let engine = &context.engine;
        let account = AccountRef::resolve(self.account.as_ref(), engine)?;
        let representative = payee_account(&self.representative)?;
        let changed = engine.change_representative(account, representative).await?;
        let (confirmed, block) = match changed {
            Changed::Already => (true, None),
            Changed::Done(hash) => (true, Some(hash)),
            Changed::Pending(hash) => (false, Some(hash)),
        };
        let set = RepresentativeSet {
            account: account.to_string(),
            representative: representative.to_string(),
            confirmed,
            block_hash: block.map(|hash| hash.to_string()),
            ledger_head: engine.store().head().into(),
        };
        Ok(if confirmed { Outcome::Done(set) } else { Outcome::Unknown(set) })
    }
}
