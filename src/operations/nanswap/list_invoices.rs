//! `nanswap.list_invoices`: the owner's invoices, page by page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::engine::provider_failure;
use crate::failure::Failure;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};
use crate::providers::nanswap::Invoice;

/// Which page?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NanswapListInvoices {
    /// From 1, newest first; default 1.
    #[serde(default)]
    page: Option<u32>,
}

/// One page.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Page {
    #[schemars(with = "Vec<Map<String, Value>>")]
    invoices: Vec<Value>,
    total: u64,
    page: u64,
    pages: u64,
}

impl Operation for NanswapListInvoices {
    type Output = Page;
    const SPEC: Spec = Spec {
        name: "nanswap.list_invoices",
        title: "List Nanswap Pay invoices",
        description: "The owner's invoices at Nanswap Pay, newest first, up to 20 a page, with status and payouts. New invoices move older ones to later pages.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "nanswap",
        open_world: true,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Page>, Failure> {
        let page = self.page.unwrap_or(1);
        if page == 0 {
            return Err(Failure::invalid("INVALID_PAGE", "page is 0; pages count from 1"));
        }
        let nanswap = context.engine.services().nanswap().await?;
        let found = nanswap.list_invoices(page).await.map_err(|error| provider_failure(&error))?;
        Ok(Outcome::Done(Page {
            invoices: found.invoices.iter().map(line).collect(),
            total: found.total,
            page: found.page,
            pages: found.pages,
        }))
    }
}

fn line(invoice: &Invoice) -> Value {
    let mut line = json!({
        "invoiceId": invoice.invoice_id,
        "invoicePartnerId": invoice.partner_id,
        "status": invoice.status.to_string(),
        "payinCurrency": invoice.payin_currency,
        "payoutCurrency": invoice.payout_currency,
        "expectedAmountFrom": invoice.expected_amount_from.as_ref().map(ToString::to_string),
        "expectedPayoutAmount": invoice.expected_payout_amount.as_ref().map(ToString::to_string),
        "payoutAmount": invoice.payout_amount.as_ref().map(ToString::to_string),
        "payoutHash": invoice.payout_hash,
        "createdAt": invoice.created_at.map(|at| at.to_string()),
    });
    if let Some(members) = line.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    line
}
