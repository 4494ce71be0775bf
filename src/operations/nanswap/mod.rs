//! Nanswap Pay as an agent's tools: make orders, look at them, pay them, check webhooks. Field names as in seeds/003.
//!
//! What was asked for when an order was made is kept, and everything said about it later is held against that.

mod ask;
mod create_order;
mod currencies;
mod estimate;
mod get_order;
mod list_invoices;
mod order;
mod pay;
mod verify_webhook;

pub use create_order::NanswapCreateOrder;
pub use currencies::{NanswapFiatCurrencies, NanswapPayinCurrencies};
pub use estimate::NanswapEstimate;
pub use get_order::NanswapGetOrder;
pub use list_invoices::NanswapListInvoices;
pub use pay::NanswapPay;
pub use verify_webhook::NanswapVerifyWebhook;
