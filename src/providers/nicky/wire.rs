//! Nicky's answers as they are written, under every name a field has had (C4).
//!
//! Unknown fields are passed over. This module must never let two names of one fact differ.

use serde::{Deserialize, Serialize};

use super::{
    Asset, Attempt, AttemptStatus, ChainStatus, PaymentRequest, Progress, Receiver, ReportStatus,
    RequestState, RequestStatus, Transaction,
};
use crate::clock::Millis;
use crate::limits;
use crate::providers::one_of::{needed, one_of};
use crate::providers::opaque::optional;
use crate::providers::{Amount, Opaque, Said, read_time};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartBody<'a> {
    pub(super) payment_request_short_id: &'a str,
    pub(super) asset_id: &'a str,
    pub(super) payer_name: &'a str,
    pub(super) payer_email: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportBody<'a> {
    pub(super) payment_attempt_id: &'a str,
    pub(super) transaction_hash: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestWire {
    short_id: Opaque,
    description: Option<Said>,
    invoice_reference: Option<Said>,
    total_amount: Option<Amount>,
    open_amount: Option<Amount>,
    remaining_amount: Option<Amount>,
    native_asset_id: Option<Opaque>,
    currency: Option<Opaque>,
    status: RequestStatus,
    receiver_user: Option<ReceiverWire>,
    available_assets: Option<Vec<AssetWire>>,
    accepted_assets: Option<Vec<AssetWire>>,
    payer_info_required: Option<PayerInfoWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiverWire {
    id: Option<Said>,
    email: Option<Said>,
    name: Option<Said>,
    public_name: Option<Said>,
    website_url: Option<Said>,
    bio: Option<Said>,
    country: Option<Said>,
    has_profile_picture: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssetWire {
    id: Option<Opaque>,
    asset_id: Option<Opaque>,
    asset_name: Option<Said>,
    asset_display_name: Option<Said>,
    is_fiat: Option<bool>,
    #[serde(rename = "decimalPrecisionUI")]
    decimal_precision_ui: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PayerInfoWire {
    name_required: Option<bool>,
    email_required: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttemptWire {
    payment_attempt_id: Opaque,
    wallet_address: Opaque,
    memo: Option<Said>,
    amount_to_send: Option<Amount>,
    amount: Option<Amount>,
    asset_id: Opaque,
    asset_name: Option<Said>,
    payment_request_short_id: Opaque,
    expires_at: String,
    created_at: Option<String>,
    status: AttemptStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProgressWire {
    payment_attempt_id: Opaque,
    wallet_address: Opaque,
    expected_amount: Amount,
    asset_id: Opaque,
    asset_name: Option<Said>,
    status: AttemptStatus,
    is_paid: bool,
    created_at: Option<String>,
    expires_at: Option<String>,
    finished_at: Option<String>,
    payment_request: Option<RequestStateWire>,
    transactions: Option<Vec<TransactionWire>>,
    #[serde(default, deserialize_with = "optional")]
    suggested_transaction_hash: Option<Opaque>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestStateWire {
    status: Option<RequestStatus>,
    open_amount_native: Option<Amount>,
    amount_native: Option<Amount>,
    success_url: Option<Said>,
    cancel_url: Option<Said>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransactionWire {
    transaction_hash: Opaque,
    asset_id: Option<Opaque>,
    receiver_address: Option<Opaque>,
    created_date: Option<String>,
    blockchain_status: Option<ChainStatus>,
    payment_report_status: Option<ReportStatus>,
}

impl TryFrom<RequestWire> for PaymentRequest {
    type Error = String;

    fn try_from(wire: RequestWire) -> Result<Self, String> {
        let read = |assets: Vec<AssetWire>| {
            let assets = bounded(assets, "assets")?;
            assets.into_iter().map(Asset::try_from).collect::<Result<Vec<_>, _>>()
        };
        let available = wire.available_assets.map(read).transpose()?;
        let accepted = wire.accepted_assets.map(read).transpose()?;
        let payer_info = wire.payer_info_required;
        let assets = one_of(["availableAssets", "acceptedAssets"], [available, accepted])?;
        Ok(Self {
            short_id: wire.short_id,
            description: wire.description,
            invoice_reference: wire.invoice_reference,
            total_amount: wire.total_amount,
            open_amount: needed(
                ["openAmount", "remainingAmount"],
                [wire.open_amount, wire.remaining_amount],
            )?,
            native_asset_id: needed(
                ["nativeAssetId", "currency"],
                [wire.native_asset_id, wire.currency],
            )?,
            status: wire.status,
            receiver: wire.receiver_user.map(Receiver::from),
            assets: assets.unwrap_or_default(),
            is_name_required: payer_info.as_ref().and_then(|info| info.name_required)
                != Some(false),
            is_email_required: payer_info.and_then(|info| info.email_required) != Some(false),
        })
    }
}

impl From<ReceiverWire> for Receiver {
    fn from(wire: ReceiverWire) -> Self {
        Self {
            id: wire.id,
            email: wire.email,
            name: wire.name,
            public_name: wire.public_name,
            website_url: wire.website_url,
            bio: wire.bio,
            country: wire.country,
            has_profile_picture: wire.has_profile_picture.unwrap_or(false),
        }
    }
}

impl TryFrom<AssetWire> for Asset {
    type Error = String;

    fn try_from(wire: AssetWire) -> Result<Self, String> {
        let names = [wire.asset_name, wire.asset_display_name];
        Ok(Self {
            id: needed(["id", "assetId"], [wire.id, wire.asset_id])?,
            name: one_of(["assetName", "assetDisplayName"], names)?,
            is_fiat: wire.is_fiat.unwrap_or(false),
            decimals_shown: wire
                .decimal_precision_ui
                .and_then(|decimals| decimals.to_string().parse().ok()),
        })
    }
}

impl TryFrom<AttemptWire> for Attempt {
    type Error = String;

    fn try_from(wire: AttemptWire) -> Result<Self, String> {
        let amounts = [wire.amount_to_send, wire.amount];
        Ok(Self {
            id: wire.payment_attempt_id,
            wallet_address: wire.wallet_address,
            memo: wire.memo,
            amount_to_send: needed(["amountToSend", "amount"], amounts)?,
            asset_id: wire.asset_id,
            asset_name: wire.asset_name,
            request_short_id: wire.payment_request_short_id,
            expires_at: read_time(&wire.expires_at).ok_or("expiresAt is no time")?,
            created_at: optional_time("createdAt", wire.created_at)?,
            status: wire.status,
        })
    }
}

impl TryFrom<ProgressWire> for Progress {
    type Error = String;

    fn try_from(wire: ProgressWire) -> Result<Self, String> {
        let transactions = bounded(wire.transactions.unwrap_or_default(), "transactions")?;
        Ok(Self {
            attempt_id: wire.payment_attempt_id,
            wallet_address: wire.wallet_address,
            expected_amount: wire.expected_amount,
            asset_id: wire.asset_id,
            asset_name: wire.asset_name,
            status: wire.status,
            is_paid: wire.is_paid,
            created_at: optional_time("createdAt", wire.created_at)?,
            expires_at: optional_time("expiresAt", wire.expires_at)?,
            finished_at: optional_time("finishedAt", wire.finished_at)?,
            request: wire.payment_request.map(|request| RequestState {
                status: request.status,
                open_amount: request.open_amount_native,
                amount: request.amount_native,
                success_url: request.success_url,
                cancel_url: request.cancel_url,
            }),
            transactions: transactions
                .into_iter()
                .map(Transaction::try_from)
                .collect::<Result<_, _>>()?,
            suggested_hash: wire.suggested_transaction_hash,
        })
    }
}

impl TryFrom<TransactionWire> for Transaction {
    type Error = String;

    fn try_from(wire: TransactionWire) -> Result<Self, String> {
        Ok(Self {
            hash: wire.transaction_hash,
            asset_id: wire.asset_id,
            receiver_address: wire.receiver_address,
            created_at: optional_time("createdDate", wire.created_date)?,
            chain_status: wire.blockchain_status,
            report_status: wire.payment_report_status,
        })
    }
}

fn bounded<T>(list: Vec<T>, name: &str) -> Result<Vec<T>, String> {
    let (found, most) = (list.len(), limits::NICKY_LIST);
    if found > most { Err(format!("{found} {name}, at most {most} are read")) } else { Ok(list) }
}

fn optional_time(name: &str, text: Option<String>) -> Result<Option<Millis>, String> {
    text.map(|text| read_time(&text).ok_or_else(|| format!("{name} is no time"))).transpose()
}
