//! `wallet.survey`: what the network holds that the books do not. Changes nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::wallet_reconcile::{Reconciled, reconciled};
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Compare the books with the network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletSurvey {}

impl Operation for WalletSurvey {
    type Output = Reconciled;
    const SPEC: Spec = Spec {
        name: "wallet.survey",
        title: "Survey",
        description: "Compare every account with the network and list blocks this wallet does not know, with the acknowledgement that wallet.reconcile takes.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Reconciled>, Failure> {
        let survey = context.engine.survey().await?;
        let head = context.engine.store().head();
        Ok(Outcome::Done(reconciled(&survey, false, head.into())))
    }
}
