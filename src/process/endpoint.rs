//! One URL the owner gave: parsed once, and shown without what may be secret in it.
//!
//! Public RPC services put keys into user, path or query. Those must never reach a log, the ledger, an error or the
//! screen; [`Endpoint::public`] is the only form for them.

use std::fmt;

use reqwest::Url;
use zeroize::Zeroizing;

use crate::limits;

/// A URL of a node, its websocket, or a work server.
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    url: Zeroizing<String>,
    public: String,
}

/// What is spoken at a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaks {
    /// `http` or `https`.
    Http,
    /// `ws` or `wss`.
    WebSocket,
}

/// Why a URL is not accepted. Never repeats it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL.
    #[error("it is no URL")]
    Malformed,
    /// It is longer than [`limits::ENDPOINT_BYTES`].
    #[error("it has {found} bytes; at most {max} fit", max = limits::ENDPOINT_BYTES)]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// It has another scheme.
    #[error("it must begin with {0}")]
    Scheme(&'static str),
    /// Nobody would see a change on the way.
    #[error("it is not encrypted; that is for this machine and private addresses only: use {0}")]
    Plain(&'static str),
    /// It has a part after `#`, which is never sent.
    #[error("it has a part after #")]
    Fragment,
}

impl Endpoint {
    /// Reads a URL. Unencrypted ones lead to this machine or a private address only.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str, speaks: Speaks) -> Result<Self, EndpointError> {
        if text.len() > limits::ENDPOINT_BYTES {
            return Err(EndpointError::TooLong { found: text.len() });
        }
        let url = Url::parse(text.trim()).map_err(|_| EndpointError::Malformed)?;
        let (plain, sealed, words) = match speaks {
            Speaks::Http => ("http", "https", "http:// or https://"),
            Speaks::WebSocket => ("ws", "wss", "ws:// or wss://"),
        };
        if url.scheme() != plain && url.scheme() != sealed {
            return Err(EndpointError::Scheme(words));
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        let host = url.host_str().unwrap_or_default();
        if url.scheme() == plain && !is_private(host) {
            return Err(EndpointError::Plain(sealed));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let rest = if is_bare { "" } else { HIDDEN };
        let public = format!("{}://{host}{port}/{rest}", url.scheme());
        Ok(Self { url: Zeroizing::new(url.into()), public })
    }

    /// The whole URL, for connecting and for the file beside the ledger.
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// The websocket one port further, where a served sandbox has it; `None` without a port or after the last.
    pub fn next_port(&self) -> Option<Self> {
        let mut url = self.further(1)?;
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).ok()?;
        Self::parse(url.as_str(), Speaks::WebSocket).ok()
    }

    /// The service so many ports further, as [`Self::next_port`].
    pub fn port_after(&self, places: u16) -> Option<Self> {
        Self::parse(self.further(places)?.as_str(), Speaks::Http).ok()
    }

    fn further(&self, places: u16) -> Option<Url> {
        let mut url = Url::parse(&self.url).ok()?;
        let port = url.port()?.checked_add(places)?;
        url.set_port(Some(port)).ok()?;
        Some(url)
    }

    /// Scheme, host and port, and a mark where more follows.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Whether there is more to it than is shown.
    pub fn hides(&self) -> bool {
        self.public.ends_with(HIDDEN)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

/// This machine, an address of a private network, or a name that only such a network resolves.
fn is_private(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local"),
    }
}

const HIDDEN: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for text in [
            "https://user:hunter2@rpc.example/",
            "https://rpc.example/hunter2",
            "https://rpc.example/?key=hunter2",
        ] {
            let endpoint = Endpoint::parse(text, Speaks::Http).unwrap();
            assert_eq!(endpoint.public(), "https://rpc.example/…");
            assert_eq!(format!("{endpoint} {endpoint:?}").matches("hunter2").count(), 0);
            assert!(endpoint.hides() && endpoint.expose().contains("hunter2"));
        }
        let bare = Endpoint::parse(" http://[::1]:7076 ", Speaks::Http).unwrap();
        assert_eq!((bare.public(), bare.hides()), ("http://[::1]:7076/", false));
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_not_repeated() {
        let long = format!("https://a/{}", "x".repeat(limits::ENDPOINT_BYTES - 10));
        assert!(Endpoint::parse(&long, Speaks::Http).is_ok());
        for (text, speaks) in [
            ("", Speaks::Http),
            ("node", Speaks::Http),
            ("ws://localhost:7078", Speaks::Http),
            ("http://localhost:7078", Speaks::WebSocket),
            ("http://rpc.example:7076", Speaks::Http),
            ("http://8.8.8.8/hunter2", Speaks::Http),
            ("http://127.0.0.1.evil.example/", Speaks::Http),
            ("file:///etc/passwd", Speaks::Http),
            ("https://rpc.example/#hunter2", Speaks::Http),
            (&format!("{long}x"), Speaks::Http),
        ] {
            let error = Endpoint::parse(text, speaks).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{text}");
        }
        for text in ["ws://10.0.0.7:7078", "ws://192.168.1.2", "wss://node.example"] {
            assert!(Endpoint::parse(text, Speaks::WebSocket).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_a_served_sandbox_has_beside_is_some_ports_further() {
        let parse = |text: &str| Endpoint::parse(text, Speaks::Http).unwrap();
        let served = parse("http://127.0.0.1:47100");
        assert_eq!(served.port_after(10).unwrap().public(), "http://127.0.0.1:47110/");
        assert_eq!(served.next_port().unwrap().public(), "ws://127.0.0.1:47101/");
        assert!(parse("http://127.0.0.1:65526").port_after(9).is_some());
        assert!(parse("http://127.0.0.1:65526").port_after(10).is_none());
        assert!(parse("http://127.0.0.1").port_after(10).is_none());
    }
}
