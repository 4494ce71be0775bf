//! `acp.cancel_checkout`: gives up an open checkout.

use schemars::JsonSchema;
use serde::Deserialize;

use super::view::Checkout;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which checkout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelCheckout {
    /// As in acp_create_checkout.
    merchant_endpoint: String,
    /// Which checkout.
    session_id: String,
}

impl Operation for CancelCheckout {
    type Output = Checkout;
    const SPEC: Spec = Spec {
        name: "acp.cancel_checkout",
        title: "Give up a checkout",
        description: "Cancel an open checkout at its merchant. A completed one cannot be canceled.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "acp",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Checkout>, Failure> {
        let Self { merchant_endpoint, session_id } = self;
        let agent = context.caller.agent_id();
        let seen = context
            .engine
            .cancel_checkout(&merchant_endpoint, &session_id, agent, context.call_id)
            .await?;
        Ok(Outcome::Done(seen.into()))
    }
}
