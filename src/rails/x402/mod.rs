//! Paying for what an HTTP 402 asks (x402, versions 1 and 2): reading the demand, choosing what to pay, and the header
//! that pays.
//!
//! All but `client` and `chain` is pure: no clock, no I/O. Nothing here may sign, decide to pay, take a token's name, version or
//! decimals from a seller, or believe a receipt. What a seller wrote is echoed as it stands, never rewritten.
//!
//! ```text
//! asked    what a 402 says                  offer     one entry of it, checked against what is wanted
//! assets   the tokens that may be paid      choose    the one entry that is paid
//! payload  what was signed, as x402 has it  header    the header that pays
//! receipt  what a seller says it did        unpayable why nothing is paid
//! request  what an agent wants              client    asks, and pays
//! chain    what became of an authorisation
//! ```

mod asked;
mod assets;
mod chain;
mod choose;
mod client;
mod header;
mod json;
mod networks;
mod offer;
mod payload;
mod receipt;
mod request;
mod unpayable;

pub use asked::{Asked, DemandError, Version, read_demand};
pub use assets::{AssetError, AssetRow, Assets, Token};
pub use chain::{ChainClient, ChainError};
pub use choose::{choose, offers};
pub use client::{Answer, AskError, Presented, Response, SellerClient};
pub use header::{HeaderError, PaymentHeader, payment_header};
pub use networks::{is_chain_name, nano_network};
pub use offer::{Means, Offer, Scheme, Terms, Wanted, WorkBy};
pub use payload::{Payload, PayloadError, authorization, evm_payload, nano_payload};
pub use receipt::{Receipt, read_receipt};
pub use request::{RequestError, ResourceRequest};
pub use unpayable::Unpayable;

/// The header of version 2 in which a seller asks.
pub const PAYMENT_REQUIRED: &str = "payment-required";
/// The header in which a payment of version 2 goes out.
pub const PAYMENT_SIGNATURE: &str = "payment-signature";
/// The header in which a payment of version 1 goes out.
pub const X_PAYMENT: &str = "x-payment";
/// The header of version 2 in which a seller says what it did.
pub const PAYMENT_RESPONSE: &str = "payment-response";
/// The same in version 1.
pub const X_PAYMENT_RESPONSE: &str = "x-payment-response";
