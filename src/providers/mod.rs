//! Third-party services: their wire types, checked as they are read, and clients that speak for nobody else.
//!
//! A provider's words are data of a stranger. Nothing here may decide to pay, sign, or keep state of a payment; what a
//! provider leaves open is an error here and never a guess.

mod amount;
pub mod ifenpay;

pub mod nanswap;
pub mod nicky;
mod one_of;
mod opaque;
mod payee;
mod text;
mod time;

pub use amount::{Amount, AmountTextError};
pub use opaque::{Opaque, OpaqueError};
pub use payee::{PayeeError, payee};
pub use text::Said;
pub use time::read_time;
