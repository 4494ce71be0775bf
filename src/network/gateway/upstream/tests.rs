//! The envelope, and which requests are made again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::SystemClock;
use crate::fetch::tests::canned::{Answer, Canned};
use crate::fetch::{FetchError, PlainText, Settings};

fn upstream(url: &str) -> Upstream {
    let base = BaseUrl::parse(url, PlainText::Loopback).unwrap();
    let key = Some(Secret::new("hunter2".to_owned()));
    let upstream =
        Upstream::new(Client::new(Settings::default()), base, key, Arc::new(SystemClock));
    upstream.with_bounds(Bounds { timeout: Duration::from_millis(300), body_bytes: 2_000 })
}

fn opened(status: u16, body: &str) -> Result<Value, UpstreamError> {
    let body = bytes::Bytes::copy_from_slice(body.as_bytes());
    open(&Reply { status, headers: Default::default(), body })
}

#[test]
fn only_success_with_data_under_a_status_of_success_is_one() {
    let data = r#"{"success":true,"data":{"a":1},"error":null,"more":7}"#;
    assert_eq!(opened(200, data), Ok(json!({ "a": 1 })));
    assert_eq!(opened(201, r#"{"data":[],"success":true}"#), Ok(json!([])));
    let refusal = r#"{"success":false,"data":null,"error":{"error":"FORBIDDEN","message":"no"}}"#;
    for status in [200, 400, 401, 500] {
        let refused = UpstreamError::Refused {
            status,
            code: "FORBIDDEN".to_owned(),
            message: "no".to_owned(),
        };
        assert_eq!(opened(status, refusal), Err(refused));
    }
    // An error beside data is an error.
    assert!(
        opened(200, r#"{"success":true,"data":1,"error":{"error":"X","message":""}}"#).is_err()
    );
    let failing = |status, body: &str| {
        let found = opened(status, body).unwrap_err();
        assert!(matches!(found, UpstreamError::Failing { .. }), "{body}: {found:?}");
    };
    failing(200, r#"{"success":false,"data":{"a":1}}"#);
    failing(500, data);
    failing(302, data);
    failing(502, "<html>bad gateway</html>");
    failing(500, r#"{"success":false,"error":{"error":"no code","message":"x"}}"#);
    for body in [
        "",
        "null",
        "[]",
        r#"{"data":1}"#,
        r#"{"success":"true","data":1}"#,
        r#"{"success":true}"#,
        r#"{"success":true,"data":null}"#,
        r#"{"success":true,"success":true,"data":1}"#,
        r#"{"success":true,"data":1"#,
        r#"{"success":false,"error":{"error":"<script>","message":"x"}}"#,
    ] {
        let found = opened(200, body).unwrap_err();
        assert!(matches!(found, UpstreamError::Unreadable { .. }), "{body}: {found:?}");
    }
}

#[test]
fn a_code_has_an_end_and_words_are_quoted() {
    let of = |code: &str, message: &str| {
        let error = json!({ "error": code, "message": message });
        opened(500, &json!({ "success": false, "error": error }).to_string()).unwrap_err()
    };
    let longest = "A".repeat(limits::IFENPAY_CODE_BYTES);
    assert_eq!(of(&longest, "").code(), longest);
    assert_eq!(of(&format!("{longest}A"), "").code(), "PARSE_ERROR");
    let words = of("FORBIDDEN", "a\u{1b}[2J\nb").to_string();
    assert!(words.contains("a\\u{1b}[2J\\nb"), "{words}");
}

#[tokio::test]
async fn a_read_is_made_again_once_and_nothing_else_is() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Canned::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::Status(502, "text/html", "<html>".to_owned()),
        _ => Answer::json(r#"{"success":true,"data":7}"#),
    })
    .await;
    let upstream = upstream(&server.url);
    assert_eq!(upstream.read::<u8>(&["credits"]).await, Ok(7));
    for once in [true, false] {
        asked.store(0, Ordering::SeqCst);
        let answer = match once {
            true => upstream.get::<u8>(&["credits", "topup", "10"]).await,
            false => upstream.post::<u8>(&["block", "publish"], &json!({})).await,
        };
        assert!(matches!(answer, Err(UpstreamError::Failing { status: 502, .. })), "{answer:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
    assert!(server.heads().iter().all(|head| head.to_lowercase().contains("x-api-key: hunter2")));
}

#[tokio::test]
async fn a_refusal_is_not_asked_for_twice_and_silence_twice_is_the_end() {
    let refusal = r#"{"success":false,"error":{"error":"RATE_LIMIT_EXCEEDED","message":"x"}}"#;
    let server =
        Canned::start(|_| Answer::Status(401, "application/json", refusal.to_owned())).await;
    let answer = upstream(&server.url).read::<u8>(&["credits"]).await;
    assert_eq!(answer.unwrap_err().code(), "RATE_LIMIT_EXCEEDED");
    assert_eq!(server.heads().len(), 1);
    let server = Canned::start(|_| Answer::Silence).await;
    let answer = upstream(&server.url).read::<u8>(&["credits"]).await;
    let timed_out = matches!(answer, Err(UpstreamError::Fetch(FetchError::TimedOut { .. })));
    assert!(timed_out && server.heads().len() == 2, "{answer:?}");
}
