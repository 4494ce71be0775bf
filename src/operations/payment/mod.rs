//! Being paid: requests with an amount of their own, and what became of them. Field names as in seeds/001.

mod backend;
mod list;
mod qr;
mod redirect;
mod request;
mod shown;
mod status;

pub use list::PaymentList;
pub use qr::address_qr;
pub use request::PaymentRequest;
pub use status::PaymentStatus;
