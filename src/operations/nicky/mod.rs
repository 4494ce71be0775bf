//! Nicky as an agent's tools: look at a payment request, start, pay, report, follow. Field names as in seeds/002.
//!
//! A pasted link is read and never fetched. The payer's name and e-mail address must come from the user or the owner's
//! settings, and never from here.

mod ask;
mod get_payment_request;
mod pay;
mod payment_progress;
mod progress;
mod report_transaction;
mod start_payment;

pub use get_payment_request::NickyGetPaymentRequest;
pub use pay::NickyPay;
pub use payment_progress::NickyPaymentProgress;
pub use report_transaction::NickyReportTransaction;
pub use start_payment::NickyStartPayment;
