//! Credits of ifenpay and donations to it. Field names as in seeds/001.

mod donate;
mod get;
mod topup;

pub use donate::DonateSend;
pub use get::CreditsGet;
pub use topup::CreditsTopup;
