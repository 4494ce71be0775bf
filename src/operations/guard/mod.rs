//! The guard's own tools, with the names and fields of seeds/004.

mod get_payment_status;
mod list_mandates;
mod request_payment;

pub use get_payment_status::GetPaymentStatus;
pub use list_mandates::ListMandates;
pub use request_payment::RequestPayment;
