//! The HTTP client: one for the whole process, with every request bounded in time and size.
//!
//! It must never follow a redirect, since the next place was not checked, nor send what is meant for this machine
//! through a proxy.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Method, Response, Url, redirect};

use super::echo::Told;
use super::error::root_cause;
use super::{BaseUrl, FetchError};
use crate::limits;
use crate::secret::Secret;

/// How the client connects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long one connection may take to come about.
    pub connect_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connect_timeout: limits::CONNECT_TIMEOUT }
    }
}

/// Makes requests; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    settings: Settings,
    /// Through the environment's proxies, if it names any.
    outside: Arc<OnceLock<Built>>,
    /// Never through a proxy.
    here: Arc<OnceLock<Built>>,
}

pub(super) type Built = Result<reqwest::Client, FetchError>;

/// A URL with the token that belongs to it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where requests go.
    pub url: BaseUrl,
    /// Sent as `Authorization: Bearer`.
    pub bearer: Option<Secret>,
}

impl From<BaseUrl> for Endpoint {
    fn from(url: BaseUrl) -> Self {
        Self { url, bearer: None }
    }
}

/// What one request may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// From the first step of connecting to the last byte of the answer.
    pub timeout: Duration,
    /// The longest answer, in bytes.
    pub body_bytes: usize,
}

/// What came back, whatever its status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status; a redirect is not followed.
    pub status: u16,
    /// The headers, as many as HTTP/1 lets through.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// One request, whatever its method.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Where.
    pub url: BaseUrl,
    /// Beside those every request has; secrets must be marked as sensitive.
    pub headers: HeaderMap,
    /// What is sent along, if anything.
    pub body: Option<Vec<u8>>,
}

impl Client {
    /// A client that trusts the certificates the machine trusts. They are read for the first request, which takes its
    /// time: a server must have answered its host before.
    pub fn new(settings: Settings) -> Self {
        Self { settings, outside: Arc::default(), here: Arc::default() }
    }

    /// Posts JSON and reads the whole answer.
    ///
    /// # Errors
    /// [`FetchError`]; a status is no error here.
    pub async fn post_json(
        &self,
        endpoint: &Endpoint,
        body: Vec<u8>,
        bounds: Bounds,
    ) -> Result<Reply, FetchError> {
        let url = endpoint.url.clone();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        if let Some(token) = &endpoint.bearer {
            headers.insert(AUTHORIZATION, secret_value(&url, "Bearer ", token)?);
        }
        self.send(Request { method: Method::POST, url, headers, body: Some(body) }, bounds).await
    }

    /// Makes one request and reads the whole answer.
    ///
    /// # Errors
    /// [`FetchError`]; a status is no error here.
    pub async fn send(&self, request: Request, bounds: Bounds) -> Result<Reply, FetchError> {
        let client = self.client_for(&request.url)?;
        let Request { method, url, headers, body } = request;
        let sent = Sent { method, url: url.expose().clone(), headers, body };
        perform(&client, sent, &url.origin(), bounds, |timeout_ms, error| {
            FetchError::of(url.origin(), timeout_ms, error)
        })
        .await
    }

    fn client_for(&self, url: &BaseUrl) -> Built {
        let connect_timeout = self.settings.connect_timeout;
        match url.is_loopback() {
            true => self.here.get_or_init(|| build(builder(connect_timeout).no_proxy())),
            false => self.outside.get_or_init(|| build(builder(connect_timeout))),
        }
        .clone()
    }
}

/// A request on its way.
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

/// Sends with `client`; `name_error` says what an error is called, given the milliseconds it had.
pub(super) async fn perform<E: From<FetchError>>(
    client: &reqwest::Client,
    sent: Sent,
    origin: &str,
    bounds: Bounds,
    name_error: impl Fn(u64, &reqwest::Error) -> E,
) -> Result<Reply, E> {
    let timeout_ms = u64::try_from(bounds.timeout.as_millis()).unwrap_or(u64::MAX);
    let failed = |error: reqwest::Error| name_error(timeout_ms, &error);
    let told = Told::by(&sent.headers);
    let mut response = begin(client, sent, bounds).await.map_err(failed)?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let body = read(&mut response, origin, bounds.body_bytes, failed).await?;
    Ok(Reply { status, headers, body: told.out_of(body) })
}

/// As [`perform`], but keeps the head of an answer whose body is too long, or ends before its time, with as much of the
/// body as there is; whether any of it is missing.
pub(super) async fn perform_cut<E>(
    client: &reqwest::Client,
    sent: Sent,
    bounds: Bounds,
    name_error: impl Fn(u64, &reqwest::Error) -> E,
) -> Result<(Reply, bool), E> {
    let timeout_ms = u64::try_from(bounds.timeout.as_millis()).unwrap_or(u64::MAX);
    let told = Told::by(&sent.headers);
    let begun = begin(client, sent, bounds).await;
    let mut response = begun.map_err(|error| name_error(timeout_ms, &error))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    let is_cut = loop {
        match response.chunk().await {
            Ok(None) => break false,
            Err(_) => break true,
            Ok(Some(chunk)) => {
                let room = bounds.body_bytes - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    break true;
                }
            }
        }
    };
    Ok((Reply { status, headers, body: told.out_of(body.into()) }, is_cut))
}

async fn begin(
    client: &reqwest::Client,
    sent: Sent,
    bounds: Bounds,
) -> Result<Response, reqwest::Error> {
    let mut request =
        client.request(sent.method, sent.url).headers(sent.headers).timeout(bounds.timeout);
    if let Some(body) = sent.body {
        request = request.body(body);
    }
    request.send().await
}

pub(super) fn builder(connect_timeout: Duration) -> ClientBuilder {
    use_ring();
    reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(limits::CONNECTION_IDLE)
        .pool_max_idle_per_host(limits::CONNECTIONS_IDLE_PER_HOST)
        .user_agent(USER_AGENT)
}

pub(super) fn build(builder: ClientBuilder) -> Built {
    builder.build().map_err(|error| FetchError::Unusable { detail: root_cause(&error) })
}

/// Makes ring the process's maker of TLS. Asking twice changes nothing.
pub fn use_ring() {
    // An error means that a provider is in place already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The body, given up as soon as it is longer than it may be.
async fn read<E: From<FetchError>>(
    response: &mut Response,
    origin: &str,
    limit_bytes: usize,
    failed: impl Fn(reqwest::Error) -> E,
) -> Result<Bytes, E> {
    let too_large = || E::from(FetchError::TooLarge { origin: origin.to_owned(), limit_bytes });
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > limit_bytes) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(&failed)? {
        if chunk.len() > limit_bytes - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// A header value that shows in no log.
///
/// # Errors
/// When HTTP cannot carry it.
pub(crate) fn secret_value(
    url: &BaseUrl,
    scheme: &str,
    secret: &Secret,
) -> Result<HeaderValue, FetchError> {
    let text = zeroize::Zeroizing::new([scheme.as_bytes(), secret.expose()].concat());
    let mut value = HeaderValue::from_bytes(&text)
        .map_err(|_| FetchError::BadRequest { origin: url.origin() })?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) const JSON: &str = "application/json";
const USER_AGENT: &str = concat!("paywarden/", env!("CARGO_PKG_VERSION"));
