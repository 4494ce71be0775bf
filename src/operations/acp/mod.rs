//! Checkouts at merchants (Agentic Commerce Protocol): opened, changed, looked at, given up, paid.

mod cancel_checkout;
mod checkout_status;
mod create_checkout;
mod items;
mod pay_checkout;
mod update_checkout;
mod view;

pub use cancel_checkout::CancelCheckout;
pub use checkout_status::CheckoutStatus;
pub use create_checkout::CreateCheckout;
pub use pay_checkout::PayCheckout;
pub use update_checkout::UpdateCheckout;
