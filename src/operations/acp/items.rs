//! What an agent wants to buy, as it writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::CheckoutOrder;
use crate::operations::Context;
use crate::rails::acp::AskedItem;

/// One thing and how many of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct ItemIn {
    /// The merchant's item id.
    id: String,
    /// How many; 1 when left out.
    #[serde(default = "one")]
    quantity: u32,
    /// Expected price of one in minor units; another price is refused.
    #[serde(default)]
    unit_amount: Option<u64>,
}

/// The order for the engine.
pub(super) fn order(endpoint: String, items: Vec<ItemIn>, context: &Context) -> CheckoutOrder {
    let asked = |item: ItemIn| AskedItem {
        id: item.id,
        quantity: item.quantity,
        unit_amount: item.unit_amount,
    };
    CheckoutOrder {
        endpoint,
        items: items.into_iter().map(asked).collect(),
        agent_id: context.caller.agent_id().map(str::to_owned),
        call_id: context.call_id,
    }
}

fn one() -> u32 {
    1
}
