//! Secrets of a request that come back in the answer to it.
//!
//! A third party's words reach agents, the owner's terminal and the log. What it was told in confidence must never be
//! among them, whatever it quotes; an answer without a secret must never be changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use zeroize::Zeroizing;

use crate::limits;

/// What one request told in confidence.
pub(super) struct Told(Vec<Zeroizing<Vec<u8>>>);

impl Told {
    /// The secrets among `headers`: what is marked as sensitive, without the word for the scheme before it.
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let mut secrets = Vec::new();
        for value in headers.values().filter(|value| value.is_sensitive()) {
            let text = value.as_bytes();
            let start = text.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
            secrets.push(Zeroizing::new(text[start..].to_vec()));
            if text.starts_with(b"Basic ") {
                let pair = STANDARD.decode(&text[start..]).map(Zeroizing::new);
                let words = pair.iter().flat_map(|pair| pair.split(|byte| *byte == b':'));
                secrets.extend(words.map(|word| Zeroizing::new(word.to_vec())));
            }
        }
        secrets.retain(|secret| secret.len() >= limits::SECRET_BYTES_LEAST);
        Self(secrets)
    }

    /// An answer with each of them written over.
    pub(super) fn out_of(&self, body: Bytes) -> Bytes {
        let found = |secret: &[u8]| position(&body, secret, 0).is_some();
        if !self.0.iter().any(|secret| found(secret)) {
            return body;
        }
        let mut clean = body.to_vec();
        for secret in &self.0 {
            let mut from = 0;
            while let Some(at) = position(&clean, secret, from) {
                clean[at..at + secret.len()].fill(b'*');
                from = at + secret.len();
            }
        }
        clean.into()
    }
}

/// Where `part` begins in `text`, at `from` or later.
fn position(text: &[u8], part: &[u8], from: usize) -> Option<usize> {
    let (first, rest) = part.split_first()?;
    let last = text.len().checked_sub(rest.len())?;
    let mut at = from;
    while at < last {
        at += text[at..last].iter().position(|byte| byte == first)?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    use super::*;

    fn told(value: &str) -> Told {
        let mut headers = HeaderMap::new();
        let mut secret = HeaderValue::from_str(value).unwrap();
        secret.set_sensitive(true);
        headers.insert(AUTHORIZATION, secret);
        headers.insert("accept", HeaderValue::from_static("application/json"));
        Told::by(&headers)
    }

    fn heard(value: &str, body: &str) -> String {
        String::from_utf8(told(value).out_of(body.to_owned().into()).to_vec()).unwrap()
    }

    #[test]
    fn a_secret_that_comes_back_is_written_over() {
        for value in ["hunter2", "Bearer hunter2", "Basic aHVudGVyMjo="] {
            let heard = heard(value, "no key hunter2hunter2, not hunter3 nor hunter");
            assert_eq!(heard, "no key **************, not hunter3 nor hunter", "{value}");
        }
        assert_eq!(heard("Basic aHVudGVyMjo=", "[aHVudGVyMjo=]"), "[************]");
        assert_eq!(heard("hunter2", "hunter2"), "*******");
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        for body in ["", "h", "hunter", "application/json", "Bearer"] {
            assert_eq!(heard("Bearer hunter2", body), body);
        }
        let body = Bytes::from_static(b"the same bytes");
        assert_eq!(told("hunter2").out_of(body.clone()).as_ptr(), body.as_ptr());
    }

    #[test]
    fn what_is_too_short_to_be_a_secret_is_left_alone() {
        let least = "x".repeat(limits::SECRET_BYTES_LEAST);
        assert_eq!(heard(&least, &least), "*".repeat(limits::SECRET_BYTES_LEAST));
        assert_eq!(heard(&least[1..], &least), least);
    }

    #[test]
    fn every_place_is_found() {
        let secret = told("aabaab");
        for before in 0..9 {
            for after in 0..9 {
                let body = format!("{}aabaab{}", "a".repeat(before), "b".repeat(after));
                let clean = secret.out_of(body.clone().into());
                assert_eq!(clean.len(), body.len());
                assert!(position(&clean, b"aabaab", 0).is_none(), "{body}");
            }
        }
    }
}
