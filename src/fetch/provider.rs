//! The manners every provider is spoken to with: JSON, bounds, one retry of what may be repeated, and a pause when the
//! provider asks for one.
//!
//! This module must never repeat what might move something twice, nor send a provider's key to another origin than the
//! one it was set for: requests are made below the base URL alone and no redirect is followed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{JSON, secret_value};
use super::{BaseUrl, Bounds, Client, FetchError, ProviderError, Reply, Request, pause, problem};
use crate::clock::{Clock, Millis};
use crate::limits;
use crate::secret::Secret;

/// A third party's API at one base URL; clones share its pauses.
#[derive(Clone, Debug)]
pub struct Provider {
    name: &'static str,
    base: BaseUrl,
    client: Client,
    clock: Arc<dyn Clock>,
    not_before: Arc<Mutex<Millis>>,
}

/// A secret in a header of its own.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The header, in lower case.
    pub header: &'static str,
    /// What stands in it.
    pub secret: Secret,
}

/// Whether a request may be made a second time when its outcome is not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// A read, or what the provider documents as idempotent.
    Safe,
    /// Anything else.
    Never,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    method: Method,
    path: &'static str,
    query: &'a [(&'a str, &'a str)],
    body: Option<Vec<u8>>,
    credential: Option<&'a Credential>,
    repeat: Repeat,
}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    provider: &'static str,
    /// The whole body.
    pub body: Bytes,
    /// What the provider's clock said, if it told.
    pub server_time: Option<Millis>,
    /// What ours said when the answer was there.
    pub received_at: Millis,
}

impl<'a> Ask<'a> {
    /// A read of `path` with `query`.
    pub fn get(path: &'static str, query: &'a [(&'a str, &'a str)]) -> Self {
        let (body, credential) = (None, None);
        Self { method: Method::GET, path, query, body, credential, repeat: Repeat::Safe }
    }

    /// `body` for `path`; not repeated unless [`Ask::repeatable`].
    ///
    /// # Errors
    /// When the body is no JSON.
    pub fn post(path: &'static str, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        let (body, credential) = (Some(serde_json::to_vec(body)?), None);
        Ok(Self { method: Method::POST, path, query: &[], body, credential, repeat: Repeat::Never })
    }

    /// The provider says that doing it twice is doing it once.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self { repeat: Repeat::Safe, ..self }
    }

    /// With a secret, if there is one.
    #[must_use]
    pub fn with(self, credential: Option<&'a Credential>) -> Self {
        Self { credential, ..self }
    }
}

impl Provider {
    /// The API of `name` below `base`.
    pub fn new(name: &'static str, base: BaseUrl, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { name, base, client, clock, not_before: Arc::default() }
    }

    /// What it is called in errors.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.base.origin()
    }

    /// Asks, and once more if that is safe and may help.
    ///
    /// # Errors
    /// [`ProviderError`]; every status but 2xx is one.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, ProviderError> {
        self.wait_until_welcome().await?;
        let error = match self.once(&ask).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if ask.repeat == Repeat::Never || !error.is_passing() {
            return Err(error);
        }
        // A pause the provider asked for is waited out below, or is the error if it is too long.
        if !matches!(error, ProviderError::RateLimited { .. }) {
            self.clock.sleep(retry_pause()).await;
        }
        self.wait_until_welcome().await?;
        self.once(&ask).await
    }

    async fn wait_until_welcome(&self) -> Result<(), ProviderError> {
        let retry_at = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = retry_at.since(self.clock.now());
        if pause > limits::PROVIDER_WAIT {
            return Err(ProviderError::RateLimited { provider: self.name, retry_at });
        }
        if !pause.is_zero() {
            self.clock.sleep(pause).await;
        }
        Ok(())
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, ProviderError> {
        let provider = self.name;
        let unreached = |cause: FetchError| ProviderError::Unreached { provider, cause };
        let request = self.request(ask).map_err(unreached)?;
        let reply = self.client.send(request, BOUNDS).await.map_err(unreached)?;
        let received_at = self.clock.now();
        let retry_at = self.note_pause(&reply, received_at);
        let status = reply.status;
        match status {
            200..=299 => {
                let server_time = pause::date(&reply.headers);
                Ok(Answer { provider, body: reply.body, server_time, received_at })
            }
            429 => Err(ProviderError::RateLimited { provider, retry_at }),
            _ => {
                Err(ProviderError::Status { provider, status, words: problem::words(&reply.body) })
            }
        }
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        if ask.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        if let Some(credential) = ask.credential {
            let value = secret_value(&self.base, "", &credential.secret)?;
            headers.insert(HeaderName::from_static(credential.header), value);
        }
        let url = self.base.below(ask.path, ask.query);
        Ok(Request { method: ask.method.clone(), url, headers, body: ask.body.clone() })
    }

    /// Keeps what the reply says about being asked again, and says when that is.
    fn note_pause(&self, reply: &Reply, now: Millis) -> Millis {
        let asked = pause::asked_for(&reply.headers, now);
        let unsaid = (reply.status == 429).then_some(limits::PROVIDER_RETRY);
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = asked.or(unsaid) {
            *not_before = (*not_before).max(now.plus(pause));
        }
        *not_before
    }
}

impl Answer {
    /// Reads the body as JSON, whatever its content type says.
    ///
    /// # Errors
    /// [`ProviderError::Garbled`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| self.garbled(&error.to_string()))
    }

    /// The answer makes no sense.
    pub fn garbled(&self, detail: &str) -> ProviderError {
        ProviderError::garbled(self.provider, detail)
    }
}

/// Two to three seconds, by chance, so that many wallets do not come back at once.
fn retry_pause() -> Duration {
    let mut chance = [0; 2];
    // Without chance the pause is the shortest one, which is still a pause.
    let _ = getrandom::fill(&mut chance);
    let share = u32::from(u16::from_le_bytes(chance));
    limits::PROVIDER_RETRY + limits::PROVIDER_RETRY_JITTER * share / u32::from(u16::MAX)
}

const BOUNDS: Bounds =
    Bounds { timeout: limits::PROVIDER_TIMEOUT, body_bytes: limits::PROVIDER_BODY_BYTES };
