//! `nanswap.get_order`: where an order stands.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::invoice;
use super::order::{OrderOut, shown};
use crate::engine::provider_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Where does an order stand?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NanswapGetOrder {
    /// Nanswap's id, or the link of its page.
    invoice_id: String,
}

impl Operation for NanswapGetOrder {
    type Output = OrderOut;
    const SPEC: Spec = Spec {
        name: "nanswap.get_order",
        title: "State of a Nanswap Pay order",
        description: "Where a Nanswap Pay order stands: waiting, processing (paid, not final), completed (only this counts as paid), underpaid, error. Takes Nanswap's own invoiceId or a nanswap.com/pay link, which is not opened.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<OrderOut>, Failure> {
        let id = invoice(&self.invoice_id)?;
        let engine = &context.engine;
        let nanswap = engine.services().nanswap().await?;
        let order = nanswap.get_order(&id).await.map_err(|error| provider_failure(&error))?;
        engine.note_nanswap_order(&id, &order.status).await?;
        let kept = engine.nanswap_order(&id)?;
        Ok(Outcome::Done(shown(&order, kept.as_ref())))
    }
}
