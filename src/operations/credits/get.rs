//! `credits.get`: how many credits there are at ifenpay, and what more of them cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::upstream_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::providers::ifenpay::{Credits, Tier};

/// Credits and prices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditsGet {}

/// As seeds/001 has it: prices in XNO, as numbers. What is paid is read from their digits, never from these.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Listed {
    /// Credits left.
    credits: i32,
    /// XNO for 10 credits; the others likewise.
    current_credits_price_10: f64,
    current_credits_price_50: f64,
    current_credits_price_100: f64,
    current_credits_price_500: f64,
    current_credits_price_1000: f64,
    current_credits_price_5000: f64,
    current_credits_price_10000: f64,
    current_credits_price_50000: f64,
    current_credits_price_100000: f64,
}

impl Operation for CreditsGet {
    type Output = Listed;
    const SPEC: Spec = Spec {
        name: "credits.get",
        title: "Credits at ifenpay",
        description: "How many ifenpay credits this wallet has, and what 10 to 100000 more cost in XNO. Credits pay for payment requests made through ifenpay.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "credits",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Listed>, Failure> {
        let ifenpay = context.engine.services().ifenpay().await?;
        let credits = ifenpay.credits().await.map_err(|error| upstream_failure(&error))?;
        Ok(Outcome::Done(Listed::from(&credits)))
    }
}

impl From<&Credits> for Listed {
    fn from(found: &Credits) -> Self {
        let [ten, fifty, hundred, of_500, of_1000, of_5000, of_10000, of_50000, of_100000] =
            Tier::ALL.map(|tier| found.price(tier).to_xno().parse().unwrap_or(f64::MAX));
        Self {
            credits: found.credits,
            current_credits_price_10: ten,
            current_credits_price_50: fifty,
            current_credits_price_100: hundred,
            current_credits_price_500: of_500,
            current_credits_price_1000: of_1000,
            current_credits_price_5000: of_5000,
            current_credits_price_10000: of_10000,
            current_credits_price_50000: of_50000,
            current_credits_price_100000: of_100000,
        }
    }
}
