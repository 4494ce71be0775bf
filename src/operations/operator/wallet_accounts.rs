//! `wallet.accounts`: every account of the wallet.

use futures_util::stream::{self, StreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::Lane;
use crate::engine::{Engine, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// List the accounts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletAccounts {}

/// The accounts.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Accounts {
    /// By index.
    accounts: Vec<Account>,
}

/// One account.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub struct Account {
    /// Derivation index; imported keys have numbers from 2147483648 on.
    index: u32,
    /// Its address.
    address: String,
    /// Confirmed balance on the books, in XNO.
    balance: String,
    /// The same in raw.
    balance_raw: String,
    /// Whether it signs nothing more until the owner has looked.
    frozen: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Who votes with its balance, as the node says; nothing for an account without a block, or a silent node.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<String>,
}

impl Operation for WalletAccounts {
    type Output = Accounts;
    const SPEC: Spec = Spec {
        name: "wallet.accounts",
        title: "Accounts",
        description: "Every account of the wallet: index, address, balance, freeze, representative.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Accounts>, Failure> {
        let engine = &*context.engine;
        let lanes = engine.store().read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        let looks = lanes.into_iter().map(|lane| account(engine, lane));
        let accounts = stream::iter(looks).buffered(limits::ACCOUNT_LOOKS).collect().await;
        Ok(Outcome::Done(Accounts { accounts }))
    }
}

async fn account(engine: &Engine, lane: Lane) -> Account {
    let info = match lane.head.is_zero() {
        true => None,
        false => engine.node().account_info(lane.account).await.ok().flatten(),
    };
    Account {
        index: lane.index,
        address: lane.account.to_string(),
        balance: lane.balance.to_xno(),
        balance_raw: lane.balance.to_string(),
        frozen: lane.frozen.is_some(),
        reason: lane.frozen,
        representative: info.map(|info| info.representative.to_string()),
    }
}
