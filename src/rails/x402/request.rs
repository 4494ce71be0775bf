//! What an agent wants from a seller: the same bytes for the question and for the payment.
//!
//! This module must never let a header through that is not on its list: one could carry a credential, name another
//! host, or be the payment itself.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
use crate::fetch::{GuardError, GuestClient, GuestUrl, HeaderMap, HeaderName, HeaderValue, Method};
use crate::limits;

/// A request for something that costs money, checked. Its JSON is stored with a payment, so that the very same can be
/// made again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceRequest {
    method: PaidMethod,
    url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// A method an agent may use.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum PaidMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Why a request is not made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// Another method.
    #[error("the method is one of GET, POST, PUT, PATCH and DELETE")]
    Method,
    /// The URL may not be asked.
    #[error(transparent)]
    Url(#[from] GuardError),
    /// A header that is not on the list, or stands twice.
    #[error("the header {name} cannot be set; these can, once each: {}", HEADERS.join(", "))]
    Header {
        /// Which one, quoted.
        name: String,
    },
    /// A header's value that HTTP cannot carry, or too long.
    #[error(
        "the value of {name} is not visible ASCII of at most {} bytes",
        limits::X402_VALUE_BYTES
    )]
    Value {
        /// Which one.
        name: String,
    },
    /// A body with a method that has none, no JSON, or too long.
    #[error(
        "a body is JSON of at most {} bytes, for POST, PUT and PATCH",
        limits::X402_REQUEST_BYTES
    )]
    Body,
}

impl ResourceRequest {
    /// Checks a request as an agent asks for it. `body` is JSON; no method means GET, or POST where there is a body.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn new(
        guest: &GuestClient,
        method: Option<&str>,
        url: &str,
        headers: &[(String, String)],
        body: Option<&str>,
    ) -> Result<Self, RequestError> {
        guest.check(url)?;
        let method = match method {
            None if body.is_some() => PaidMethod::Post,
            None => PaidMethod::Get,
            Some(name) => PaidMethod::of(name).ok_or(RequestError::Method)?,
        };
        let mut checked: Vec<(String, String)> = Vec::new();
        for (name, value) in headers {
            let (name, value) = header(name, value)?;
            if checked.iter().any(|(known, _)| *known == name) {
                return Err(RequestError::Header { name });
            }
            checked.push((name, value));
        }
        let fits = |body: &str| {
            method.has_body()
                && body.len() <= limits::X402_REQUEST_BYTES
                && json::is_strict(body)
                && serde_json::from_str::<&RawValue>(body).is_ok()
        };
        if body.is_some_and(|body| !fits(body)) {
            return Err(RequestError::Body);
        }
        let body = body.map(str::to_owned);
        Ok(Self { method, url: url.to_owned(), headers: checked, body })
    }

    /// The URL as it was asked for.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The method's name.
    pub fn method(&self) -> &'static str {
        self.method.as_str()
    }

    /// The JSON that is sent along.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// Checks the URL anew and builds what is sent.
    pub(super) fn parts(&self, guest: &GuestClient) -> Result<Parts, GuardError> {
        let url = guest.check(&self.url)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            // Both were checked when the request was; what no longer fits is not sent.
            let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            headers.extend(pair);
        }
        if self.body.is_some() {
            headers.insert("content-type", HeaderValue::from_static("application/json"));
        }
        let body = self.body.clone().map(String::into_bytes);
        Ok(Parts { method: self.method.to_http(), url, headers, body })
    }
}

/// A request about to be sent.
pub(super) struct Parts {
    pub(super) method: Method,
    pub(super) url: GuestUrl,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

impl PaidMethod {
    fn of(name: &str) -> Option<Self> {
        let all = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];
        all.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn to_http(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

fn header(name: &str, value: &str) -> Result<(String, String), RequestError> {
    let lower = name.to_ascii_lowercase();
    if !HEADERS.contains(&lower.as_str()) {
        return Err(RequestError::Header { name: crate::fetch::quote(name) });
    }
    let is_visible = value.bytes().all(|byte| (0x20..0x7F).contains(&byte));
    if !is_visible || value.len() > limits::X402_VALUE_BYTES {
        return Err(RequestError::Value { name: lower });
    }
    Ok((lower, value.to_owned()))
}

/// What an agent may say beside its request.
const HEADERS: [&str; 5] =
    ["accept", "accept-language", "content-language", "if-none-match", "prefer"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{AllowList, Settings};

    const URL: &str = "https://shop.example/weather";

    fn guest() -> GuestClient {
        GuestClient::new(Settings::default(), AllowList::default())
    }

    fn of(
        method: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<ResourceRequest, RequestError> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ResourceRequest::new(&guest(), method, URL, &headers, body)
    }

    #[test]
    fn a_request_is_read_and_stored_as_it_was_asked() {
        assert_eq!(of(None, &[], None).unwrap().method(), "GET");
        assert_eq!(of(None, &[], Some("{}")).unwrap().method(), "POST");
        assert_eq!(of(Some("delete"), &[], None).unwrap().method(), "DELETE");
        let request = of(Some("put"), &[("Accept", "text/*")], Some("{\"n\": 1.50}")).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ResourceRequest>(&text).unwrap(), request);
        let parts = request.parts(&guest()).unwrap();
        assert_eq!(parts.body.unwrap(), b"{\"n\": 1.50}");
        assert_eq!(parts.headers["accept"], "text/*");
        assert_eq!(parts.headers["content-type"], "application/json");
    }

    #[test]
    fn only_harmless_headers_pass_and_each_once() {
        for name in [
            "authorization",
            "Cookie",
            "host",
            "x-payment",
            "payment-signature",
            "content-type",
            "content-length",
            "transfer-encoding",
            "x-forwarded-for",
            "user-agent",
            "",
            "accept\r\nx",
        ] {
            let refused = of(None, &[(name, "x")], None).unwrap_err();
            assert!(matches!(refused, RequestError::Header { .. }), "{name}");
        }
        let twice = of(None, &[("accept", "a"), ("Accept", "b")], None).unwrap_err();
        assert!(matches!(twice, RequestError::Header { .. }));
        let long = "x".repeat(limits::X402_VALUE_BYTES);
        assert!(of(None, &[("accept", &long)], None).is_ok());
        for bad in ["a\r\nx-payment: y", "é", "\u{7f}", &format!("{long}x")] {
            let refused = of(None, &[("accept", bad)], None).unwrap_err();
            assert!(matches!(refused, RequestError::Value { .. }), "{bad}");
        }
    }

    #[test]
    fn a_body_is_json_of_a_method_that_has_one() {
        for (method, body) in [
            (Some("GET"), "{}"),
            (Some("DELETE"), "{}"),
            (Some("POST"), "{"),
            (Some("POST"), ""),
            (Some("POST"), "{\"a\":1,\"a\":2}"),
        ] {
            assert_eq!(of(method, &[], Some(body)).unwrap_err(), RequestError::Body, "{body}");
        }
        for bad in ["TRACE", "CONNECT", "OPTIONS", "GET ", ""] {
            assert_eq!(of(Some(bad), &[], None).unwrap_err(), RequestError::Method, "{bad}");
        }
        let of_bytes = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        assert!(of(None, &[], Some(&of_bytes(limits::X402_REQUEST_BYTES))).is_ok());
        let long = of_bytes(limits::X402_REQUEST_BYTES + 1);
        assert_eq!(of(None, &[], Some(&long)).unwrap_err(), RequestError::Body);
    }

    #[test]
    fn the_guard_stands_before_every_url() {
        for bad in ["http://shop.example/", "https://127.0.0.1/", "https://169.254.169.254/", "x"] {
            let refused = ResourceRequest::new(&guest(), None, bad, &[], None).unwrap_err();
            assert!(matches!(refused, RequestError::Url(_)), "{bad}");
        }
        // The owner's list may have been changed since the request was stored.
        let list = AllowList::parse("http://127.0.0.1:1").unwrap();
        let wide = GuestClient::new(Settings::default(), list);
        let stored = ResourceRequest::new(&wide, None, "http://127.0.0.1:1/x", &[], None).unwrap();
        assert!(stored.parts(&wide).is_ok() && stored.parts(&guest()).is_err());
    }
}
