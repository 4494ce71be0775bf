//! The guard's own tools, with the names and fields of seeds/004.

pub(super) mod mandate_view;

mod check_payment;
mod claims;
mod get_payment_status;
mod list_mandates;
mod propose_mandate;
mod purchase;
mod request_payment;

pub use check_payment::CheckPayment;
pub use get_payment_status::GetPaymentStatus;
pub use list_mandates::ListMandates;
pub use propose_mandate::ProposeMandate;
pub use request_payment::RequestPayment;
