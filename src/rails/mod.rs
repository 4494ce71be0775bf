//! How money moves. A rail turns a granted payment into bytes and says what became of them; it never decides.

pub mod acp;
pub mod nano;
pub mod stripe;
pub mod x402;
