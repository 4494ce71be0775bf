//! `funding.show`: which card payments are made with, by brand and last digits. Its id must never be in an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::books::Funding;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which card.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingShow {}

/// The card, without its id.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FundingOut {
    /// Whether there is one.
    registered: bool,
    /// Its brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// Its last four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    last4: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Since when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

impl FundingOut {
    pub(super) fn of(funding: Option<Funding>) -> Self {
        let since = funding.as_ref().map(|funding| funding.since_ms.to_string());
        let source = funding.map(|funding| funding.source);
        let registered = source.is_some();
        let (brand, last4, label) =
            source.map_or((None, None, None), |source| (source.brand, source.last4, source.label));
        Self { registered, brand, last4, label, since }
    }
}

impl Operation for FundingShow {
    type Output = FundingOut;
    const SPEC: Spec = Spec {
        name: "funding.show",
        title: "The card",
        description: "Which card payments are made with: brand, last four digits and label.",
        audience: Audience::Operator,
        access: Access::Read,
        toolset: "operator",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<FundingOut>, Failure> {
        Ok(Outcome::Done(FundingOut::of(context.engine.funding()?)))
    }
}
