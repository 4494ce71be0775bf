//! Links to Nanswap Pay's pages, as a user pastes them.
//!
//! This module must never fetch a link, nor take a host for Nanswap's that only looks like it.

use std::str::FromStr;

use crate::limits;
use crate::providers::Opaque;

/// The invoice a link names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvoiceLink(pub Opaque);

/// Why a text names no invoice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvoiceLinkError {
    /// A link to another place, or one that only looks like Nanswap's.
    #[error("this is no link to https://nanswap.com/pay/")]
    OtherHost,
    /// A page that makes an invoice, which whoever opens it can change.
    #[error("this page only makes an invoice when it is opened in a browser")]
    Hosted,
    /// No id.
    #[error("the link names no invoice")]
    Malformed,
}

impl FromStr for InvoiceLink {
    type Err = InvoiceLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > limits::URL_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvoiceLinkError::Malformed);
        }
        if !text.contains(['/', ':', '.', '@', '\\', '?', '#']) {
            return id_of(text);
        }
        let rest = text.strip_prefix("https://").unwrap_or(text);
        let place = HOSTS.iter().find_map(|host| {
            let (found, place) = rest.split_at_checked(host.len())?;
            found.eq_ignore_ascii_case(host).then_some(place)?.strip_prefix("/pay/")
        });
        let id = place.ok_or(InvoiceLinkError::OtherHost)?;
        let id = id.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if id == "invoice" { Err(InvoiceLinkError::Hosted) } else { id_of(id) }
    }
}

fn id_of(text: &str) -> Result<InvoiceLink, InvoiceLinkError> {
    let is_id =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let id = text.parse().ok().filter(|_| is_id);
    id.map(InvoiceLink).ok_or(InvoiceLinkError::Malformed)
}

const HOSTS: [&str; 2] = ["nanswap.com", "www.nanswap.com"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nanswaps_own_pages_name_an_invoice() {
        let id = InvoiceLink("abc123".parse().unwrap());
        for text in ["abc123", "https://nanswap.com/pay/abc123/?x=1", "nanswap.com/pay/abc123"] {
            assert_eq!(text.parse(), Ok(id.clone()), "{text}");
        }
        for text in [
            "http://nanswap.com/pay/abc123",
            "https://nanswap.com.evil.example/pay/abc123",
            "https://nanswap.com@evil.example/pay/abc123",
            "https://nanswap.com:444/pay/abc123",
            "https://nanswap.com/swap/abc123",
        ] {
            assert_eq!(text.parse::<InvoiceLink>(), Err(InvoiceLinkError::OtherHost), "{text}");
        }
        let hosted = "https://nanswap.com/pay/invoice?data=%7B%7D".parse::<InvoiceLink>();
        assert_eq!(hosted, Err(InvoiceLinkError::Hosted));
        for text in [
            "",
            "https://nanswap.com/pay/",
            "https://nanswap.com/pay/a/b",
            "https://nanswap.com/pay/..",
        ] {
            assert_eq!(text.parse::<InvoiceLink>(), Err(InvoiceLinkError::Malformed), "{text}");
        }
    }
}
