//! Where a payer's browser may go afterwards: checked and stored as given.
//!
//! It must never be fetched, and never hold what a browser would run or a password.

use reqwest::Url;

use crate::failure::Failure;
use crate::limits;

/// A web address as given, if it is one.
///
/// # Errors
/// `INVALID_REDIRECT_URL`.
pub(super) fn redirect_url(text: Option<String>) -> Result<Option<String>, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.len() > limits::URL_BYTES {
        let message =
            format!("redirect_url has {} bytes; at most {} fit", text.len(), limits::URL_BYTES);
        return Err(invalid(message));
    }
    // The parser would drop some of these silently.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(invalid("redirect_url holds spaces or control characters".to_owned()));
    }
    let url = Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    let url = url.filter(Url::has_host);
    let url = url.ok_or_else(|| invalid("redirect_url is no web address".to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("redirect_url holds a user name or password".to_owned()));
    }
    Ok(Some(text))
}

fn invalid(message: String) -> Failure {
    Failure::invalid("INVALID_REDIRECT_URL", message)
        .hint("Give an http:// or https:// address, or leave it out; it is stored and shown, never opened")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<Option<String>, Failure> {
        redirect_url(Some(text.to_owned()))
    }

    #[test]
    fn web_addresses_stay_as_they_are() {
        for text in
            ["https://example.com/thanks?a=%20b#c", "http://10.0.0.1:8080", "HTTPS://EXAMPLE.COM"]
        {
            assert_eq!(judge(text).unwrap().as_deref(), Some(text));
        }
        assert_eq!(judge("").unwrap(), None);
        assert_eq!(redirect_url(None).unwrap(), None);
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://example.com",
            "example.com",
            "//example.com",
            "https://",
            "https://u:p@example.com",
            "https://u@example.com",
            "java\nscript:alert(1)",
            "https://exa mple.com",
            "https://example.com/\t",
            "nano:nano_1abc",
        ] {
            assert_eq!(judge(text).unwrap_err().code, "INVALID_REDIRECT_URL", "{text}");
        }
    }

    #[test]
    fn the_longest_address_fits_and_one_more_byte_does_not() {
        let start = "https://example.com/";
        let longest = format!("{start}{}", "x".repeat(limits::URL_BYTES - start.len()));
        assert!(judge(&longest).is_ok());
        assert!(judge(&format!("{longest}x")).is_err());
    }
}
