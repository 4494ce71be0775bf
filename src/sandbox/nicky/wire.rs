//! Bodies as seeds/002 shows them.
//!
//! Every documented field is written; none that is not.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::web::number;
use super::state::{Bill, Knobs, PENDING, Try, USDT, XNO};
use crate::clock::Millis;
use crate::money::Raw;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StartBody {
    pub(super) payment_request_short_id: String,
    pub(super) asset_id: String,
    pub(super) payer_name: String,
    pub(super) payer_email: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReportBody {
    pub(super) payment_attempt_id: String,
    pub(super) transaction_hash: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestView {
    short_id: String,
    description: &'static str,
    invoice_reference: &'static str,
    total_amount: Option<Box<RawValue>>,
    open_amount: Option<Box<RawValue>>,
    native_asset_id: &'static str,
    status: &'static str,
    receiver_user: Person,
    available_assets: Vec<AssetView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: &'static str,
    email: Option<&'static str>,
    name: &'static str,
    public_name: &'static str,
    website_url: Option<&'static str>,
    bio: Option<&'static str>,
    country: &'static str,
    has_profile_picture: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssetView {
    id: &'static str,
    asset_name: &'static str,
    is_fiat: bool,
    #[serde(rename = "decimalPrecisionUI")]
    decimal_precision_ui: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttemptView {
    payment_attempt_id: String,
    wallet_address: String,
    memo: Option<String>,
    amount_to_send: Option<Box<RawValue>>,
    asset_id: String,
    asset_name: &'static str,
    payment_request_short_id: String,
    expires_at: String,
    created_at: String,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProgressView {
    payment_attempt_id: String,
    wallet_address: String,
    expected_amount: Option<Box<RawValue>>,
    asset_id: String,
    asset_name: &'static str,
    status: &'static str,
    is_paid: bool,
    created_at: String,
    expires_at: String,
    finished_at: Option<String>,
    payment_request: RequestPart,
    transactions: Vec<TransactionView>,
    suggested_transaction_hash: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestPart {
    id: &'static str,
    created_date: String,
    blockchain_asset_id: &'static str,
    amount_native: Option<Box<RawValue>>,
    requester: Option<()>,
    creator: Option<()>,
    status: &'static str,
    success_url: Option<()>,
    cancel_url: Option<()>,
    open_amount_native: Option<Box<RawValue>>,
    bill: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionView {
    transaction_hash: String,
    asset_id: String,
    receiver_address: String,
    created_date: String,
    blockchain_status: &'static str,
    payment_report_status: &'static str,
}

pub(super) fn request(id: String, bill: &Bill, in_flight: bool, knobs: &Knobs) -> RequestView {
    let asset =
        |id, asset_name| AssetView { id, asset_name, is_fiat: false, decimal_precision_ui: 6 };
    let mut available_assets = vec![asset(USDT, "USDT (Tron, TRC-20)")];
    if bill.accepts_xno {
        available_assets.push(asset(XNO, "Nano"));
    }
    RequestView {
        short_id: id,
        description: "Invoice for consulting work",
        invoice_reference: "INV-2026-0042",
        total_amount: amount(bill.total, knobs),
        open_amount: amount(open(bill, in_flight), knobs),
        native_asset_id: native(bill),
        status: bill.status,
        receiver_user: Person {
            id: "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
            email: None,
            name: "Alice Sandbox",
            public_name: "alice",
            website_url: None,
            bio: None,
            country: "NL",
            has_profile_picture: false,
        },
        available_assets,
    }
}

pub(super) fn attempt(id: String, attempt: &Try, bill: &Bill, knobs: &Knobs) -> AttemptView {
    let due = knobs.amount.as_deref().and_then(|literal| number(literal, false));
    AttemptView {
        payment_attempt_id: id,
        wallet_address: address(attempt, knobs),
        memo: knobs.memo.clone(),
        amount_to_send: due.or_else(|| amount(bill.total, knobs)),
        asset_id: attempt.asset.clone(),
        asset_name: asset_name(attempt),
        payment_request_short_id: attempt.request.clone(),
        expires_at: time(attempt.expires_at),
        created_at: time(attempt.created_at),
        status: attempt.status,
    }
}

pub(super) fn progress(id: String, attempt: &Try, bill: &Bill, knobs: &Knobs) -> ProgressView {
    let is_done = attempt.status == "Confirmed";
    let found = attempt.found.iter().map(|(hash, seen_at)| TransactionView {
        transaction_hash: hash.to_string(),
        asset_id: attempt.asset.clone(),
        receiver_address: address(attempt, knobs),
        created_date: time(*seen_at),
        blockchain_status: if is_done { "Finished" } else { "TxFound" },
        payment_report_status: if is_done { "Finished" } else { "WaitingForBlockchainCheck" },
    });
    ProgressView {
        payment_attempt_id: id,
        wallet_address: address(attempt, knobs),
        expected_amount: amount(bill.total, knobs),
        asset_id: attempt.asset.clone(),
        asset_name: asset_name(attempt),
        status: attempt.status,
        is_paid: bill.status == "Finished",
        created_at: time(attempt.created_at),
        expires_at: time(attempt.expires_at),
        finished_at: attempt.finished_at.map(time),
        payment_request: RequestPart {
            id: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
            created_date: time(bill.created_at),
            blockchain_asset_id: native(bill),
            amount_native: amount(bill.total, knobs),
            requester: None,
            creator: None,
            status: bill.status,
            success_url: None,
            cancel_url: None,
            open_amount_native: amount(open(bill, attempt.found.is_some()), knobs),
            bill: None,
        },
        transactions: found.collect(),
        suggested_transaction_hash: attempt.reported.clone(),
    }
}

fn native(bill: &Bill) -> &'static str {
    if bill.accepts_xno { XNO } else { USDT }
}

/// Nothing is open while a payment is in flight, although the request is still pending (C5).
fn open(bill: &Bill, in_flight: bool) -> Raw {
    if bill.status == PENDING && !in_flight { bill.total } else { Raw::ZERO }
}

fn address(attempt: &Try, knobs: &Knobs) -> String {
    match &knobs.address {
        Some(address) => address.clone(),
        None if attempt.asset == XNO => attempt.account.to_string(),
        None => "TXsandboxsandboxsandboxsandboxabc".to_owned(),
    }
}

fn asset_name(attempt: &Try) -> &'static str {
    if attempt.asset == XNO { "Nano" } else { "USDT (Tron, TRC-20)" }
}

/// Whole amounts with a point, as .NET writes a decimal.
fn amount(raw: Raw, knobs: &Knobs) -> Option<Box<RawValue>> {
    let text = raw.to_xno();
    let text = if text.contains('.') { text } else { format!("{text}.0") };
    number(&text, knobs.is_text_amounts)
}

fn time(at: Millis) -> String {
    at.to_string()
}
