//! The one HTTP client under everything that leaves this machine.
//!
//! Nothing else may open an HTTP connection. Credentials go to the origin they were given for and nowhere else, and
//! stand in no error and no log. What is here trusts its URLs, which the operator set; a URL an agent chose must pass
//! a guard of its own before it comes here.

mod api;
mod client;
mod error;
mod quote;
mod url;

#[cfg(test)]
pub(crate) mod tests;

pub use api::Api;
pub use client::{Bounds, Client, Endpoint, Reply, Request, Settings, use_ring};
pub use error::FetchError;
pub use quote::quote;
pub use url::{BaseUrl, PlainText, SocketUrl, UrlError};
