//! Settings of `paywarden serve`: where it listens, and the token of its control port.
//!
//! The token must never come from a flag, which every process on the machine can read, nor be shown.

use std::net::SocketAddr;

use super::{Environment, Sources, invalid};
use crate::failure::Failure;
use crate::limits::{CONTROL_TOKEN_CHARS_MAX, CONTROL_TOKEN_CHARS_MIN};
use crate::secret::Secret;

/// What flags said of the ports; `None` where they said nothing.
#[derive(Clone, Debug, Default)]
pub struct HttpFlags {
    /// `--http-listen-addr`.
    pub http: Option<String>,
    /// `--pay-addr`.
    pub pay: Option<String>,
    /// `--control-addr`.
    pub control: Option<String>,
    /// `--mcp-addr`.
    pub mcp: Option<String>,
    /// `--webhook-addr`.
    pub webhook: Option<String>,
    /// `--webhook-host`.
    pub webhook_host: Option<String>,
}

/// Where to listen; `None` for a port that is off.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The agent's HTTP API of seeds/001.
    pub http: Option<SocketAddr>,
    /// `POST /pay` of seeds/004.
    pub pay: Option<SocketAddr>,
    /// The owner's control API and page.
    pub control: Option<SocketAddr>,
    /// MCP over HTTP.
    pub mcp: Option<SocketAddr>,
    /// Webhooks of providers.
    pub webhook: Option<SocketAddr>,
    /// The name under which the webhook's port is reached from outside.
    pub webhook_host: Option<String>,
    /// The owner's own control token.
    pub control_token: Option<Secret>,
}

impl HttpSettings {
    pub(super) fn load(
        sources: &mut Sources<'_>,
        flags: &HttpFlags,
        environment: &dyn Environment,
    ) -> Result<Self, Failure> {
        let mut address = |name, flag: &Option<String>, default| {
            let taken = sources.take(name, flag.clone(), default);
            taken.parse("an IP address with a port, such as 127.0.0.1:4023, or off", parse_address)
        };
        Ok(Self {
            http: address("http_listen_addr", &flags.http, HTTP)?,
            pay: address("pay_addr", &flags.pay, PAY)?,
            control: address("control_addr", &flags.control, CONTROL)?,
            mcp: address("mcp_addr", &flags.mcp, MCP)?,
            webhook: address("webhook_addr", &flags.webhook, OFF)?,
            webhook_host: sources
                .take("webhook_host", flags.webhook_host.clone(), NONE)
                .parse("a host name, such as hooks.example, or none", parse_host)?,
            control_token: control_token(environment)?,
        })
    }

    /// Looks at every source and judges nothing.
    pub(super) fn survey(sources: &mut Sources<'_>, flags: &HttpFlags) {
        sources.take("http_listen_addr", flags.http.clone(), HTTP);
        sources.take("pay_addr", flags.pay.clone(), PAY);
        sources.take("control_addr", flags.control.clone(), CONTROL);
        sources.take("mcp_addr", flags.mcp.clone(), MCP);
        sources.take("webhook_addr", flags.webhook.clone(), OFF);
        sources.take("webhook_host", flags.webhook_host.clone(), NONE);
    }
}

fn parse_address(text: &str) -> Option<Option<SocketAddr>> {
    if text == OFF {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

fn parse_host(text: &str) -> Option<Option<String>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    match text {
        NONE => Some(None),
        _ if !text.is_empty() && text.len() <= 253 && text.chars().all(is_name) => {
            Some(Some(text.to_ascii_lowercase()))
        }
        _ => None,
    }
}

/// A token of the owner's choice, from the environment or a file it names.
fn control_token(environment: &dyn Environment) -> Result<Option<Secret>, Failure> {
    let set = |name| environment.var(name).filter(|value| !value.is_empty());
    let token = match (set(TOKEN), set(TOKEN_FILE)) {
        (Some(text), _) => Secret::new(text),
        (None, Some(path)) => Secret::new(std::fs::read_to_string(&path).map_err(|error| {
            invalid(format!("the file {TOKEN_FILE} names cannot be read: {error}"))
        })?),
        (None, None) => return Ok(None),
    };
    let token = token.without_line_end();
    let (least, most) = (CONTROL_TOKEN_CHARS_MIN, CONTROL_TOKEN_CHARS_MAX);
    if (least..=most).contains(&token.length()) && token.is_visible_ascii() {
        return Ok(Some(token));
    }
    Err(invalid(format!(
        "the control token ({TOKEN}, {TOKEN_FILE}) has {} characters; it takes {least} to {most}, visible ASCII alone",
        token.length()
    )))
}

const HTTP: &str = "127.0.0.1:3123";
const PAY: &str = "127.0.0.1:4022";
const CONTROL: &str = "127.0.0.1:4023";
const MCP: &str = "127.0.0.1:4024";
const OFF: &str = "off";
const NONE: &str = "none";
const TOKEN: &str = "PAYWARDEN_CONTROL_TOKEN";
const TOKEN_FILE: &str = "PAYWARDEN_CONTROL_TOKEN_FILE";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    struct Fixed<'a>(&'a [(&'static str, &'a str)]);

    impl Environment for Fixed<'_> {
        fn var(&self, name: &str) -> Option<String> {
            let home = ("PAYWARDEN_HOME", "/nowhere/paywarden");
            let found = self.0.iter().chain([&home]).find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    fn load(vars: &[(&'static str, &str)]) -> Result<HttpSettings, Failure> {
        Config::load(&Flags::default(), &Fixed(vars)).map(|config| config.http)
    }

    #[test]
    fn the_ports_are_those_of_the_seeds_on_loopback() {
        let settings = load(&[]).unwrap();
        let text = |address: Option<SocketAddr>| address.unwrap().to_string();
        assert_eq!(text(settings.http), "127.0.0.1:3123");
        assert_eq!(text(settings.pay), "127.0.0.1:4022");
        assert_eq!(text(settings.control), "127.0.0.1:4023");
        assert_eq!(text(settings.mcp), "127.0.0.1:4024");
        assert!(settings.webhook.is_none() && settings.control_token.is_none());
        assert_eq!(load(&[("PAYWARDEN_PAY_ADDR", "off")]).unwrap().pay, None);
    }

    #[test]
    fn what_is_no_address_or_host_is_refused() {
        for wrong in ["4023", "localhost:4023", "127.0.0.1", "127.0.0.1:65536", "OFF", " "] {
            assert!(load(&[("PAYWARDEN_CONTROL_ADDR", wrong)]).is_err(), "{wrong}");
        }
        for wrong in ["a b", "http://hooks.example", "hooks.example:1", "hooks/"] {
            assert!(load(&[("PAYWARDEN_WEBHOOK_HOST", wrong)]).is_err(), "{wrong}");
        }
        let host = load(&[("PAYWARDEN_WEBHOOK_HOST", "Hooks.example")]).unwrap().webhook_host;
        assert_eq!(host.unwrap(), "hooks.example");
    }

    #[test]
    fn a_token_has_its_bounds_and_is_not_shown() {
        let token = |length: usize| "x".repeat(length);
        for good in [CONTROL_TOKEN_CHARS_MIN, CONTROL_TOKEN_CHARS_MAX] {
            let settings = load(&[("PAYWARDEN_CONTROL_TOKEN", &token(good))]).unwrap();
            assert!(settings.control_token.is_some());
            assert!(!format!("{settings:?}").contains("xxx"));
        }
        for bad in [1, CONTROL_TOKEN_CHARS_MIN - 1, CONTROL_TOKEN_CHARS_MAX + 1] {
            assert!(load(&[("PAYWARDEN_CONTROL_TOKEN", &token(bad))]).is_err(), "{bad}");
        }
        let spaced = "a token with spaces in it";
        assert!(load(&[("PAYWARDEN_CONTROL_TOKEN", spaced)]).is_err());
        assert!(load(&[("PAYWARDEN_CONTROL_TOKEN_FILE", "/nowhere/token")]).is_err());
    }
}
