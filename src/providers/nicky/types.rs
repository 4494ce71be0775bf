//! What Nicky says, once it has been checked.
//!
//! Plain data: nothing here may be made from an answer that contradicts itself.

use super::{AttemptStatus, ChainStatus, ReportStatus, RequestStatus};
use crate::clock::Millis;
use crate::providers::{Amount, Opaque, Said};

/// A payment request (seeds/002, get payment request).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PaymentRequest {
    /// Its id.
    pub short_id: Opaque,
    /// What it is for, in the receiver's words.
    pub description: Option<Said>,
    /// The receiver's reference.
    pub invoice_reference: Option<Said>,
    /// What is asked, in the native asset.
    pub total_amount: Option<Amount>,
    /// What of it is not paid yet, in the native asset.
    pub open_amount: Amount,
    /// The asset it was asked in.
    pub native_asset_id: Opaque,
    /// Whether it can be paid.
    pub status: RequestStatus,
    /// Who is paid.
    pub receiver: Option<Receiver>,
    /// Every asset the receiver accepts.
    pub assets: Vec<Asset>,
    /// Whether a payer's name is needed.
    pub is_name_required: bool,
    /// Whether a payer's e-mail address is needed.
    pub is_email_required: bool,
}

/// Who is paid; every word is theirs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Receiver {
    /// Their id at Nicky.
    pub id: Option<Said>,
    /// E-mail address.
    pub email: Option<Said>,
    /// Name.
    pub name: Option<Said>,
    /// Nick.
    pub public_name: Option<Said>,
    /// Web site.
    pub website_url: Option<Said>,
    /// About themselves.
    pub bio: Option<Said>,
    /// Country code.
    pub country: Option<Said>,
    /// Whether Nicky has a picture of them.
    pub has_profile_picture: bool,
}

/// One asset that is accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asset {
    /// Opaque; sent back as it came.
    pub id: Opaque,
    /// For people.
    pub name: Option<Said>,
    /// Money of a state, which no wallet sends.
    pub is_fiat: bool,
    /// Decimals for display; amounts are never rounded by it.
    pub decimals_shown: Option<u32>,
}

/// A started attempt to pay (seeds/002, start payment).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// Its id.
    pub id: Opaque,
    /// Where money goes; not checked yet.
    pub wallet_address: Opaque,
    /// A destination tag, if the network has such.
    pub memo: Option<Said>,
    /// Exactly what is to be sent.
    pub amount_to_send: Amount,
    /// In which asset.
    pub asset_id: Opaque,
    /// For people.
    pub asset_name: Option<Said>,
    /// For which request.
    pub request_short_id: Opaque,
    /// Until when.
    pub expires_at: Millis,
    /// Since when.
    pub created_at: Option<Millis>,
    /// Its state.
    pub status: AttemptStatus,
}

/// How far an attempt is (seeds/002, payment progress).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Which attempt.
    pub attempt_id: Opaque,
    /// Where money was expected.
    pub wallet_address: Opaque,
    /// How much.
    pub expected_amount: Amount,
    /// In which asset.
    pub asset_id: Opaque,
    /// For people.
    pub asset_name: Option<Said>,
    /// State of the attempt.
    pub status: AttemptStatus,
    /// Whether the whole request is settled, by whomever.
    pub is_paid: bool,
    /// Since when.
    pub created_at: Option<Millis>,
    /// Until when.
    pub expires_at: Option<Millis>,
    /// When it was confirmed.
    pub finished_at: Option<Millis>,
    /// State of the request.
    pub request: Option<RequestState>,
    /// What was found on the chain.
    pub transactions: Vec<Transaction>,
    /// The hash that was reported.
    pub suggested_hash: Option<Opaque>,
}

/// The request inside of a progress.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestState {
    /// Its state.
    pub status: Option<RequestStatus>,
    /// What is not paid yet; 0 while a payment is in flight (C5).
    pub open_amount: Option<Amount>,
    /// What is asked.
    pub amount: Option<Amount>,
    /// Where a browser goes after success; never fetched.
    pub success_url: Option<Said>,
    /// Where a browser goes after cancelling; never fetched.
    pub cancel_url: Option<Said>,
}

/// A transaction Nicky knows of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transaction {
    /// Its hash.
    pub hash: Opaque,
    /// In which asset.
    pub asset_id: Option<Opaque>,
    /// To whom.
    pub receiver_address: Option<Opaque>,
    /// When it was found.
    pub created_at: Option<Millis>,
    /// State on the chain.
    pub chain_status: Option<ChainStatus>,
    /// State at Nicky.
    pub report_status: Option<ReportStatus>,
}
