//! The five calls at a merchant's endpoint.
//!
//! This module must never send a token to another origin than the one it was given for, follow a redirect, or send a
//! completion a second time by itself.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::body::{CancelBody, CompleteBody, CreateBody, Entries, UpdateBody};
use super::error::{AcpError, AnswerError, RefusalKind};
use super::said::said;
use super::wire::ErrorWire;
use super::{Asked, Dialect, Session, SessionId, Version};
use crate::fetch::{
    BaseUrl, Bounds, Client, GuestClient, GuestRequest, GuestUrl, Reply, Request, secret_value,
};
use crate::limits;
use crate::secret::Secret;

/// How a merchant is reached.
#[derive(Clone, Debug)]
pub enum Door {
    /// By the owner's table, with the token that belongs to this URL.
    Known {
        /// Makes the requests.
        client: Client,
        /// Where.
        base: BaseUrl,
        /// Sent to this place alone.
        bearer: Option<Secret>,
    },
    /// By a URL an agent named: guarded, and without a token.
    Stranger {
        /// Makes the requests, at public addresses only.
        client: GuestClient,
        /// Where.
        base: GuestUrl,
    },
}

/// A merchant's endpoint; the client's side of the protocol.
#[derive(Clone, Debug)]
pub struct Acp {
    door: Door,
    version: Version,
}

/// What makes one request unlike all others.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `Idempotency-Key`: at most 255 visible characters.
    pub idempotency_key: &'a str,
    /// `Request-Id`.
    pub request_id: &'a str,
}

impl Acp {
    /// Speaks `version` first; the newest where nothing else is known of the merchant.
    pub fn new(door: Door, version: Option<Version>) -> Self {
        Self { door, version: version.unwrap_or(Version::NEWEST) }
    }

    /// Scheme, host and port of the merchant.
    pub fn origin(&self) -> String {
        match &self.door {
            Door::Known { base, .. } => base.origin(),
            Door::Stranger { base, .. } => base.origin(),
        }
    }

    /// Opens a checkout. Done twice it is two checkouts, which costs nobody anything.
    ///
    /// # Errors
    /// [`AcpError`].
    pub async fn create(
        &self,
        asked: &Asked,
        buyer_email: Option<&str>,
        call: Call<'_>,
    ) -> Result<Session, AcpError> {
        let body = CreateBody { asked, buyer_email };
        let post = Post { path: &[SESSIONS], session: None, call };
        self.post_entries(asked, &post, |version, entries| body.json(version, entries)).await
    }

    /// Changes what is to be bought.
    ///
    /// # Errors
    /// [`AcpError`].
    pub async fn update(
        &self,
        id: &SessionId,
        asked: &Asked,
        call: Call<'_>,
    ) -> Result<Session, AcpError> {
        let body = UpdateBody { asked };
        let post = Post { path: &[SESSIONS, id.as_str()], session: Some(id), call };
        self.post_entries(asked, &post, |version, entries| body.json(version, entries)).await
    }

    /// Looks at a checkout; asked once more if there was no answer.
    ///
    /// # Errors
    /// [`AcpError`].
    pub async fn get(&self, id: &SessionId, request_id: &str) -> Result<Session, AcpError> {
        let once = |version: Version| async move {
            let mut headers = headers(version)?;
            insert(&mut headers, "request-id", request_id)?;
            let reply = self.send(Method::GET, &[SESSIONS, id.as_str()], headers, None).await?;
            read(&reply, version, Some(id), None)
        };
        let (mut version, mut answer) = (self.version, once(self.version).await);
        if let Some(other) =
            answer.as_ref().err().and_then(|error| other_version(error, self.version))
        {
            (version, answer) = (other, once(other).await);
        }
        match answer {
            Err(AcpError::Guest(_) | AcpError::Fetch(_) | AcpError::Http { status: 500.. }) => {
                once(version).await
            }
            answer => answer,
        }
    }

    /// Gives a checkout up. A merchant answers 405 when it is completed or canceled already.
    ///
    /// # Errors
    /// [`AcpError`].
    pub async fn cancel(&self, id: &SessionId, call: Call<'_>) -> Result<Session, AcpError> {
        let post = Post { path: &[SESSIONS, id.as_str(), "cancel"], session: Some(id), call };
        self.post(&post, |_| serde_json::to_vec(&CancelBody {})).await
    }

    /// Pays a checkout, once: `version` is that of the session as it was fetched right before. After anything but a
    /// clear answer the session is fetched again before anything is sent.
    ///
    /// # Errors
    /// [`AcpError`]; [`AcpError::did_nothing`] says whether the merchant certainly did nothing.
    pub async fn complete(
        &self,
        session: &Session,
        body: &CompleteBody<'_>,
        call: Call<'_>,
    ) -> Result<Session, AcpError> {
        let id = &session.id;
        let version = self.version_of(session);
        let post = Post { path: &[SESSIONS, id.as_str(), "complete"], session: Some(id), call };
        let body = body.json(version).map_err(|error| AcpError::Unwritable(error.to_string()))?;
        self.post_once(version, &post, body, call.idempotency_key).await
    }

    /// The version a session is completed in: the one it is in, unless its shape shows another.
    fn version_of(&self, session: &Session) -> Version {
        let is_early = session.handlers.iter().any(|handler| handler.id.is_none());
        let shape = if is_early { Dialect::Early } else { Dialect::Current };
        let fits = |version: &Version| version.dialect() == shape;
        let own = Some(self.version).filter(fits);
        let shaped = if is_early { Version::V2026_01_16 } else { Version::NEWEST };
        session.version.filter(fits).or(own).unwrap_or(shaped)
    }

    async fn post_entries(
        &self,
        asked: &Asked,
        post: &Post<'_>,
        body: impl Fn(Version, Entries) -> Result<Vec<u8>, serde_json::Error>,
    ) -> Result<Session, AcpError> {
        let answer = self.post(post, |version| body(version, Entries::Quantities)).await;
        let pieces: u64 = asked.items.iter().map(|item| u64::from(item.quantity)).sum();
        let has_more = asked.items.iter().any(|item| item.quantity > 1);
        let fits = usize::try_from(pieces).is_ok_and(|pieces| pieces <= limits::ACP_ENTRIES);
        match answer {
            Err(AcpError::Refused { status: 400 | 422, .. }) if has_more && fits => {
                let key = format!("{}-single", post.call.idempotency_key);
                let call = Call { idempotency_key: &key, ..post.call };
                let again = Post { call, ..*post };
                self.post(&again, |version| body(version, Entries::Repeated)).await
            }
            answer => answer,
        }
    }

    /// Posts, and once more in another version if the merchant names one that is spoken here.
    async fn post(
        &self,
        post: &Post<'_>,
        body: impl Fn(Version) -> Result<Vec<u8>, serde_json::Error>,
    ) -> Result<Session, AcpError> {
        let write =
            |version| body(version).map_err(|error| AcpError::Unwritable(error.to_string()));
        let key = post.call.idempotency_key;
        let answer = self.post_once(self.version, post, write(self.version)?, key).await;
        let Some(version) =
            answer.as_ref().err().and_then(|error| other_version(error, self.version))
        else {
            return answer;
        };
        // Another body under the same key would be a conflict.
        let key = format!("{key}-{version}");
        self.post_once(version, post, write(version)?, &key).await
    }

    async fn post_once(
        &self,
        version: Version,
        post: &Post<'_>,
        body: Vec<u8>,
        key: &str,
    ) -> Result<Session, AcpError> {
        let mut headers = headers(version)?;
        insert(&mut headers, "request-id", post.call.request_id)?;
        insert(&mut headers, IDEMPOTENCY_KEY, key)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        let reply = self.send(Method::POST, post.path, headers, Some(body)).await?;
        read(&reply, version, post.session, Some(key))
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        mut headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, AcpError> {
        match &self.door {
            Door::Known { client, base, bearer } => {
                let url = base.with_segments(path);
                if let Some(bearer) = bearer {
                    headers.insert(AUTHORIZATION, secret_value(&url, "Bearer ", bearer)?);
                }
                Ok(client.send(Request { method, url, headers, body }, BOUNDS).await?)
            }
            Door::Stranger { client, base } => {
                let url = base.with_segments(path);
                let request = GuestRequest { method, url, headers, body, redirects: 0 };
                Ok(client.send(request, BOUNDS).await?)
            }
        }
    }
}

/// One request with a body.
#[derive(Clone, Copy)]
struct Post<'a> {
    path: &'a [&'a str],
    session: Option<&'a SessionId>,
    call: Call<'a>,
}

/// What was answered to a request made in `version`.
fn read(
    reply: &Reply,
    version: Version,
    expected: Option<&SessionId>,
    key: Option<&str>,
) -> Result<Session, AcpError> {
    if !(200..300).contains(&reply.status) {
        return Err(refusal(reply));
    }
    let echoed = reply.headers.get(IDEMPOTENCY_KEY).map(HeaderValue::as_bytes);
    if let (Some(key), Some(echoed)) = (key, echoed)
        && key.as_bytes() != echoed
    {
        return Err(AnswerError::garbled("it answers another request than ours").into());
    }
    let mut session = Session::read(&reply.body, expected)?;
    // Early versions do not say which they are; whoever answers one speaks it.
    session.version.get_or_insert(version);
    Ok(session)
}

fn refusal(reply: &Reply) -> AcpError {
    let status = reply.status;
    let Ok(wire) = serde_json::from_slice::<ErrorWire>(&reply.body) else {
        return AcpError::Http { status };
    };
    let kind = match wire.kind.as_str() {
        "invalid_request" => RefusalKind::InvalidRequest,
        "processing_error" => RefusalKind::ProcessingError,
        "service_unavailable" => RefusalKind::ServiceUnavailable,
        _ => RefusalKind::Other,
    };
    AcpError::Refused {
        status,
        kind,
        speaks: Version::newest_of(wire.supported_versions.iter().flatten().map(String::as_str)),
        code: said(&wire.code),
        message: wire.message.as_deref().map(said).unwrap_or_default(),
        param: wire.param.map(|param| said(&param)),
    }
}

/// The version to try after `error`, if the merchant named one that was not tried.
fn other_version(error: &AcpError, tried: Version) -> Option<Version> {
    match error {
        AcpError::Refused { speaks: Some(version), .. } => Some(*version).filter(|v| *v != tried),
        _ => None,
    }
}

fn headers(version: Version) -> Result<HeaderMap, AcpError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(JSON));
    insert(&mut headers, "api-version", version.as_str())?;
    Ok(headers)
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), AcpError> {
    let unfit = |_| AcpError::Unwritable(format!("{name} holds what HTTP cannot carry"));
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(unfit)?);
    Ok(())
}

const BOUNDS: Bounds = Bounds { timeout: limits::ACP_TIMEOUT, body_bytes: limits::ACP_BODY_BYTES };
const SESSIONS: &str = "checkout_sessions";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const JSON: &str = "application/json";
