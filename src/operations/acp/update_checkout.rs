//! `acp.update_checkout`: changes what a checkout holds. It pays nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::items::{ItemIn, order};
use super::view::Checkout;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A checkout's new content.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateCheckout {
    /// As in acp_create_checkout.
    merchant_endpoint: String,
    /// Which checkout.
    session_id: String,
    /// All it is to hold from now on.
    items: Vec<ItemIn>,
}

impl Operation for UpdateCheckout {
    type Output = Checkout;
    const SPEC: Spec = Spec {
        name: "acp.update_checkout",
        title: "Change a checkout",
        description: "Replace what an open checkout holds. An approval that was given for the old cart is void for the new one.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "acp",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Checkout>, Failure> {
        let order = order(self.merchant_endpoint, self.items, context);
        let seen = context.engine.change_checkout(order, &self.session_id).await?;
        Ok(Outcome::Done(seen.into()))
    }
}
