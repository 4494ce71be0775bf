//! The client against servers that answer badly.

pub(crate) mod canned;
mod guest;
mod provider;

use std::time::Duration;

use canned::{Answer, Canned};

use super::*;
use crate::secret::Secret;

const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(5), body_bytes: 1_000 };

async fn post(url: &str, bounds: Bounds) -> Result<Reply, FetchError> {
    let client = Client::new(Settings::default());
    let url = BaseUrl::parse(url, PlainText::Loopback).unwrap();
    client.post_json(&url.into(), b"{}".to_vec(), bounds).await
}

async fn answered(answer: Answer) -> Result<Reply, FetchError> {
    let server = Canned::start(move |_| answer.clone()).await;
    post(&server.url, BOUNDS).await
}

#[tokio::test]
async fn a_status_is_an_answer_and_a_redirect_is_not_followed() {
    for status in [200, 404, 422, 500] {
        let reply = answered(Answer::Status(status, "text/plain", "words".to_owned())).await;
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.body.as_ref()), (status, &b"words"[..]));
    }
    let redirect = "HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(answered(Answer::Bytes(redirect.into())).await.unwrap().status, 307);
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let of = |bytes: usize| Answer::json("x".repeat(bytes));
    assert_eq!(answered(of(1_000)).await.unwrap().body.len(), 1_000);
    let origin_of = |error| match error {
        FetchError::TooLarge { limit_bytes: 1_000, .. } => {}
        other => panic!("{other:?}"),
    };
    origin_of(answered(of(1_001)).await.unwrap_err());
    let chunk = format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1_001));
    let unannounced = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
    origin_of(answered(Answer::Bytes(unannounced.into())).await.unwrap_err());
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
    assert!(answered(Answer::Bytes(huge.into())).await.is_err());
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for half in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        "HTTP/1.1 200 OK\r\nConte",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0",
        "",
    ] {
        let error = answered(Answer::Bytes(half.into())).await.unwrap_err();
        assert!(matches!(error, FetchError::CutOff { .. }), "{half:?}: {error:?}");
        assert!(!error.nothing_was_sent(), "{half:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_waited_for_no_longer_than_said() {
    let server = Canned::start(|_| Answer::Silence).await;
    let bounds = Bounds { timeout: Duration::from_millis(100), ..BOUNDS };
    let error = post(&server.url, bounds).await.unwrap_err();
    assert!(
        matches!(error, FetchError::TimedOut { timeout_ms: 100, connecting: false, .. }),
        "{error:?}"
    );
    assert!(!error.nothing_was_sent());
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let url = Canned::nobody().await;
    let error = post(&url, BOUNDS).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect { .. }), "{error:?}");
    assert!(error.nothing_was_sent());
}

#[tokio::test]
async fn who_speaks_no_tls_is_not_trusted() {
    let server = Canned::start(|_| Answer::json("{}".to_owned())).await;
    let error = post(&server.url.replace("http:", "https:"), BOUNDS).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error:?}");
    assert!(error.nothing_was_sent());
}

#[tokio::test]
async fn credentials_reach_the_server_and_no_error() {
    let server = Canned::start(|_| Answer::json("{}".to_owned())).await;
    let client = Client::new(Settings::default());
    let with_password = server.url.replace("//", "//bob:hunter2@") + "path?key=hunter3";
    let url = BaseUrl::parse(&with_password, PlainText::Loopback).unwrap();
    client.post_json(&url.into(), b"{}".to_vec(), BOUNDS).await.unwrap();
    let head = server.heads().pop().unwrap();
    assert!(head.starts_with("POST /path?key=hunter3 "), "{head}");
    assert!(head.to_lowercase().contains("authorization: basic ym9iomh1bnrlcji="), "{head}");

    let url = BaseUrl::parse(&server.url, PlainText::Loopback).unwrap();
    let endpoint = Endpoint { url, bearer: Some(Secret::new("hunter4".to_owned())) };
    client.post_json(&endpoint, b"{}".to_vec(), BOUNDS).await.unwrap();
    assert!(server.heads().pop().unwrap().contains("Bearer hunter4"));
    assert!(!format!("{endpoint:?}").contains("hunter"));

    let nobody = Canned::nobody().await.replace("//", "//bob:hunter2@") + "hunter3?key=hunter3";
    let error = post(&nobody, BOUNDS).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter"), "{error:?}");
    let endpoint = Endpoint { bearer: Some(Secret::new("hunter4\n".to_owned())), ..endpoint };
    let error = client.post_json(&endpoint, b"{}".to_vec(), BOUNDS).await.unwrap_err();
    assert!(matches!(error, FetchError::BadRequest { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter"), "{error:?}");
}
