//! `nanswap.estimate`: what a price comes to in another currency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ask::{id, price, price_currency};
use crate::engine::provider_failure;
use crate::failure::Failure;
use crate::operations::{Access, AmountText, Audience, Context, Operation, Outcome, Spec};

/// What would an order cost?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NanswapEstimate {
    /// What the payer pays with.
    payin_currency: String,
    /// The price, at most 15 digits.
    price_amount: AmountText,
    /// Default: the payout currency.
    #[serde(default)]
    price_currency: Option<String>,
    #[serde(default)]
    payout_currency: Option<String>,
}

/// What it would cost.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimated {
    expected_amount_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_currency: Option<String>,
    warning_high_fees: bool,
}

impl Operation for NanswapEstimate {
    type Output = Estimated;
    const SPEC: Spec = Spec {
        name: "nanswap.estimate",
        title: "Estimate a Nanswap Pay order",
        description: "What a Nanswap Pay order would cost the payer and bring the owner. An estimate binds nobody.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Estimated>, Failure> {
        let price = price(&self.price_amount)?;
        let missing = || Failure::invalid("INVALID_ID", "payinCurrency is empty");
        let payin = id("payinCurrency", Some(self.payin_currency))?.ok_or_else(missing)?;
        let payout = id("payoutCurrency", self.payout_currency)?;
        let nanswap = context.engine.services().nanswap().await?;
        let currency = price_currency(&nanswap, self.price_currency).await?;
        let asked = nanswap.estimate(&payin, &price, currency.as_ref(), payout.as_ref()).await;
        let estimate = asked.map_err(|error| provider_failure(&error))?;
        Ok(Outcome::Done(Estimated {
            expected_amount_from: estimate.expected_amount_from.to_string(),
            payout_amount: estimate.payout_amount.as_ref().map(ToString::to_string),
            payout_currency: estimate.payout_currency.as_ref().map(ToString::to_string),
            warning_high_fees: estimate.has_high_fees,
        }))
    }
}
