//! `check_payment`: how a payment would be decided now. It must never reserve or write anything.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::{LineItemIn, check_rail, claims};
use super::purchase::{Around, Asked, wish};
use crate::engine::{Amount, Checked, Order};
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, payee_account};
use crate::operations::{
    Access, AccountRef, AmountText, Audience, Context, LedgerHead, Operation, Outcome, Spec,
};
use crate::payment::PublishVia;
use crate::policy::Rail;

/// Check a payment without asking for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckPayment {
    /// As in request_payment.
    rail: String,
    /// As in request_payment.
    amount: AmountText,
    /// As in request_payment.
    currency: String,
    /// As in request_payment.
    payee_address: String,
    /// As in request_payment.
    #[serde(default)]
    payee_category: Option<String>,
    /// As in request_payment.
    #[serde(default)]
    #[schemars(with = "Vec<Map<String, Value>>")]
    line_items: Vec<LineItemIn>,
    /// As in request_payment.
    #[serde(default)]
    mandate_id: Option<String>,
    /// As in request_payment.
    #[serde(default)]
    method: Option<String>,
    /// As in request_payment.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// As in request_payment.
    #[serde(default)]
    body: Option<Value>,
}

/// What a seller asks now.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Asking {
    /// The price, in the currency's smallest unit.
    amount: String,
    /// Its currency.
    currency: String,
    /// On which network.
    network: String,
    /// In which asset.
    asset: String,
    /// To whom.
    pay_to: String,
}

/// How it would be decided.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// allow, needs_approval or deny.
    outcome: String,
    /// Stable code.
    reason_code: String,
    /// Why, in words.
    reason: String,
    /// What would pass, after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_pass: Option<String>,
    /// Every policy rule looked at, with the numbers compared.
    rules: Vec<String>,
    /// What would be left of each budget of the mandate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remaining: Vec<String>,
    /// The ledger's head when it was looked at.
    ledger_head: LedgerHead,
    /// What the seller asks now, for a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    seller_asks: Option<Asking>,
}

impl Operation for CheckPayment {
    type Output = Check;
    const SPEC: Spec = Spec {
        name: "check_payment",
        title: "Check a payment",
        description: "Dry run of request_payment: how the owner's policy and the mandate would decide now, with every rule, what is left, and what would pass. Reserves and pays nothing.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "guard",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Check>, Failure> {
        if let Ok(rail @ (Rail::Stripe | Rail::X402)) = self.rail.parse() {
            return self.ask_seller(rail, context).await.map(Outcome::Done);
        }
        check_rail(&self.rail, &self.currency)?;
        let claims = claims(self.payee_category, None, self.line_items)?;
        let order = Order {
            call_id: context.call_id,
            operation: Self::SPEC.name,
            agent_id: context.caller.agent_id().map(str::to_owned),
            destination: payee_account(&self.payee_address)?,
            label: None,
            amount: Amount::Exact(self.amount.raw()?),
            mandate_id: bounded("mandateId", self.mandate_id, limits::ID_BYTES)?,
            memo: None,
            account: AccountRef::resolve(None, &context.engine)?,
            idempotency_key: None,
            publish_via: PublishVia::Node,
            purpose: None,
        };
        // A dry run that says no has done what was asked of it.
        Ok(Outcome::Done(check(context.engine.check(&order, &claims)?)))
    }
}

impl CheckPayment {
    async fn ask_seller(self, rail: Rail, context: &Context) -> Result<Check, Failure> {
        let around = Around {
            amount: self.amount,
            currency: self.currency,
            payee_address: self.payee_address,
            payee_label: None,
            claims: claims(self.payee_category, None, self.line_items)?,
            memo: None,
            mandate_id: self.mandate_id,
            idempotency_key: None,
        };
        let asked = Asked { method: self.method, headers: self.headers, body: self.body };
        let wish = wish(rail, around, asked, <Self as Operation>::SPEC.name, context).await?;
        let (checked, request) = context.engine.check_purchase(&wish).await?;
        let seller_asks = request.terms.map(|terms| Asking {
            amount: request.amount.amount.to_string(),
            currency: request.amount.currency.to_string(),
            network: terms.network,
            asset: terms.asset,
            pay_to: terms.pay_to,
        });
        Ok(Check { seller_asks, ..check(checked) })
    }
}

fn check(checked: Checked) -> Check {
    Check {
        outcome: checked.outcome.as_str().to_owned(),
        reason_code: checked.reason_code.to_string(),
        reason: checked.reason,
        would_pass: checked.would_pass,
        rules: checked.rules.iter().map(ToString::to_string).collect(),
        remaining: checked.remaining,
        ledger_head: checked.head.into(),
        seller_asks: None,
    }
}
