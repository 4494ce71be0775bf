//! Checkouts at merchants (Agentic Commerce Protocol): opened, changed, looked at, given up. Paying one is
//! `pay_checkout`.

mod cancel_checkout;
mod checkout_status;
mod create_checkout;
mod items;
mod update_checkout;
mod view;

pub use cancel_checkout::CancelCheckout;
pub use checkout_status::CheckoutStatus;
pub use create_checkout::CreateCheckout;
pub use update_checkout::UpdateCheckout;
