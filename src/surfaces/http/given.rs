//! What a request brought, after it was let in: query, body, and what its sender proves itself with.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Extension, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::Response;
use serde_json::{Map, Value};

use super::plain;
use super::port::Port;
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// As handlers take it.
pub(super) type Asked = Extension<Arc<Given>>;
/// The one parameter of a path.
pub(super) struct Named(pub(super) String);

impl FromRequestParts<Arc<Port>> for Named {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, port: &Arc<Port>) -> Result<Self, Response> {
        match Path::<String>::from_request_parts(parts, port).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => {
                let failure = Failure::invalid("NOT_FOUND", "a part of this path is no text");
                Err(plain::failure(&failure, port.kind))
            }
        }
    }
}

/// What a request brought.
#[derive(Default)]
pub(super) struct Given {
    /// The bearer token.
    pub(super) token: Option<Secret>,
    /// What the owner typed into the page, where the process has none.
    pub(super) operator_secret: Option<Secret>,
    /// `Idempotency-Key`.
    pub(super) key: Option<String>,
    /// The body; empty where there was none.
    pub(super) body: Map<String, Value>,
    query: Vec<(String, String)>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(..)")
    }
}

impl Given {
    /// Reads the head of a request. A token may stand in the query only where the seeds say so.
    ///
    /// # Errors
    /// When a header that matters is no text or is there twice.
    pub(super) fn read(
        uri: &Uri,
        headers: &HeaderMap,
        token_in_query: bool,
    ) -> Result<Self, Failure> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let query = query
            .map(|Query(query)| query)
            .map_err(|_| Failure::invalid("INVALID_ARGUMENTS", "the query cannot be read"))?;
        let in_query = query.iter().find(|(name, _)| token_in_query && name == "token");
        let token = match bearer(headers)? {
            Some(token) => Some(token),
            None => in_query.map(|(_, token)| Secret::new(token.clone())),
        };
        Ok(Self {
            token,
            operator_secret: single(headers, &OPERATOR_SECRET)?.map(Secret::new),
            key: single(headers, &IDEMPOTENCY_KEY)?,
            body: Map::new(),
            query,
        })
    }

    /// The last value of a parameter in the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number in the query.
    ///
    /// # Errors
    /// `INVALID_ARGUMENTS` for what is no number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.parameter(name).map(|text| text.parse().map_err(|_| no_number(name, text))).transpose()
    }

    /// The body with the key of the header under its name in the arguments.
    ///
    /// # Errors
    /// When header and body name different keys.
    pub(super) fn keyed(&self, name: &str) -> Result<Map<String, Value>, Failure> {
        let mut body = self.body.clone();
        let Some(key) = &self.key else { return Ok(body) };
        match body.insert(name.to_owned(), Value::from(key.as_str())) {
            Some(other) if other.as_str() != Some(key) => {
                let message = format!("the header Idempotency-Key and {name} differ");
                Err(Failure::invalid("INVALID_IDEMPOTENCY_KEY", message).hint("Give one of them"))
            }
            _ => Ok(body),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<Secret>, Failure> {
    let Some(text) = single(headers, &header::AUTHORIZATION)? else { return Ok(None) };
    let text = Secret::new(text);
    match text.after_scheme("bearer") {
        Some(token) if token.length() <= limits::AGENT_TOKEN_CHARS => Ok(Some(token)),
        _ => {
            Err(Failure::refused("UNAUTHORIZED", "the Authorization header holds no bearer token")
                .hint("Give `Authorization: Bearer TOKEN`"))
        }
    }
}

fn single(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Failure> {
    let mut values = headers.get_all(name).iter();
    let refused = |words: &str| {
        let message = format!("the header {name} {words}");
        Failure::invalid("INVALID_ARGUMENTS", message)
    };
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(refused("is there twice")),
        (Some(value), None) => {
            value.to_str().map(|text| Some(text.to_owned())).map_err(|_| refused("is no text"))
        }
    }
}

fn no_number(name: &str, text: &str) -> Failure {
    let shown: String = text.chars().take(limits::QUOTE_CHARS).collect();
    Failure::invalid("INVALID_ARGUMENTS", format!("{name} is {shown:?}, not a whole number"))
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const OPERATOR_SECRET: HeaderName = HeaderName::from_static("paywarden-operator-secret");

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn given(uri: &str, fields: &[(&'static str, &str)], in_query: bool) -> Result<Given, Failure> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Given::read(&uri.parse().unwrap(), &headers, in_query)
    }

    #[test]
    fn a_token_comes_in_the_header_or_where_it_may_in_the_query() {
        let is = |given: Given, token: &str| {
            given.token.is_some_and(|found| found.is_same_as(&Secret::new(token.to_owned())))
        };
        assert!(is(given("/", &[("authorization", "Bearer abc")], false).unwrap(), "abc"));
        assert!(is(given("/", &[("authorization", "bearer  abc")], false).unwrap(), "abc"));
        assert!(is(given("/?token=a%2Bc", &[], true).unwrap(), "a+c"));
        assert!(given("/?token=abc", &[], false).unwrap().token.is_none());
        let both = given("/?token=abc", &[("authorization", "Bearer x")], true).unwrap();
        assert!(is(both, "x"));
        let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert!(given("/", &twice, false).is_err());
        for wrong in ["Basic abc", "abc", "Bearer", "Bearer "] {
            assert!(given("/", &[("authorization", wrong)], false).is_err(), "{wrong}");
        }
        let long = |length: usize| format!("Bearer {}", "x".repeat(length));
        let most = limits::AGENT_TOKEN_CHARS;
        assert!(given("/", &[("authorization", &long(most))], false).is_ok());
        assert!(given("/", &[("authorization", &long(most + 1))], false).is_err());
    }

    #[test]
    fn one_key_or_none() {
        let mut given = given("/", &[("idempotency-key", "k-1")], false).unwrap();
        assert_eq!(given.keyed("idempotency_key").unwrap()["idempotency_key"], "k-1");
        given.body.insert("idempotency_key".to_owned(), json!("k-1"));
        assert!(given.keyed("idempotency_key").is_ok());
        given.body.insert("idempotency_key".to_owned(), json!("k-2"));
        assert!(given.keyed("idempotency_key").is_err());
    }

    #[test]
    fn numbers_are_whole() {
        let given = given("/?from=7&limit=-1&limit=x", &[], false).unwrap();
        assert_eq!(given.number("from").unwrap(), Some(7));
        assert!(given.number("limit").is_err() && given.number("none").unwrap().is_none());
    }
}
