//! The one HTTP client under everything that leaves this machine.
//!
//! Nothing else may open an HTTP connection. Credentials go to the origin they were given for and nowhere else, and
//! stand in no error and no log. [`Client`] and [`Provider`] trust their URLs, which the operator set; a URL somebody
//! else chose goes through [`GuestClient`] alone, which asks public addresses only.

mod api;
mod client;
mod echo;
mod error;
mod guard;
mod guest;
mod pause;
mod place;
mod problem;
mod provider;
mod provider_error;
mod public;
mod quote;
mod url;

#[cfg(test)]
pub(crate) mod tests;

pub use api::Api;
pub(crate) use client::secret_value;
pub use client::{Bounds, Client, Endpoint, Reply, Request, Settings, use_ring};
pub use error::FetchError;
pub use guard::{AllowList, AllowListError, GuardError, GuestUrl};
pub use guest::{GuestClient, GuestError, GuestRequest};
pub use place::WebPlace;
pub use problem::words;
pub use provider::{Answer, Ask, Credential, Provider, Repeat};
pub use provider_error::ProviderError;
pub use public::is_public;
pub use quote::quote;
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use url::{BaseUrl, PlainText, SocketUrl, UrlError};
