//! Nanswap's answers as they are written, under every name a field has (D1 to D9).
//!
//! Unknown fields are passed over. This module must never let two names of one fact differ, nor take an answer for a
//! success that says it is none.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Currency, Estimate, Invoice, InvoicePage, Order, OrderStatus};
use crate::clock::Millis;
use crate::limits;
use crate::providers::one_of::{needed, one_of};
use crate::providers::opaque::optional;
use crate::providers::{Amount, Opaque, Said, read_time};

/// What tells a refusal inside a successful status (D12).
#[derive(Deserialize)]
pub(super) struct Envelope {
    success: Option<bool>,
    error: Option<Box<RawValue>>,
}

impl Envelope {
    pub(super) fn is_refusal(&self) -> bool {
        let is_something = |error: &RawValue| !matches!(error.get(), "false" | "\"\"");
        self.success == Some(false) || self.error.as_deref().is_some_and(is_something)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderWire {
    invoice_id: Opaque,
    #[serde(default, deserialize_with = "optional")]
    invoice_id_partner: Option<Opaque>,
    #[serde(default, deserialize_with = "optional")]
    invoice_partner_id: Option<Opaque>,
    status: OrderStatus,
    #[serde(default, deserialize_with = "optional")]
    payin_currency: Option<Opaque>,
    payment_currency: Option<Opaque>,
    payout_currency: Option<Opaque>,
    #[serde(default, deserialize_with = "optional")]
    payin_address: Option<Opaque>,
    expected_amount_from: Option<Amount>,
    expected_payout_amount: Option<Amount>,
    expire_at: Option<String>,
    deposit_detected_at: Option<String>,
    completed_at: Option<String>,
    payment_link: Option<Said>,
    success_url: Option<Said>,
    cancel_url: Option<Said>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EstimateWire {
    expected_amount_from: Amount,
    payout_amount: Option<Amount>,
    expected_payout_amount: Option<Amount>,
    payout_currency: Option<Opaque>,
    payment_currency: Option<Opaque>,
    warning_high_fees: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceWire {
    invoice_id: Opaque,
    #[serde(default, deserialize_with = "optional")]
    invoice_partner_id: Option<Opaque>,
    #[serde(default, deserialize_with = "optional")]
    invoice_id_partner: Option<Opaque>,
    status: OrderStatus,
    #[serde(default, deserialize_with = "optional")]
    payin_currency: Option<Opaque>,
    payout_currency: Option<Opaque>,
    payment_currency: Option<Opaque>,
    expected_amount_from: Option<Amount>,
    expected_payout_amount: Option<Amount>,
    payout_amount: Option<Amount>,
    payout_hash: Option<Said>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct InvoicePageWire {
    invoices: Vec<InvoiceWire>,
    total: Amount,
    page: Amount,
    pages: Amount,
}

#[derive(Deserialize)]
pub(super) struct CurrencyWire {
    name: Option<Said>,
    ticker: Option<Said>,
    network: Option<Said>,
}

impl CurrencyWire {
    pub(super) fn under(self, code: Opaque) -> Currency {
        Currency { code, name: self.name, ticker: self.ticker, network: self.network }
    }
}

impl TryFrom<OrderWire> for Order {
    type Error = String;

    fn try_from(wire: OrderWire) -> Result<Self, String> {
        Ok(Self {
            invoice_id: wire.invoice_id,
            partner_id: partner_id(wire.invoice_id_partner, wire.invoice_partner_id)?,
            status: wire.status,
            payin_currency: wire.payin_currency,
            payout_currency: payout_currency(wire.payment_currency, wire.payout_currency)?,
            payin_address: wire.payin_address,
            expected_amount_from: wire.expected_amount_from,
            expected_payout_amount: wire.expected_payout_amount,
            expires_at: time("expireAt", wire.expire_at)?,
            deposit_detected_at: time("depositDetectedAt", wire.deposit_detected_at)?,
            completed_at: time("completedAt", wire.completed_at)?,
            payment_link: wire.payment_link,
            success_url: wire.success_url,
            cancel_url: wire.cancel_url,
        })
    }
}

impl TryFrom<EstimateWire> for Estimate {
    type Error = String;

    fn try_from(wire: EstimateWire) -> Result<Self, String> {
        let amounts = [wire.payout_amount, wire.expected_payout_amount];
        Ok(Self {
            expected_amount_from: wire.expected_amount_from,
            payout_amount: one_of(["payoutAmount", "expectedPayoutAmount"], amounts)?,
            payout_currency: payout_currency(wire.payment_currency, wire.payout_currency)?,
            has_high_fees: wire.warning_high_fees.unwrap_or(false),
        })
    }
}

impl TryFrom<InvoiceWire> for Invoice {
    type Error = String;

    fn try_from(wire: InvoiceWire) -> Result<Self, String> {
        Ok(Self {
            invoice_id: wire.invoice_id,
            partner_id: partner_id(wire.invoice_id_partner, wire.invoice_partner_id)?,
            status: wire.status,
            payin_currency: wire.payin_currency,
            payout_currency: payout_currency(wire.payment_currency, wire.payout_currency)?,
            expected_amount_from: wire.expected_amount_from,
            expected_payout_amount: wire.expected_payout_amount,
            payout_amount: wire.payout_amount,
            payout_hash: wire.payout_hash,
            created_at: time("createdAt", wire.created_at)?,
        })
    }
}

impl TryFrom<InvoicePageWire> for InvoicePage {
    type Error = String;

    fn try_from(wire: InvoicePageWire) -> Result<Self, String> {
        let found = wire.invoices.len();
        if found > limits::PAGE_MAX as usize {
            return Err(format!("{found} invoices on a page"));
        }
        Ok(Self {
            invoices: wire.invoices.into_iter().map(Invoice::try_from).collect::<Result<_, _>>()?,
            total: count("total", &wire.total)?,
            page: count("page", &wire.page)?,
            pages: count("pages", &wire.pages)?,
        })
    }
}

fn partner_id(a: Option<Opaque>, b: Option<Opaque>) -> Result<Option<Opaque>, String> {
    one_of(["invoiceIdPartner", "invoicePartnerId"], [a, b])
}

fn payout_currency(
    payment: Option<Opaque>,
    payout: Option<Opaque>,
) -> Result<Option<Opaque>, String> {
    one_of(["paymentCurrency", "payoutCurrency"], [payment, payout])
}

/// A count, as a number or as text.
fn count(name: &str, amount: &Amount) -> Result<u64, String> {
    needed([name], [amount.to_string().parse().ok()])
}

fn time(name: &str, text: Option<String>) -> Result<Option<Millis>, String> {
    text.map(|text| read_time(&text).ok_or_else(|| format!("{name} is no time"))).transpose()
}
