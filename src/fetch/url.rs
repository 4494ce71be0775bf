//! URLs the operator set: parsed once, checked once.
//!
//! A path or a query may hold a provider's key and the user part a password. This module must never show more of a URL
//! than its origin.

use std::fmt;

use reqwest::Url;

use crate::limits;

/// Where HTTP requests go. `Display` and `Debug` show the origin alone.
#[derive(Clone, Eq, PartialEq)]
pub struct BaseUrl(Url);

/// Where a websocket is. `Display` and `Debug` show the origin alone.
#[derive(Clone, Eq, PartialEq)]
pub struct SocketUrl(Url);

/// Whether a URL may be without TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlainText {
    /// On this machine only.
    Loopback,
    /// Anywhere: the operator said so, for instance for a node in the same house.
    Anywhere,
}

/// Why a text is no usable URL. Never quotes the text, which may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// More bytes than a URL may have.
    #[error("the URL has {found} bytes, at most {} are accepted", limits::URL_BYTES)]
    TooLong {
        /// Bytes of the text.
        found: usize,
    },
    /// No URL, or one without a host.
    #[error("this is no URL: a scheme, `://` and a host are needed")]
    Malformed,
    /// Another scheme than those spoken here.
    #[error("the URL must start with {expected}://")]
    Scheme {
        /// The scheme with TLS.
        expected: &'static str,
    },
    /// Without TLS to another machine.
    #[error("the URL is not encrypted and leaves this machine: {expected}:// is needed")]
    NotEncrypted {
        /// The scheme with TLS.
        expected: &'static str,
    },
    /// A part after `#`, which is never sent.
    #[error("the URL has a part after #, which would never be sent")]
    Fragment,
}

impl BaseUrl {
    /// Reads an `https://` URL, or an `http://` one where `plain` lets it.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str, plain: PlainText) -> Result<Self, UrlError> {
        parse(text, "https", "http", plain).map(Self)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        origin(&self.0)
    }

    /// Whether it stays on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The place `path` below this one, with `query` after it. Values are percent-encoded, so that none of them can
    /// name another place.
    #[must_use]
    pub fn below(&self, path: &'static str, query: &[(&str, &str)]) -> Self {
        let mut url = self.0.clone();
        // Only a URL that cannot have a path refuses, and no such URL was let in.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Self(url)
    }

    /// The place below this one that `segments` lead to. Each is percent-encoded, so that none can name another place;
    /// `.` and `..` are left out.
    #[must_use]
    pub fn with_segments(&self, segments: &[&str]) -> Self {
        let mut url = self.0.clone();
        // Only a URL that cannot have a path refuses, and no such URL was let in.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Self(url)
    }

    /// The whole URL, credentials included: for sending only.
    pub(super) fn expose(&self) -> &Url {
        &self.0
    }
}

impl SocketUrl {
    /// Reads a `wss://` URL, or a `ws://` one where `plain` lets it.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str, plain: PlainText) -> Result<Self, UrlError> {
        parse(text, "wss", "ws", plain).map(Self)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        origin(&self.0)
    }

    /// The whole URL, credentials included: for connecting only.
    pub(crate) fn expose(&self) -> &Url {
        &self.0
    }
}

/// `Display` and `Debug` that show the origin alone.
macro_rules! shown_as_origin {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.origin())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.origin())
            }
        }
    };
}
shown_as_origin!(BaseUrl);
shown_as_origin!(SocketUrl);

fn parse(
    text: &str,
    encrypted: &'static str,
    open: &str,
    plain: PlainText,
) -> Result<Url, UrlError> {
    if text.len() > limits::URL_BYTES {
        return Err(UrlError::TooLong { found: text.len() });
    }
    let url = Url::parse(text).map_err(|_| UrlError::Malformed)?;
    if url.scheme() != encrypted && url.scheme() != open {
        return Err(UrlError::Scheme { expected: encrypted });
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UrlError::Malformed);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    let may_be_open = plain == PlainText::Anywhere || is_loopback(&url);
    if url.scheme() == open && !may_be_open {
        return Err(UrlError::NotEncrypted { expected: encrypted });
    }
    Ok(url)
}

pub(super) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{}://{host}:{port}/", url.scheme()),
        None => format!("{}://{host}/", url.scheme()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_origin_is_shown() {
        let text = "https://bob:hunter2@node.example/secret-path?key=secret-key";
        let url = BaseUrl::parse(text, PlainText::Loopback).unwrap();
        assert_eq!(url.to_string(), "https://node.example:443/");
        assert_eq!(format!("{url:?}"), "https://node.example:443/");
        assert!(url.expose().as_str().contains("secret-path?key=secret-key"));
        let url = SocketUrl::parse("ws://bob:hunter2@[::1]:7078/k", PlainText::Loopback).unwrap();
        assert_eq!(format!("{url:?} {url}"), "ws://[::1]:7078/ ws://[::1]:7078/");
    }

    #[test]
    fn a_value_names_no_other_place() {
        let base = BaseUrl::parse("https://a.example/pay/?k=1", PlainText::Loopback).unwrap();
        let url = base.below("api/order", &[("id", "../x?y=1&z#f/\u{e9} +")]);
        let expected = "https://a.example/pay/api/order?k=1&id=..%2Fx%3Fy%3D1%26z%23f%2F%C3%A9+%2B";
        assert_eq!(url.expose().as_str(), expected);
        let bare = BaseUrl::parse("https://a.example", PlainText::Loopback).unwrap();
        assert_eq!(bare.below("order", &[]).expose().as_str(), "https://a.example/order");
    }

    #[test]
    fn without_tls_only_on_this_machine_or_where_the_operator_said_so() {
        for here in [
            "http://localhost:7076",
            "http://127.0.0.1",
            "http://127.9.9.9:1",
            "http://[::1]:7076",
            "http://[::ffff:127.0.0.1]",
            "http://2130706433/",
        ] {
            assert!(BaseUrl::parse(here, PlainText::Loopback).unwrap().is_loopback(), "{here}");
        }
        for elsewhere in [
            "http://192.168.1.7:7076",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
            "http://[::]",
        ] {
            let refused = BaseUrl::parse(elsewhere, PlainText::Loopback);
            assert_eq!(refused, Err(UrlError::NotEncrypted { expected: "https" }), "{elsewhere}");
            assert!(!BaseUrl::parse(elsewhere, PlainText::Anywhere).unwrap().is_loopback());
        }
    }

    #[test]
    fn what_is_no_url_of_this_kind_is_refused_without_being_quoted() {
        let http = |text: &str| BaseUrl::parse(text, PlainText::Anywhere).unwrap_err();
        for text in
            ["", "node", "/path", "https://", "http://:80", "https://a b", "https://a:99999"]
        {
            assert_eq!(http(text), UrlError::Malformed, "{text}");
        }
        for text in ["ftp://a", "file:///etc/passwd", "ws://a", "data:,x", "localhost:7076"] {
            assert_eq!(http(text), UrlError::Scheme { expected: "https" }, "{text}");
        }
        assert_eq!(http("https://a/#hunter2"), UrlError::Fragment);
        assert!(!http("https://a/#hunter2").to_string().contains("hunter2"));
        let socket = SocketUrl::parse("http://a", PlainText::Anywhere);
        assert_eq!(socket, Err(UrlError::Scheme { expected: "wss" }));
    }

    #[test]
    fn a_url_has_an_end() {
        let of = |bytes: usize| format!("https://a/{}", "x".repeat(bytes - "https://a/".len()));
        assert!(BaseUrl::parse(&of(limits::URL_BYTES), PlainText::Loopback).is_ok());
        let found = limits::URL_BYTES + 1;
        let refused = BaseUrl::parse(&of(found), PlainText::Loopback);
        assert_eq!(refused, Err(UrlError::TooLong { found }));
    }
}
