//! URLs that an agent or another stranger chose: which of them may be asked at all.
//!
//! This module must never let a URL through to this machine, its network or a cloud's metadata service, other than an
//! origin on the operator's list, nor one without TLS, with a user part, or at a port where no web server stands.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use super::WebPlace;
use super::public::is_public;
use super::url::origin;
use crate::limits;

/// The operator's exceptions: origins that may be private or without TLS (`PAYWARDEN_FETCH_ALLOW`).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AllowList(BTreeSet<String>);

/// A URL that may be asked. `Display` and `Debug` show the origin alone.
#[derive(Clone, Eq, PartialEq)]
pub struct GuestUrl {
    pub(super) url: Url,
    /// On the operator's list, so its addresses are not looked at.
    pub(super) is_allowed: bool,
}

/// Why a URL is not asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GuardError {
    /// More bytes than a URL may have.
    #[error("the URL has {found} bytes, at most {} are accepted", limits::URL_BYTES)]
    TooLong {
        /// Bytes of the text.
        found: usize,
    },
    /// No `https://` URL with a host.
    #[error("this is no URL with https:// and a host")]
    Malformed,
    /// Another scheme than https, at an origin that is not on the list.
    #[error("{origin} is asked by https:// only")]
    NotEncrypted {
        /// Scheme, host and port.
        origin: String,
    },
    /// A name or password before the host.
    #[error("a URL with a user name or a password in it is not used")]
    UserPart,
    /// A port where other things than web servers stand.
    #[error("{origin} is not asked: ports below 1024 other than 443 are for other services")]
    Port {
        /// Scheme, host and port.
        origin: String,
    },
    /// The address is of this machine, of a private network, or special.
    #[error("{host} is at {address}, which is not on the public Internet")]
    NotPublic {
        /// The host of the URL.
        host: String,
        /// The first such address.
        address: IpAddr,
    },
}

/// Why an entry of the list is not understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AllowListError {
    /// Not `scheme://host[:port]` alone.
    #[error("entry {place} of the fetch allow-list is no origin such as http://127.0.0.1:8080")]
    Entry {
        /// Which entry, from 1.
        place: usize,
    },
    /// More entries than the list holds.
    #[error("the fetch allow-list has {found} entries, at most {} fit", limits::FETCH_ALLOWED)]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

impl AllowList {
    /// Reads a comma list of origins; an empty text allows nothing.
    ///
    /// # Errors
    /// [`AllowListError`].
    pub fn parse(text: &str) -> Result<Self, AllowListError> {
        let entries: Vec<&str> = match text.trim() {
            "" => Vec::new(),
            text => text.split(',').map(str::trim).collect(),
        };
        if entries.len() > limits::FETCH_ALLOWED {
            return Err(AllowListError::TooMany { found: entries.len() });
        }
        let read = |(index, entry): (usize, &&str)| {
            let url = Url::parse(entry).ok().filter(is_origin_alone);
            url.map(|url| origin(&url)).ok_or(AllowListError::Entry { place: index + 1 })
        };
        entries.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The origins, in order.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `other` allows all that this list does.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What either list allows.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Checks a URL; its name is looked up and its addresses are checked only when it is asked.
    ///
    /// # Errors
    /// [`GuardError`].
    pub fn check(&self, text: &str) -> Result<GuestUrl, GuardError> {
        if text.len() > limits::URL_BYTES {
            return Err(GuardError::TooLong { found: text.len() });
        }
        self.check_url(Url::parse(text).map_err(|_| GuardError::Malformed)?)
    }

    pub(super) fn check_url(&self, mut url: Url) -> Result<GuestUrl, GuardError> {
        let is_web = matches!(url.scheme(), "https" | "http");
        if !is_web || url.host_str().is_none_or(str::is_empty) {
            return Err(GuardError::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GuardError::UserPart);
        }
        // Never sent anyway.
        url.set_fragment(None);
        let origin = origin(&url);
        if self.0.contains(&origin) {
            return Ok(GuestUrl { url, is_allowed: true });
        }
        if url.scheme() != "https" {
            return Err(GuardError::NotEncrypted { origin });
        }
        if url.port_or_known_default().is_none_or(|port| port != HTTPS && port < FIRST_FREE_PORT) {
            return Err(GuardError::Port { origin });
        }
        if let Some(address) = literal_address(&url).filter(|address| !is_public(*address)) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(GuardError::NotPublic { host, address });
        }
        Ok(GuestUrl { url, is_allowed: false })
    }
}

impl GuestUrl {
    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        origin(&self.url)
    }

    /// The place below this one that `segments` lead to, at the same origin. Each is percent-encoded; the query is
    /// dropped.
    #[must_use]
    pub fn with_segments(&self, segments: &[&str]) -> Self {
        let mut url = self.url.clone();
        url.set_query(None);
        // Only a URL that cannot have a path refuses, and no such URL was let in.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Self { url, is_allowed: self.is_allowed }
    }

    /// The same without its query, for comparing and for showing.
    ///
    /// # Panics
    /// Never: a URL that may be asked has a host and no user part.
    pub fn place(&self) -> WebPlace {
        WebPlace::of(&self.url).expect("a URL that may be asked is a place on the web")
    }
}

impl fmt::Display for GuestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl fmt::Debug for GuestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

fn is_origin_alone(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
}

/// The address of a host that is written as one. The URL parser has brought every spelling (octal, hexadecimal, one
/// number) into the usual form by now.
fn literal_address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

const HTTPS: u16 = 443;
const FIRST_FREE_PORT: u16 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> GuardError {
        AllowList::default().check(text).expect_err(text)
    }

    #[test]
    fn what_is_public_and_encrypted_passes() {
        for text in [
            "https://shop.example/cart?x=1#here",
            "HTTPS://SHOP.EXAMPLE",
            "https://shop.example:8443/",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(AllowList::default().check(text).is_ok(), "{text}");
        }
        let url = AllowList::default().check("https://shop.example/secret?k=secret#x").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://shop.example:443/ https://shop.example:443/");
        assert_eq!(url.url.fragment(), None);
    }

    #[test]
    fn every_spelling_of_a_hidden_address_is_seen() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://10.0.0.1:8443/",
        ] {
            assert!(matches!(refused(text), GuardError::NotPublic { .. }), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        let malformed = ["", "shop.example", "//shop.example", "https://", "file:///etc/passwd"];
        for text in malformed.into_iter().chain(["gopher://a.example/", "data:,x", "javascript:1"])
        {
            assert_eq!(refused(text), GuardError::Malformed, "{text}");
        }
        assert!(matches!(refused("http://shop.example/"), GuardError::NotEncrypted { .. }));
        for text in ["https://a@shop.example/", "https://a:b@shop.example/", "https://:b@x.example"]
        {
            assert_eq!(refused(text), GuardError::UserPart, "{text}");
        }
        for port in [1, 22, 25, 80, 442, 444, 1023] {
            let text = format!("https://shop.example:{port}/");
            assert!(matches!(refused(&text), GuardError::Port { .. }), "{text}");
        }
        assert!(AllowList::default().check("https://shop.example:1024/").is_ok());
    }

    #[test]
    fn the_list_opens_exactly_its_origins() {
        let list = AllowList::parse(" http://127.0.0.1:8080 ,https://Shop.lan").unwrap();
        for text in ["http://127.0.0.1:8080/x?y", "http://127.1:8080/", "https://shop.lan:443/"] {
            assert!(list.check(text).unwrap().is_allowed, "{text}");
        }
        for text in [
            "http://127.0.0.1:8081/",
            "https://127.0.0.1:8080/",
            "http://127.0.0.1/",
            "http://shop.lan/",
            "http://a@127.0.0.1:8080/",
        ] {
            assert!(list.check(text).is_err(), "{text}");
        }
        for bad in ["shop", "http://a/x", "http://a?x", "http://u@a", "http://a,", "ftp://a", ","] {
            assert!(matches!(AllowList::parse(bad), Err(AllowListError::Entry { .. })), "{bad}");
        }
        assert_eq!(AllowList::parse(" "), Ok(AllowList::default()));
    }

    #[test]
    fn the_list_and_a_url_have_an_end() {
        let of = |count: usize| vec!["http://a"; count].join(",");
        assert!(AllowList::parse(&of(limits::FETCH_ALLOWED)).is_ok());
        let found = limits::FETCH_ALLOWED + 1;
        assert_eq!(AllowList::parse(&of(found)), Err(AllowListError::TooMany { found }));
        let long = |bytes: usize| format!("https://a/{}", "x".repeat(bytes - "https://a/".len()));
        assert!(AllowList::default().check(&long(limits::URL_BYTES)).is_ok());
        let found = limits::URL_BYTES + 1;
        assert_eq!(refused(&long(found)), GuardError::TooLong { found });
    }
}
