//! Nicky (seeds/002): payment requests of people, paid by whoever holds the link.
//!
//! Anonymous: no credential may ever be sent here. A pasted link is read and never fetched.

mod asset;
mod check;
mod client;
mod link;
mod outlook;
mod payer;
mod status;
mod types;
mod wire;

#[cfg(test)]
mod tests;

pub use asset::payable_assets;
pub use check::{NotPayable, Payable, check_attempt, check_request};
pub use client::{Found, Nicky};
pub use link::{LinkError, Reference, payment_request_url, profile_url};
pub use outlook::{Outlook, outlook, poll_after};
pub use payer::{Payer, PayerError};
pub use status::{AttemptStatus, ChainStatus, ReportStatus, RequestStatus};
pub use types::{Asset, Attempt, PaymentRequest, Progress, Receiver, RequestState, Transaction};
