//! Under which names a port may be spoken to, and from which pages.
//!
//! A page of another site can make a browser send requests here, and can have its own name lead to this machine. It
//! must never get past this: a name nobody gave this port is refused, and so is every request that a page made which
//! was not served from this very port.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::failure::Failure;

/// The names of one port.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    bound: IpAddr,
    public: Option<String>,
}

impl Hosts {
    /// Those of a port that listens at `address`, and the one it is known by outside.
    pub(super) fn new(address: SocketAddr, public: Option<&str>) -> Self {
        Self { bound: address.ip(), public: public.map(str::to_ascii_lowercase) }
    }

    /// Whether a request with these headers may be looked at.
    ///
    /// # Errors
    /// `HOST_REFUSED` or `ORIGIN_REFUSED`.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let host = single(headers, &header::HOST).map_err(|()| host_refused())?;
        let host = host.ok_or_else(host_refused)?.to_ascii_lowercase();
        if !self.is_ours(name_of(&host)) {
            return Err(host_refused());
        }
        let origin = single(headers, &header::ORIGIN).map_err(|()| origin_refused())?;
        if origin.is_some_and(|origin| !is_same(origin, &host)) {
            return Err(origin_refused());
        }
        let site = single(headers, &SEC_FETCH_SITE).map_err(|()| origin_refused())?;
        match site {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) => Err(origin_refused()),
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        if self.public.as_deref() == Some(name) || name == "localhost" {
            return true;
        }
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let Ok(address) = bare.parse::<IpAddr>() else { return false };
        // No name leads to an address that is written out, so none can be bent to lead here.
        address.is_loopback() || !self.bound.is_loopback()
    }
}

/// The name in `name:port`.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_same(origin: &str, host: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    origin.strip_prefix("http://").is_some_and(|rest| rest == host)
}

/// The one value of a header; two of them are nothing any honest client sends.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(drop),
        (Some(_), Some(_)) => Err(()),
    }
}

fn host_refused() -> Failure {
    Failure::refused("HOST_REFUSED", "this port is not known by the name in the Host header")
        .hint("Use 127.0.0.1 or localhost; PAYWARDEN_WEBHOOK_HOST names the host of the webhooks")
}

fn origin_refused() -> Failure {
    let message = "this request was made by a page of another origin";
    Failure::refused("ORIGIN_REFUSED", message)
        .hint("Only programs and the page of this very port may ask here")
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn code(hosts: &Hosts, fields: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        hosts.check(&headers).map_or_else(|failure| failure.code.into_owned(), |()| "OK".to_owned())
    }

    fn loopback() -> Hosts {
        Hosts::new("127.0.0.1:4023".parse().unwrap(), None)
    }

    #[test]
    fn names_that_were_not_given_are_refused() {
        for ours in ["127.0.0.1:4023", "localhost:4023", "LOCALHOST", "[::1]:4023", "127.0.0.1"] {
            assert_eq!(code(&loopback(), &[("host", ours)]), "OK", "{ours}");
        }
        for other in [
            "evil.example:4023",
            "127.0.0.1.evil.example",
            "localhost.evil.example:4023",
            "192.168.1.2:4023",
            "0.0.0.0:4023",
            "[::ffff:10.0.0.1]:4023",
            "hooks.example",
            "",
        ] {
            assert_eq!(code(&loopback(), &[("host", other)]), "HOST_REFUSED", "{other}");
        }
        assert_eq!(code(&loopback(), &[]), "HOST_REFUSED");
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(code(&loopback(), &twice), "HOST_REFUSED");
    }

    #[test]
    fn a_port_open_to_others_is_reached_by_address_or_by_its_public_name() {
        let open = Hosts::new("0.0.0.0:4025".parse().unwrap(), Some("Hooks.example"));
        for ours in ["192.168.1.2:4025", "hooks.example", "hooks.example:443", "127.0.0.1"] {
            assert_eq!(code(&open, &[("host", ours)]), "OK", "{ours}");
        }
        assert_eq!(code(&open, &[("host", "evil.example")]), "HOST_REFUSED");
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:4023");
        assert_eq!(code(&loopback(), &[host, ("origin", "http://127.0.0.1:4023")]), "OK");
        for other in [
            "null",
            "https://evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:9999",
            "http://localhost:4023",
            "https://127.0.0.1:4023",
            "",
        ] {
            assert_eq!(code(&loopback(), &[host, ("origin", other)]), "ORIGIN_REFUSED", "{other}");
        }
        for (site, wanted) in [
            ("none", "OK"),
            ("same-origin", "OK"),
            ("same-site", "ORIGIN_REFUSED"),
            ("cross-site", "ORIGIN_REFUSED"),
            ("", "ORIGIN_REFUSED"),
        ] {
            assert_eq!(code(&loopback(), &[host, ("sec-fetch-site", site)]), wanted, "{site}");
        }
    }
}
