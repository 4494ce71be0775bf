//! A merchant's endpoint in the one form it is compared in.
//!
//! Two spellings of one place must compare equal and two places never: the owner's word on a merchant holds for one
//! place alone.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::limits;

/// Scheme, host, port and path, without a slash at its end.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct MerchantUrl {
    text: String,
    host: String,
}

/// The text is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a merchant's endpoint is an http(s) URL of at most {} bytes without a query, a fragment and a user name",
    limits::URL_BYTES
)]
pub struct MerchantUrlError;

impl MerchantUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for MerchantUrl {
    type Err = MerchantUrlError;

    fn from_str(text: &str) -> Result<Self, MerchantUrlError> {
        let url = Url::parse(text).ok().filter(|_| text.len() <= limits::URL_BYTES);
        let url = url.ok_or(MerchantUrlError)?;
        let is_plain = matches!(url.scheme(), "https" | "http")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host_str().filter(|host| !host.is_empty() && is_plain);
        let host = host.ok_or(MerchantUrlError)?.to_owned();
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), host })
    }
}

impl fmt::Display for MerchantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for MerchantUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_place_are_one() {
        let read = |text: &str| text.parse::<MerchantUrl>().unwrap();
        for text in [
            "https://Shop.Example:443/acp/",
            "HTTPS://shop.example/acp",
            "https://shop.example/x/../acp",
        ] {
            assert_eq!(read(text), read("https://shop.example/acp"), "{text}");
        }
        for other in [
            "https://shop.example",
            "http://shop.example/acp",
            "https://shop.example:444/acp",
            "https://shop.example/acp/v2",
        ] {
            assert_ne!(read(other), read("https://shop.example/acp"), "{other}");
        }
        assert_eq!(read("https://Shop.Example/").host(), "shop.example");
        let long = |bytes: usize| format!("https://a/{}", "x".repeat(bytes - 10));
        assert!(long(limits::URL_BYTES).parse::<MerchantUrl>().is_ok());
        let too_long = long(limits::URL_BYTES + 1);
        for bad in [
            "",
            "shop.example",
            "ftp://a",
            "https://a?x",
            "https://a#x",
            "https://u@a",
            "https://:p@a",
            &too_long,
        ] {
            assert!(bad.parse::<MerchantUrl>().is_err(), "{bad}");
        }
    }
}
