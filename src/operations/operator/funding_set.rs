//! `funding.set`: the card payments are made with. Its id goes in and never comes out.

use schemars::JsonSchema;
use serde::Deserialize;

use super::funding_show::FundingOut;
use crate::engine::CardWords;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::rails::stripe::PaymentMethod;
use crate::secret::Secret;

/// A card to pay with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FundingSet {
    /// Its id at Stripe, `pm_...`.
    #[schemars(with = "String")]
    payment_method_id: Secret,
    /// Its brand, such as visa.
    #[serde(default)]
    brand: Option<String>,
    /// Its last four digits.
    #[serde(default)]
    last4: Option<String>,
    /// What you call it.
    #[serde(default)]
    label: Option<String>,
}

impl Operation for FundingSet {
    type Output = FundingOut;
    const SPEC: Spec = Spec {
        name: "funding.set",
        title: "Set the card",
        description: "Register the card at Stripe that payments are made with, in the place of any other.",
        audience: Audience::Operator,
        access: Access::Write,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<FundingOut>, Failure> {
        let text = std::str::from_utf8(self.payment_method_id.expose()).unwrap_or_default();
        let method: PaymentMethod =
            text.trim().parse().map_err(|error: crate::rails::stripe::IdError| {
                Failure::invalid("INVALID_PAYMENT_METHOD", error.to_string())
            })?;
        let is_last4 =
            |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        if self.last4.as_deref().is_some_and(|text| !is_last4(text)) {
            return Err(Failure::invalid("INVALID_LAST4", "last4 is four digits"));
        }
        let words = CardWords {
            brand: bounded("brand", self.brand, limits::LABEL_BYTES)?,
            last4: self.last4,
            label: bounded("label", self.label, limits::LABEL_BYTES)?,
        };
        context.engine.set_funding(&method, words).await?;
        Ok(Outcome::Done(FundingOut::of(context.engine.funding()?)))
    }
}
