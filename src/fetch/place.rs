//! Where on the web something stands, without its query: for comparing, and for naming whom is paid.
//!
//! This module must never keep a query, a fragment or a user part: they may hold a credential.

use std::fmt;

use reqwest::Url;

use crate::limits;

/// Scheme, host, port and path.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WebPlace {
    origin: String,
    host: String,
    path: String,
}

impl WebPlace {
    /// Reads an `http` or `https` URL; `None` for anything else, and for one with a user part.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > limits::URL_BYTES {
            return None;
        }
        Url::parse(text).ok().and_then(|url| Self::of(&url))
    }

    pub(super) fn of(url: &Url) -> Option<Self> {
        let is_web = matches!(url.scheme(), "https" | "http");
        let is_plain = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|host| is_web && is_plain && !host.is_empty())?;
        let origin = url.origin().ascii_serialization();
        Some(Self { origin, host: host.to_owned(), path: url.path().to_owned() })
    }

    /// Scheme and host, and the port where it is not the usual one.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, percent-encoded as it was written.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for WebPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        f.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_text_and_no_secret() {
        for text in [
            "https://shop.example/a?k=secret",
            "HTTPS://Shop.EXAMPLE:443/a#x",
            "https://shop.example/b/../a",
        ] {
            let place = WebPlace::parse(text).unwrap();
            assert_eq!(place.to_string(), "https://shop.example/a", "{text}");
            assert_eq!((place.host(), place.path()), ("shop.example", "/a"));
        }
        let other = WebPlace::parse("https://shop.example:8443").unwrap();
        assert_eq!(other.to_string(), "https://shop.example:8443/");
    }

    #[test]
    fn what_is_no_web_address_is_none() {
        for bad in ["", "/a", "shop.example/a", "ftp://a/", "https://", "https://u@a/", "data:,x"] {
            assert_eq!(WebPlace::parse(bad), None, "{bad}");
        }
        let long = |bytes: usize| format!("https://a/{}", "x".repeat(bytes - "https://a/".len()));
        assert!(WebPlace::parse(&long(limits::URL_BYTES)).is_some());
        assert!(WebPlace::parse(&long(limits::URL_BYTES + 1)).is_none());
    }
}
