//! Bodies as seeds/003 shows them, with its names for each endpoint (D1, D4).
//!
//! Every documented field is written; none that is not.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::web::number;
use super::state::{Knobs, Order};
use crate::money::Raw;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OrderBody {
    pub(super) price_amount: Box<RawValue>,
    pub(super) price_currency: Option<String>,
    pub(super) payin_currency: Option<String>,
    pub(super) invoice_id: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) success_url: Option<String>,
    pub(super) cancel_url: Option<String>,
    pub(super) payout_address: Option<String>,
    pub(super) payout_currency: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    success: bool,
    invoice_id: String,
    invoice_id_partner: Option<String>,
    payin_currency: Option<String>,
    payment_currency: String,
    payin_address: Option<String>,
    expected_amount_from: Option<Box<RawValue>>,
    /// Text here and a number elsewhere (D3).
    expected_payout_amount: String,
    expire_at: String,
    status: &'static str,
    payment_link: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    status: &'static str,
    invoice_id: String,
    invoice_id_partner: Option<String>,
    payin_currency: Option<String>,
    payment_currency: String,
    expected_amount_from: Option<Box<RawValue>>,
    expected_payout_amount: Option<Box<RawValue>>,
    expire_at: String,
    deposit_detected_at: Option<String>,
    completed_at: Option<String>,
    success_url: Option<String>,
    cancel_url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    invoice_id: String,
    invoice_partner_id: Option<String>,
    status: &'static str,
    payin_currency: Option<String>,
    payout_currency: String,
    expected_amount_from: Option<Box<RawValue>>,
    expected_payout_amount: Option<Box<RawValue>>,
    payout_amount: Option<Box<RawValue>>,
    payout_hash: Option<String>,
    created_at: String,
}

#[derive(Serialize)]
pub(super) struct Page {
    pub(super) invoices: Vec<Listed>,
    pub(super) total: usize,
    pub(super) page: usize,
    pub(super) pages: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Estimated {
    pub(super) expected_amount_from: Option<Box<RawValue>>,
    pub(super) payout_amount: Option<Box<RawValue>>,
    pub(super) payout_currency: String,
    pub(super) warning_high_fees: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook<'a> {
    invoice_partner_id: Option<&'a str>,
    invoice_id: &'a str,
    status: &'static str,
    expected_amount_from: Option<Box<RawValue>>,
    amount_from: Option<Box<RawValue>>,
    payout_amount: Option<Box<RawValue>>,
    payout_currency: String,
    payin_currency: Option<&'a str>,
    price_currency: &'a str,
    price_amount: &'a RawValue,
    payout_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_address: Option<&'a str>,
}

pub(super) fn created(id: &str, order: &Order, knobs: &Knobs) -> Created {
    let is_chosen = order.body.payin_currency.is_some();
    let address = knobs.address.clone().unwrap_or_else(|| order.account.to_string());
    Created {
        success: true,
        invoice_id: id.to_owned(),
        invoice_id_partner: order.body.invoice_id.clone(),
        payin_currency: order.body.payin_currency.clone(),
        payment_currency: payout_currency(&order.body),
        payin_address: is_chosen.then_some(address),
        expected_amount_from: expected(order, knobs).filter(|_| is_chosen),
        expected_payout_amount: order.due.to_xno(),
        expire_at: order.expires_at.to_string(),
        status: order.status,
        payment_link: format!("https://nanswap.com/pay/{id}"),
    }
}

pub(super) fn shown(id: &str, order: &Order, knobs: &Knobs) -> Shown {
    Shown {
        status: order.status,
        invoice_id: id.to_owned(),
        invoice_id_partner: order.body.invoice_id.clone(),
        payin_currency: order.body.payin_currency.clone(),
        payment_currency: payout_currency(&order.body),
        expected_amount_from: expected(order, knobs),
        expected_payout_amount: amount(order.due, knobs),
        expire_at: order.expires_at.to_string(),
        deposit_detected_at: order.detected_at.map(|at| at.to_string()),
        completed_at: order.completed_at.map(|at| at.to_string()),
        success_url: order.body.success_url.clone(),
        cancel_url: order.body.cancel_url.clone(),
    }
}

pub(super) fn listed(id: &str, order: &Order, knobs: &Knobs) -> Listed {
    Listed {
        invoice_id: id.to_owned(),
        invoice_partner_id: order.body.invoice_id.clone(),
        status: order.status,
        payin_currency: order.body.payin_currency.clone(),
        payout_currency: payout_currency(&order.body),
        expected_amount_from: expected(order, knobs),
        expected_payout_amount: amount(order.due, knobs),
        payout_amount: amount(order.due, knobs).filter(|_| order.completed_at.is_some()),
        payout_hash: order.payout_hash.clone(),
        created_at: order.created_at.to_string(),
    }
}

pub(super) fn webhook<'a>(id: &'a str, order: &'a Order, knobs: &'a Knobs) -> Webhook<'a> {
    let body = &order.body;
    let address = knobs.payout_address.as_deref().or(body.payout_address.as_deref());
    Webhook {
        invoice_partner_id: body.invoice_id.as_deref(),
        invoice_id: id,
        status: order.status,
        expected_amount_from: expected(order, knobs),
        amount_from: amount(order.paid, knobs),
        payout_amount: amount(order.due, knobs),
        payout_currency: payout_currency(body),
        payin_currency: body.payin_currency.as_deref(),
        price_currency: body.price_currency.as_deref().unwrap_or("XNO"),
        price_amount: &body.price_amount,
        payout_method: if body.payout_address.is_some() { "dynamic" } else { "internal" },
        payout_hash: order.payout_hash.as_deref(),
        payout_address: address,
    }
}

pub(super) fn payout_currency(body: &OrderBody) -> String {
    body.payout_currency.clone().unwrap_or_else(|| "XNO".to_owned())
}

pub(super) fn amount(raw: Raw, knobs: &Knobs) -> Option<Box<RawValue>> {
    number(&raw.to_xno(), knobs.is_text_amounts)
}

fn expected(order: &Order, knobs: &Knobs) -> Option<Box<RawValue>> {
    match &knobs.amount {
        Some(literal) => number(literal, false),
        None => amount(order.due, knobs),
    }
}
