//! Requests to ifenpay and the envelope around its answers.
//!
//! Nothing here may ask twice for what has an effect, or take an answer for a success because its HTTP status is one:
//! the envelope decides.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::refusal::UpstreamError;
use crate::clock::Clock;
use crate::fetch::{Api, BaseUrl, Bounds, Client, Reply, quote};
use crate::limits;
use crate::secret::Secret;

/// ifenpay's API at one URL, with its key.
#[derive(Clone, Debug)]
pub struct Upstream {
    api: Api,
    clock: Arc<dyn Clock>,
    bounds: Bounds,
}

impl Upstream {
    /// ifenpay at `base`. Only registering needs no key.
    pub fn new(client: Client, base: BaseUrl, key: Option<Secret>, clock: Arc<dyn Clock>) -> Self {
        let api = Api::new(client, base);
        let api = match key {
            Some(key) => api.with_key(KEY_HEADER, key),
            None => api,
        };
        let bounds =
            Bounds { timeout: limits::IFENPAY_TIMEOUT, body_bytes: limits::IFENPAY_BODY_BYTES };
        Self { api, clock, bounds }
    }

    /// The same with other bounds for each request.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.api.origin()
    }

    /// Whether there is a key to send.
    pub fn has_key(&self) -> bool {
        self.api.has_key()
    }

    /// Reads; asks a second time where the first answer may have been lost on its way.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, UpstreamError> {
        match self.get(path).await {
            Err(error) if error.is_passing() => {
                tracing::debug!(%error, "asking ifenpay once more");
                self.clock.sleep(limits::IFENPAY_RETRY).await;
                self.get(path).await
            }
            answer => answer,
        }
    }

    /// Asks once: for what is made by being asked for.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, UpstreamError> {
        open(&self.api.get(path, self.bounds).await?)
    }

    /// Posts once.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, UpstreamError> {
        let body = serde_json::to_vec(body).map_err(unreadable)?;
        open(&self.api.post(path, body, self.bounds).await?)
    }
}

/// What the envelope holds.
fn open<T: DeserializeOwned>(reply: &Reply) -> Result<T, UpstreamError> {
    let status = reply.status;
    let is_success = (200..300).contains(&status);
    let envelope: Envelope<'_> = match serde_json::from_slice(&reply.body) {
        Ok(envelope) => envelope,
        Err(error) if is_success => return Err(unreadable(error)),
        Err(_) => return Err(failing(reply)),
    };
    match (envelope.error, envelope.data) {
        (Some(error), _) if is_code(&error.error) => Err(UpstreamError::Refused {
            status,
            code: error.error,
            message: quote(&error.message),
        }),
        (Some(_), _) | (None, _) if !is_success => Err(failing(reply)),
        (Some(error), _) => {
            Err(UpstreamError::Unreadable { detail: format!("the code {}", quote(&error.error)) })
        }
        (None, _) if !envelope.success => {
            Err(UpstreamError::Failing { status, words: "success is false".to_owned() })
        }
        (None, None) => Err(UpstreamError::Unreadable { detail: "there is no data".to_owned() }),
        (None, Some(data)) => serde_json::from_str(data.get()).map_err(unreadable),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    success: bool,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    message: String,
}

/// A code goes to callers as it is, so it must not be any text.
fn is_code(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=limits::IFENPAY_CODE_BYTES).contains(&text.len()) && text.bytes().all(letters)
}

fn failing(reply: &Reply) -> UpstreamError {
    let words = quote(&String::from_utf8_lossy(&reply.body));
    UpstreamError::Failing { status: reply.status, words }
}

/// serde's complaint may quote the answer, so it is quoted itself.
fn unreadable(error: serde_json::Error) -> UpstreamError {
    UpstreamError::Unreadable { detail: quote(&error.to_string()) }
}

const KEY_HEADER: &str = "x-api-key";

#[cfg(test)]
mod tests;
