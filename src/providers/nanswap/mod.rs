//! Nanswap Pay (seeds/003): invoices in any currency, paid out to the merchant.
//!
//! The secret key goes only with the calls that need it. A webhook must never be believed before its signature is
//! checked, nor beyond the fields the signature covers.

mod canonical;
mod check;
mod client;
mod link;
mod new_order;
mod signature;
mod status;
mod types;
mod webhook;
mod wire;

pub use check::{NotPayable, Payable, check_order};
pub use client::{KEY_HEADER, Listed, Nanswap};
pub use link::{InvoiceLink, InvoiceLinkError};
pub use new_order::{NewOrder, OrderError, Price};
pub use signature::{SIGNATURE_HEADER, SignatureError, Verified, sign, verify};
pub use status::OrderStatus;
pub use types::{Currency, Estimate, Invoice, InvoicePage, Order};
pub use webhook::{Expected, Suspicion, Webhook};
