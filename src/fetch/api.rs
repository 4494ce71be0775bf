//! An HTTP API with a key of its own, as providers have them.
//!
//! The key must never leave the URL it was given for: paths are built below that URL, from parts of which none can name
//! another place, and no redirect is followed.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::client::{JSON, secret_value};
use super::{BaseUrl, Bounds, Client, FetchError, Reply, Request};
use crate::secret::Secret;

/// The API below one URL.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: BaseUrl,
    key: Option<(HeaderName, Secret)>,
}

impl Api {
    /// The API below `base`, which takes no key.
    pub fn new(client: Client, base: BaseUrl) -> Self {
        Self { client, base, key: None }
    }

    /// The same with `key`, sent in the header `name`, which is written in small letters.
    #[must_use]
    pub fn with_key(self, name: &'static str, key: Secret) -> Self {
        Self { key: Some((HeaderName::from_static(name), key)), ..self }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.base.origin()
    }

    /// Whether there is a key to send.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Reads what is at `path`, a list of segments.
    ///
    /// # Errors
    /// [`FetchError`]; a status is no error here.
    pub async fn get(&self, path: &[&str], bounds: Bounds) -> Result<Reply, FetchError> {
        self.send(Method::GET, path, None, bounds).await
    }

    /// Posts JSON to `path`, a list of segments.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(
        &self,
        path: &[&str],
        body: Vec<u8>,
        bounds: Bounds,
    ) -> Result<Reply, FetchError> {
        self.send(Method::POST, path, Some(body), bounds).await
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Vec<u8>>,
        bounds: Bounds,
    ) -> Result<Reply, FetchError> {
        let url = self.base.with_segments(path);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        if let Some((name, key)) = &self.key {
            headers.insert(name.clone(), secret_value(&url, "", key)?);
        }
        self.client.send(Request { method, url, headers, body }, bounds).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fetch::tests::canned::{Answer, Canned};
    use crate::fetch::{PlainText, Settings};

    const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(5), body_bytes: 1_000 };

    fn api(url: &str) -> Api {
        let base = BaseUrl::parse(url, PlainText::Loopback).unwrap();
        Api::new(Client::new(Settings::default()), base)
            .with_key("x-api-key", Secret::new("hunter2".to_owned()))
    }

    #[tokio::test]
    async fn the_key_goes_to_its_own_place_and_shows_nowhere_else() {
        let redirect = "HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n";
        let redirect = format!("{redirect}Connection: close\r\n\r\n");
        let server = Canned::start(move |_| Answer::Bytes(redirect.clone().into())).await;
        let api = api(&format!("{}base/", server.url));
        assert_eq!(api.get(&["credits", "topup", "10"], BOUNDS).await.unwrap().status, 307);
        assert_eq!(api.post(&["a"], b"{}".to_vec(), BOUNDS).await.unwrap().status, 307);
        let heads = server.heads();
        assert!(heads[0].starts_with("GET /base/credits/topup/10 HTTP/1.1\r\n"), "{heads:?}");
        assert!(heads[1].starts_with("POST /base/a HTTP/1.1\r\n"), "{heads:?}");
        assert_eq!((heads.len(), server.bodies()[1].as_str()), (2, "{}"));
        assert!(heads.iter().all(|head| head.to_lowercase().contains("x-api-key: hunter2")));
        assert!(!format!("{api:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_segment_names_no_other_place() {
        let server = Canned::start(|_| Answer::json("{}")).await;
        let api = api(&server.url);
        for (segment, expected) in [
            ("../../credits", "GET /p/..%2F..%2Fcredits "),
            ("..%2Fcredits", "GET /p/..%252Fcredits "),
            ("a?b#c", "GET /p/a%3Fb%23c "),
            ("..", "GET /p "),
        ] {
            api.get(&["p", segment], BOUNDS).await.unwrap();
            let head = server.heads().pop().unwrap();
            assert!(head.starts_with(expected), "{head}");
        }
    }

    #[tokio::test]
    async fn a_key_that_no_header_can_carry_is_not_sent_and_not_shown() {
        let api = api("http://127.0.0.1:1/").with_key("x-api-key", Secret::new("a\nb".to_owned()));
        let error = api.get(&["credits"], BOUNDS).await.unwrap_err();
        assert!(matches!(error, FetchError::BadRequest { .. }), "{error:?}");
    }
}
