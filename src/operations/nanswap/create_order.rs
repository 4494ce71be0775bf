//! `nanswap.create_order`: an invoice of this wallet's owner, for somebody to pay.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ask::{id, price, price_currency};
use super::order::{OrderOut, shown};
use crate::books::NanswapOrder;
use crate::engine::provider_failure;
use crate::failure::Failure;
use crate::operations::{Access, AmountText, Audience, Context, Operation, Outcome, Spec};
use crate::providers::Opaque;
use crate::providers::nanswap::{NewOrder, Order, OrderError, Price};

/// Make an order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NanswapCreateOrder {
    /// The price, at most 15 digits.
    price_amount: AmountText,
    /// Of nanswap.fiat_currencies; default: the payout currency.
    #[serde(default)]
    price_currency: Option<String>,
    /// Of nanswap.payin_currencies, such as XNO; default: the payer chooses.
    #[serde(default)]
    payin_currency: Option<String>,
    /// Your own id for it: letters, digits, ., _ and -.
    #[serde(default)]
    invoice_id: Option<String>,
    /// Where Nanswap posts webhooks to.
    #[serde(default)]
    callback_url: Option<String>,
    #[serde(default)]
    success_url: Option<String>,
    #[serde(default)]
    cancel_url: Option<String>,
    /// Only with the payout method "dynamic".
    #[serde(default)]
    payout_address: Option<String>,
    /// XNO, NANUSD or USDT-MATIC.
    #[serde(default)]
    payout_currency: Option<String>,
}

impl Operation for NanswapCreateOrder {
    type Output = OrderOut;
    const SPEC: Spec = Spec {
        name: "nanswap.create_order",
        title: "Create a Nanswap Pay order",
        description: "Make an invoice at Nanswap Pay for somebody to pay, in XNO or other coins; paid out to the owner. Give the payer invoiceId, payinAddress and expectedAmountFrom, or paymentLink. Then nanswap_get_order.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<OrderOut>, Failure> {
        let engine = &context.engine;
        let price = price(&self.price_amount)?;
        let payin = id("payinCurrency", self.payin_currency)?;
        let payout_address = id("payoutAddress", self.payout_address)?;
        let payout_currency = id("payoutCurrency", self.payout_currency)?;
        let nanswap = engine.services().nanswap().await?;
        let price_currency = price_currency(&nanswap, self.price_currency).await?;
        let mut new = NewOrder::new(&price).map_err(|error| refused(&error))?;
        if let Some(currency) = price_currency.clone() {
            new = new.priced_in(currency);
        }
        if let Some(currency) = payin.clone() {
            new = new.paid_in(currency);
        }
        if let Some(partner_id) = &self.invoice_id {
            new = new.known_as(partner_id).map_err(|error| refused(&error))?;
        }
        let (callback, success, cancel) =
            (self.callback_url.as_deref(), self.success_url.as_deref(), self.cancel_url.as_deref());
        let new = new.leading_to(callback, success, cancel).map_err(|error| refused(&error))?;
        let new = new.paid_out_to(payout_address.clone(), payout_currency.clone());
        let made = nanswap.create_order(&new).await;
        let order = made.map_err(|error| provider_failure(&error))?;
        let asked = Asked { price, price_currency, payin, payout_address, payout_currency };
        let kept = asked.kept(&order, self.invoice_id, context.caller.agent_id());
        engine.keep_nanswap_order(kept).await?;
        Ok(Outcome::Done(shown(&order, None)))
    }
}

/// What was asked for, which webhooks must say again.
struct Asked {
    price: Price,
    price_currency: Option<Opaque>,
    payin: Option<Opaque>,
    payout_address: Option<Opaque>,
    payout_currency: Option<Opaque>,
}

impl Asked {
    fn kept(self, order: &Order, partner_id: Option<String>, agent: Option<&str>) -> NanswapOrder {
        let text = |id: Option<Opaque>| id.map(|id| id.to_string());
        NanswapOrder {
            invoice_id: order.invoice_id.to_string(),
            partner_id,
            price_amount: self.price.amount().to_string(),
            price_currency: text(self.price_currency),
            payin_currency: text(self.payin),
            payout_currency: text(self.payout_currency),
            payout_address: text(self.payout_address),
            payin_address: text(order.payin_address.clone()),
            expires_at_ms: order.expires_at,
            status: order.status.to_string(),
            agent_id: agent.map(str::to_owned),
            told: Vec::new(),
        }
    }
}

fn refused(error: &OrderError) -> Failure {
    Failure::invalid("INVALID_ORDER", error.to_string())
}
