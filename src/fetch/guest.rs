//! The client for hosts that somebody else chose.
//!
//! The addresses a name stands for are checked by the lookup whose result is connected to, so that a second lookup
//! cannot give others. It must never go through a proxy, which would look the name up by itself, nor carry a header to
//! another origin than the one it was made for.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, Url};

use super::client::{Built, Sent, build, builder, perform, perform_cut};
use super::error::cause_of;
use super::guard::{AllowList, GuardError, GuestUrl};
use super::public::is_public;
use super::{Bounds, FetchError, Reply, Settings};
use crate::limits;

/// Asks hosts that somebody else chose; clones share their connections.
#[derive(Clone, Debug)]
pub struct GuestClient {
    settings: Settings,
    list: Arc<AllowList>,
    /// Every address is checked.
    checked: Arc<OnceLock<Built>>,
    /// For the origins on the operator's list.
    allowed: Arc<OnceLock<Built>>,
}

/// One request to such a host.
#[derive(Clone, Debug)]
pub struct GuestRequest {
    /// What is asked.
    pub method: Method,
    /// Where.
    pub url: GuestUrl,
    /// Dropped when a redirect leads to another origin.
    pub headers: HeaderMap,
    /// What is sent along, if anything.
    pub body: Option<Vec<u8>>,
    /// Redirects a read follows, each checked like the first URL; at most [`limits::REDIRECTS`], 0 for none.
    pub redirects: usize,
}

/// No answer, or none asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GuestError {
    /// The URL, or one it led to, may not be asked.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// It was asked in vain.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl GuestClient {
    /// A client that makes the exceptions on `list`.
    pub fn new(settings: Settings, list: AllowList) -> Self {
        let (checked, allowed) = (Arc::default(), Arc::default());
        Self { settings, list: Arc::new(list), checked, allowed }
    }

    /// Checks a URL against the rules and the operator's list.
    ///
    /// # Errors
    /// [`GuardError`].
    pub fn check(&self, text: &str) -> Result<GuestUrl, GuardError> {
        self.list.check(text)
    }

    /// Makes one request and reads the whole answer. A redirect that is not followed is an answer.
    ///
    /// # Errors
    /// [`GuestError`]; a status is no error here.
    pub async fn send(&self, request: GuestRequest, bounds: Bounds) -> Result<Reply, GuestError> {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        let most = if is_read { request.redirects.min(limits::REDIRECTS) } else { 0 };
        let GuestRequest { method, mut url, mut headers, body, .. } = request;
        let mut followed = 0;
        loop {
            let sent = Sent {
                method: method.clone(),
                url: url.url.clone(),
                headers: headers.clone(),
                body: body.clone(),
            };
            let reply = self.once(&url, sent, bounds).await?;
            let Some(next) = next_place(&url, &reply).filter(|_| followed < most) else {
                return Ok(reply);
            };
            let next = self.list.check_url(next)?;
            if next.origin() != url.origin() {
                headers.clear();
            }
            url = next;
            followed += 1;
        }
    }

    /// Makes one request, follows nothing, and keeps the head of the answer whatever becomes of its body: for requests
    /// that may have moved money. Whether any of the body is missing.
    ///
    /// # Errors
    /// [`GuestError`]; a status is no error here.
    pub async fn send_once(
        &self,
        request: GuestRequest,
        bounds: Bounds,
    ) -> Result<(Reply, bool), GuestError> {
        let GuestRequest { method, url, headers, body, .. } = request;
        let client = self.client_for(&url)?;
        let sent = Sent { method, url: url.url.clone(), headers, body };
        let named = |timeout_ms, error: &reqwest::Error| name(&url, timeout_ms, error);
        perform_cut(&client, sent, bounds, named).await
    }

    async fn once(&self, url: &GuestUrl, sent: Sent, bounds: Bounds) -> Result<Reply, GuestError> {
        let client = self.client_for(url)?;
        let named = |timeout_ms, error: &reqwest::Error| name(url, timeout_ms, error);
        perform(&client, sent, &url.origin(), bounds, named).await
    }

    fn client_for(&self, url: &GuestUrl) -> Built {
        let connect_timeout = self.settings.connect_timeout;
        match url.is_allowed {
            true => self.allowed.get_or_init(|| build(builder(connect_timeout).no_proxy())),
            false => self.checked.get_or_init(|| {
                build(builder(connect_timeout).no_proxy().dns_resolver(PublicOnly))
            }),
        }
        .clone()
    }
}

fn name(url: &GuestUrl, timeout_ms: u64, error: &reqwest::Error) -> GuestError {
    match cause_of::<NotPublic>(error) {
        Some(NotPublic(refusal)) => GuestError::Guard(refusal.clone()),
        None => FetchError::of(url.origin(), timeout_ms, error).into(),
    }
}

/// Where a redirect leads, if the answer is one.
fn next_place(url: &GuestUrl, reply: &Reply) -> Option<Url> {
    let is_redirect = matches!(reply.status, 301 | 302 | 303 | 307 | 308);
    let place = reply.headers.get(LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    url.url.join(place).ok()
}

/// Looks names up and refuses those with even one address that is not public: no public service has such a one.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            if let Some(hidden) = found.iter().find(|found| !is_public(found.ip())) {
                let address = hidden.ip();
                return Err(NotPublic(GuardError::NotPublic { host, address }).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A refusal on its way through the HTTP library.
#[derive(Debug)]
struct NotPublic(GuardError);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for NotPublic {}
