//! `acp.checkout_status`: looks at a checkout. It changes nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::view::Checkout;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which checkout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckoutStatus {
    /// As in acp_create_checkout.
    merchant_endpoint: String,
    /// Which checkout.
    session_id: String,
}

impl Operation for CheckoutStatus {
    type Output = Checkout;
    const SPEC: Spec = Spec {
        name: "acp.checkout_status",
        title: "Look at a checkout",
        description: "Fetch a checkout from its merchant: status, cart, total, whether it is what was asked for and whether it can be paid, and the order once it is completed.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "acp",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Checkout>, Failure> {
        let Self { merchant_endpoint, session_id } = self;
        let agent = context.caller.agent_id();
        let seen = context
            .engine
            .look_at_checkout(&merchant_endpoint, &session_id, agent, context.call_id)
            .await?;
        Ok(Outcome::Done(seen.into()))
    }
}
