//! What a user pastes to name a payment request: a link, a short id, a nick.
//!
//! This module must never fetch a link, nor take a host for Nicky's that only looks like it.

use std::str::FromStr;

use crate::limits;
use crate::providers::Opaque;

/// What a text refers to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reference {
    /// A payment request.
    Request {
        /// Its short id.
        short_id: Opaque,
        /// Whose page the link was of; nothing in Nicky's answers can be compared with it.
        receiver_short_id: Option<Opaque>,
    },
    /// A short id or somebody's nick: only Nicky knows which.
    ShortIdOrNick(Opaque),
}

/// Why a text refers to no payment request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LinkError {
    /// A link to another place, or one that only looks like Nicky's.
    #[error("this is no link to https://pay.nicky.me/")]
    OtherHost,
    /// A person's page, which names no request.
    #[error(
        "this is the page of a person, not of a payment request; ask for the link of the request, \
         such as https://pay.nicky.me/payment-report/ABCDE?paymentId=VWXYZ"
    )]
    Profile,
    /// A link to a page that shows requests, without the request.
    #[error("the link names no payment request: its paymentId is missing or there are several")]
    NoPaymentId,
    /// Not 4 to 32 letters, digits, - or _.
    #[error("a Nicky id has 4 to 32 letters, digits, - or _")]
    Malformed,
}

impl FromStr for Reference {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > limits::URL_BYTES || !text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(LinkError::Malformed);
        }
        if let Some(id) = text.strip_prefix('#').or_else(|| after_word(text)) {
            let id = id.trim().trim_start_matches('#');
            return Ok(Self::Request { short_id: id_of(id)?, receiver_short_id: None });
        }
        match place(text)? {
            Some(place) => from_place(place),
            None => id_of(text).map(Self::ShortIdOrNick),
        }
    }
}

/// The canonical link to a person's page (seeds/002, URL formats).
pub fn profile_url(short_id: &Opaque) -> String {
    format!("https://{HOST}/s/{short_id}")
}

/// The canonical link to a payment request (seeds/002, URL formats).
pub fn payment_request_url(receiver_short_id: &Opaque, short_id: &Opaque) -> String {
    format!("https://{HOST}/payment-report/{receiver_short_id}?paymentId={short_id}")
}

/// `request VWXYZ`.
fn after_word(text: &str) -> Option<&str> {
    let (word, id) = text.split_once(' ')?;
    word.eq_ignore_ascii_case("request").then_some(id)
}

/// Path and query of a link; `None` if the text is none.
fn place(text: &str) -> Result<Option<&str>, LinkError> {
    if text.contains(['\\', ' ']) {
        return Err(LinkError::OtherHost);
    }
    let after_scheme = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => Some(rest),
        Some(_) => return Err(LinkError::OtherHost),
        None => None,
    };
    // A path alone, as a user copies it; two slashes would begin a host.
    if after_scheme.is_none() && text.starts_with('/') && !text.starts_with("//") {
        return Ok(Some(text));
    }
    if after_scheme.is_none() && !text.contains(['/', '.', ':', '@', '?']) {
        return Ok(None);
    }
    let rest = after_scheme.unwrap_or(text);
    let (host, place) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.eq_ignore_ascii_case(HOST) { Ok(Some(place)) } else { Err(LinkError::OtherHost) }
}

fn from_place(place: &str) -> Result<Reference, LinkError> {
    let place = place.split('#').next().unwrap_or_default();
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        ["payment-report", receiver] => {
            let receiver_short_id = Some(id_of(receiver)?);
            Ok(Reference::Request { short_id: payment_id(query)?, receiver_short_id })
        }
        ["home" | "payment-report"] => {
            Ok(Reference::Request { short_id: payment_id(query)?, receiver_short_id: None })
        }
        ["s" | "e" | "d", _] => Err(LinkError::Profile),
        [id] => id_of(id).map(Reference::ShortIdOrNick),
        _ => Err(LinkError::NoPaymentId),
    }
}

/// The one `paymentId` of a query.
fn payment_id(query: &str) -> Result<Opaque, LinkError> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("paymentId"));
    match (found.next(), found.next()) {
        (Some((_, id)), None) => id_of(&percent_decoded(id)?),
        _ => Err(LinkError::NoPaymentId),
    }
}

/// Decoded once: what is still encoded then is no id.
fn percent_decoded(text: &str) -> Result<String, LinkError> {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(LinkError::Malformed)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        decoded.push(char::from(byte.ok_or(LinkError::Malformed)?));
        decoded.push_str(rest);
    }
    Ok(decoded)
}

/// Case is kept, and no length is insisted on: the documents do not agree with themselves (C1).
fn id_of(text: &str) -> Result<Opaque, LinkError> {
    let is_id = (ID_CHARS_MIN..=ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    text.parse().ok().filter(|_| is_id).ok_or(LinkError::Malformed)
}

const HOST: &str = "pay.nicky.me";
const ID_CHARS_MIN: usize = 4;
const ID_CHARS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Opaque {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_a_request_is_read() {
        let request = |receiver: Option<&str>| Reference::Request {
            short_id: id("VWXYZ"),
            receiver_short_id: receiver.map(id),
        };
        let cases = [
            ("https://pay.nicky.me/payment-report/ABCDE?paymentId=VWXYZ", request(Some("ABCDE"))),
            (
                "HTTPS://PAY.NICKY.ME/payment-report/ABCDE/?a=1&PAYMENTID=VWXYZ#x",
                request(Some("ABCDE")),
            ),
            ("pay.nicky.me/payment-report/ABCDE?paymentId=V%57XYZ", request(Some("ABCDE"))),
            ("/payment-report/ABCDE?paymentId=VWXYZ", request(Some("ABCDE"))),
            ("https://pay.nicky.me/home?paymentId=VWXYZ", request(None)),
            ("/home/?paymentId=VWXYZ", request(None)),
            ("#VWXYZ", request(None)),
            ("request VWXYZ", request(None)),
            ("Request #VWXYZ", request(None)),
            ("https://pay.nicky.me/VWXYZ", Reference::ShortIdOrNick(id("VWXYZ"))),
            ("/VWXYZ", Reference::ShortIdOrNick(id("VWXYZ"))),
            (" VWXYZ\n", Reference::ShortIdOrNick(id("VWXYZ"))),
            ("alice_1", Reference::ShortIdOrNick(id("alice_1"))),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_profile_is_explained() {
        for text in [
            "https://pay.nicky.me/s/ABCDE",
            "https://pay.nicky.me/e/alice@example.org",
            "pay.nicky.me/d/example.org/",
        ] {
            assert_eq!(text.parse::<Reference>(), Err(LinkError::Profile), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_nicky_is_refused() {
        for text in [
            "http://pay.nicky.me/VWXYZ",
            "ftp://pay.nicky.me/VWXYZ",
            "https://pay.nicky.me.evil.example/VWXYZ",
            "https://pay-nicky.me/VWXYZ",
            "https://evil.example/pay.nicky.me/VWXYZ",
            "https://pay.nicky.me@evil.example/VWXYZ",
            "https://user@pay.nicky.me/VWXYZ",
            "https://pay.nicky.me:443/VWXYZ",
            "https://pay.nicky.me:8443/VWXYZ",
            "https://pay.nicky.me./VWXYZ",
            "https://xn--pay-nicky.me/VWXYZ",
            "https:\\\\pay.nicky.me\\VWXYZ",
            "https://evil.example?paymentId=VWXYZ",
            "https://evil.example#pay.nicky.me/VWXYZ",
            "//pay.nicky.me/VWXYZ",
            "//evil.example/VWXYZ",
            "nicky.me/VWXYZ",
            "javascript:alert(1)",
        ] {
            assert_eq!(text.parse::<Reference>(), Err(LinkError::OtherHost), "{text}");
        }
        assert!("https://pаy.nicky.me/VWXYZ".parse::<Reference>().is_err(), "a Cyrillic letter");
    }

    #[test]
    fn what_names_no_request_is_refused() {
        for text in [
            "https://pay.nicky.me/",
            "https://pay.nicky.me",
            "/home",
            "/home?paymentId=VWXYZ&paymentId=ABCDE",
            "/payment-report/ABCDE",
            "/a/b/c?paymentId=VWXYZ",
        ] {
            assert_eq!(text.parse::<Reference>(), Err(LinkError::NoPaymentId), "{text}");
        }
        for text in [
            "",
            "#",
            "abc",
            "a b",
            "/home?paymentId=",
            "/home?paymentId=%2e%2e%2f%2e",
            "/home?paymentId=V%2557XYZ",
            "/home?paymentId=VWX%5",
            "VWXYZ\u{202e}",
            "../etc",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert!("x".repeat(ID_CHARS_MAX).parse::<Reference>().is_ok());
        assert!("x".repeat(ID_CHARS_MAX + 1).parse::<Reference>().is_err());
        assert!("x".repeat(ID_CHARS_MIN).parse::<Reference>().is_ok());
        assert!("x".repeat(ID_CHARS_MIN - 1).parse::<Reference>().is_err());
    }

    #[test]
    fn links_are_shown_in_their_canonical_form() {
        assert_eq!(profile_url(&id("ABCDE")), "https://pay.nicky.me/s/ABCDE");
        let url = payment_request_url(&id("ABCDE"), &id("VWXYZ"));
        assert_eq!(url, "https://pay.nicky.me/payment-report/ABCDE?paymentId=VWXYZ");
        assert!(matches!(url.parse(), Ok(Reference::Request { .. })));
    }
}
