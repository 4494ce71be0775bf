//! What the wallet looks like from outside: thin, with no decision about money of its own.

pub mod cli;
#[cfg(feature = "http")]
pub mod http;
pub mod mcp;
