//! `funding.clear`: no card is paid with any more.

use schemars::JsonSchema;
use serde::Deserialize;

use super::funding_show::FundingOut;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Forget the card.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingClear {}

impl Operation for FundingClear {
    type Output = FundingOut;
    const SPEC: Spec = Spec {
        name: "funding.clear",
        title: "Forget the card",
        description: "Forget the card payments are made with; checkouts cannot be paid until another is set.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<FundingOut>, Failure> {
        context.engine.clear_funding().await?;
        Ok(Outcome::Done(FundingOut::of(None)))
    }
}
