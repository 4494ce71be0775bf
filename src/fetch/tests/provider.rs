//! The manners, against a server that has bad ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::canned::{Answer as Given, Canned};
use super::*;
use crate::clock::{BoxFuture, Clock, Millis};

/// Time that moves only by being slept through, without ending a real wait.
#[derive(Clone, Debug, Default)]
struct Hands(Arc<std::sync::Mutex<Vec<Duration>>>);

impl Clock for Hands {
    fn now(&self) -> Millis {
        Millis(START).plus(self.0.lock().unwrap().iter().sum())
    }

    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()> {
        self.0.lock().unwrap().push(d);
        Box::pin(std::future::ready(()))
    }
}

struct World {
    server: Canned,
    provider: Provider,
    hands: Hands,
}

impl World {
    /// A server that gives these answers in turn, and the last one for ever.
    async fn new(answers: Vec<Given>) -> Self {
        let count = AtomicUsize::new(0);
        let server = Canned::start(move |_| {
            let place = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            answers[place].clone()
        })
        .await;
        let base = BaseUrl::parse(&server.url, PlainText::Loopback).unwrap();
        let hands = Hands::default();
        let client = Client::new(Settings::default());
        let provider = Provider::new("Shop", base, client, Arc::new(hands.clone()));
        Self { server, provider, hands }
    }

    async fn get(&self) -> Result<serde_json::Value, ProviderError> {
        self.provider.ask(Ask::get("a/b", &[("id", "x y")])).await?.json()
    }

    async fn post(&self) -> Result<serde_json::Value, ProviderError> {
        self.provider.ask(Ask::post("a", &1).unwrap()).await?.json()
    }

    fn slept(&self) -> Vec<Duration> {
        self.hands.0.lock().unwrap().clone()
    }
}

fn status(status: u16) -> Given {
    Given::Status(status, "text/plain", r#"{"detail":"words"}"#.to_owned())
}

fn with_header(status: u16, header: &str) -> Given {
    let head = format!("HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: 2\r\n\r\n{{}}");
    Given::Bytes(head.into())
}

#[tokio::test]
async fn a_read_is_repeated_once_after_two_to_three_seconds() {
    for trouble in [status(500), status(503), Given::Bytes(Vec::new())] {
        let world = World::new(vec![trouble.clone(), Given::json("7")]).await;
        assert_eq!(world.get().await.unwrap(), 7);
        let slept = world.slept();
        assert_eq!(slept.len(), 1);
        assert!((2_000..=3_000).contains(&slept[0].as_millis()), "{slept:?}");
        let world = World::new(vec![trouble]).await;
        let error = world.get().await.unwrap_err();
        assert!(error.is_passing(), "{error}");
        assert_eq!(world.server.heads().len(), 2);
    }
}

#[tokio::test]
async fn what_may_act_twice_is_never_repeated() {
    for trouble in [status(500), Given::Bytes(Vec::new()), with_header(429, "Retry-After: 1")] {
        let world = World::new(vec![trouble]).await;
        world.post().await.unwrap_err();
        assert_eq!((world.server.heads().len(), world.slept().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_says_what_helps() {
    let cases = [
        (302, "PROVIDER_ANSWER_UNUSABLE", "base URL"),
        (400, "PROVIDER_REFUSED", "values"),
        (401, "PROVIDER_KEY_REFUSED", "key"),
        (404, "PROVIDER_UNKNOWN_ID", "id"),
        (409, "PROVIDER_CONFLICT", "again"),
        (422, "PROVIDER_CONFLICT", "again"),
        (500, "PROVIDER_DOWN", "minutes"),
    ];
    for (code, expected, helps) in cases {
        let world = World::new(vec![status(code)]).await;
        let error = world.get().await.unwrap_err();
        assert_eq!(error.code(), expected);
        assert!(error.advice().contains(helps), "{}", error.advice());
        let text = error.to_string();
        assert_eq!(text, format!("Shop answered with HTTP {code}: \"words\""));
        assert_eq!(world.server.heads().len(), if code == 500 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_short_pause_is_waited_out_and_a_long_one_is_told() {
    let world = World::new(vec![with_header(429, "Retry-After: 10"), Given::json("7")]).await;
    assert_eq!(world.get().await.unwrap(), 7);
    assert_eq!(world.slept(), [Duration::from_secs(10)]);

    let world = World::new(vec![with_header(429, "Retry-After: 11"), Given::json("7")]).await;
    let error = world.get().await.unwrap_err();
    let retry_at = Millis(START + 11_000);
    assert_eq!(error, ProviderError::RateLimited { provider: "Shop", retry_at });
    assert!(error.to_string().contains("2026-11-21T04:00:11"), "{error}");
    // It is kept for the next caller, who does not even ask.
    assert_eq!(world.get().await.unwrap_err(), error);
    assert_eq!(world.server.heads().len(), 1);
    world.hands.sleep(Duration::from_secs(1)).await;
    assert_eq!(world.get().await.unwrap(), 7);
}

#[tokio::test]
async fn an_empty_window_is_respected_after_a_success() {
    let spent = with_header(200, "RateLimit-Remaining: 0\r\nRateLimit-Reset: 4");
    let world = World::new(vec![spent, Given::json("7")]).await;
    world.post().await.unwrap();
    assert!(world.slept().is_empty());
    assert_eq!(world.post().await.unwrap(), 7);
    assert_eq!(world.slept(), [Duration::from_secs(4)]);
}

#[tokio::test]
async fn a_key_goes_where_it_was_asked_for_and_into_no_text() {
    let world = World::new(vec![status(401), Given::json("{}")]).await;
    let secret = crate::secret::Secret::new("hunter2".to_owned());
    let key = Credential { header: "x-shop-key", secret };
    let error = world.provider.ask(Ask::get("a", &[]).with(Some(&key))).await.unwrap_err();
    assert!(!format!("{error:?} {error} {key:?}").contains("hunter"), "{error:?}");
    assert!(world.server.heads()[0].contains("x-shop-key: hunter2"));
    world.get().await.unwrap();
    let head = &world.server.heads()[1];
    assert!(head.starts_with("GET /a/b?id=x+y HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("key") && head.contains("accept: application/json"));

    let broken = Credential { secret: crate::secret::Secret::new("hunter2\n".to_owned()), ..key };
    let error = world.provider.ask(Ask::get("a", &[]).with(Some(&broken))).await.unwrap_err();
    assert!(error.nothing_was_sent() && !format!("{error:?}").contains("hunter"), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_or_too_long_is_unusable() {
    let world = World::new(vec![Given::json("{\"a\":")]).await;
    assert_eq!(world.get().await.unwrap_err().code(), "PROVIDER_ANSWER_UNUSABLE");
    let of = |bytes: usize| Given::json(format!("\"{}\"", "x".repeat(bytes - 2)));
    let world = World::new(vec![of(crate::limits::PROVIDER_BODY_BYTES)]).await;
    assert!(world.get().await.is_ok());
    let world = World::new(vec![of(crate::limits::PROVIDER_BODY_BYTES + 1)]).await;
    assert_eq!(world.get().await.unwrap_err().code(), "PROVIDER_UNREACHABLE");
}

const START: u64 = 1_795_233_600_000;
