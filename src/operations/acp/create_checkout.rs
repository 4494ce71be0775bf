//! `acp.create_checkout`: opens a checkout at a merchant. It pays nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::items::{ItemIn, order};
use super::view::Checkout;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::bounded;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// A checkout to be opened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCheckout {
    /// URL of the merchant's checkout API; `sandbox` for the sandbox's own merchant.
    merchant_endpoint: String,
    /// Such as USD.
    currency: String,
    /// What to buy.
    items: Vec<ItemIn>,
    /// Where the merchant writes to; the user's, never an invented one.
    #[serde(default)]
    buyer_email: Option<String>,
}

impl Operation for CreateCheckout {
    type Output = Checkout;
    const SPEC: Spec = Spec {
        name: "acp.create_checkout",
        title: "Open a checkout",
        description: "Open a checkout at a merchant that speaks the Agentic Commerce Protocol, by item ids and quantities. Pays nothing: check the cart, then use pay_checkout. On the sandbox the endpoint `sandbox` sells bread, milk, soap, beer and wine.",
        audience: Audience::Agent,
        access: Access::Write,
        toolset: "acp",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Checkout>, Failure> {
        let email = buyer_email(self.buyer_email)?;
        let order = order(self.merchant_endpoint, self.items, context);
        let seen = context.engine.open_checkout(order, &self.currency, email.as_deref()).await?;
        Ok(Outcome::Done(seen.into()))
    }
}

fn buyer_email(text: Option<String>) -> Result<Option<String>, Failure> {
    let email = bounded("buyerEmail", text, limits::EMAIL_BYTES)?;
    let is_address = |email: &str| {
        let parts = email.split_once('@');
        let is_visible = email.bytes().all(|byte| byte.is_ascii_graphic());
        is_visible
            && parts.is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !host.contains('@')
            })
    };
    match email {
        Some(email) if !is_address(&email) => {
            Err(Failure::invalid("INVALID_EMAIL", "buyerEmail is no e-mail address"))
        }
        email => Ok(email),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_and_bounded() {
        let read = |text: &str| buyer_email(Some(text.to_owned()));
        assert_eq!(read("b@example.com").unwrap().as_deref(), Some("b@example.com"));
        assert_eq!(buyer_email(None).unwrap(), None);
        let longest = format!("{}@example.com", "x".repeat(limits::EMAIL_BYTES - 12));
        assert!(read(&longest).is_ok());
        let too_long = format!("x{longest}");
        assert_eq!(read("").unwrap(), None, "left out");
        for bad in ["b", "b@", "@example.com", "b@localhost", "a@b@c.d", "a b@c.d", &too_long] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
