use std::path::PathBuf;

use super::*;
use crate::clock::SystemClock;
use crate::wallet::Share;

/// The example that comes with nano-work-server, whose work is worth ffffffd21c3933f4.
const HASH: &str = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2";

fn server() -> WorkServer {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let share = Share { threads: 1, percent: 100 };
    WorkServer::new(WorkCrew::new(share, Arc::clone(&clock), PathBuf::from("/nowhere")), clock)
}

async fn post_text(server: &WorkServer, text: String, headers: HeaderMap) -> (u16, Value) {
    let response = answer(State(server.clone()), headers, Bytes::from(text)).await;
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn ask(server: &WorkServer, asked: Value) -> (u16, Value) {
    post_text(server, asked.to_string(), HeaderMap::new()).await
}

#[tokio::test]
async fn work_is_made_as_hard_as_asked() {
    let server = server();
    let root: Root = HASH.parse().unwrap();
    for harder in [json!({ "difficulty": "ff00000000000000" }), json!({ "multiplier": "0.00001" })]
    {
        let mut asked = json!({ "action": "work_generate", "hash": HASH });
        asked.as_object_mut().unwrap().extend(harder.as_object().unwrap().clone());
        let (status, made) = ask(&server, asked).await;
        assert_eq!(status, 200, "{made}");
        let work: Work = made["work"].as_str().unwrap().parse().unwrap();
        let reached: Difficulty = made["difficulty"].as_str().unwrap().parse().unwrap();
        assert_eq!(reached, Difficulty(value(work, &root)));
        assert!(made["multiplier"].as_str().unwrap().parse::<f64>().unwrap() > 0.0);
    }
    let idle = ask(&server, json!({ "action": "status" })).await;
    assert_eq!(idle, (200, json!({ "generating": "0", "queue_size": "0" })));
}

#[tokio::test]
async fn work_is_validated_as_published() {
    let asked = json!({ "action": "work_validate", "hash": HASH, "work": "2bf29ef00786a6bc" });
    let (status, plain) = ask(&server(), asked.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(plain["difficulty"], "ffffffd21c3933f4");
    assert_eq!([&plain["valid_all"], &plain["valid_receive"]], ["0", "1"]);
    assert!(plain.get("valid").is_none());
    for (difficulty, valid) in [("ffffffd21c3933f4", "1"), ("ffffffd21c3933f5", "0")] {
        let mut asked = asked.clone();
        asked["difficulty"] = difficulty.into();
        assert_eq!(ask(&server(), asked).await.1["valid"], valid);
    }
}

#[tokio::test]
async fn a_search_is_called_off_by_its_root_or_when_nobody_waits() {
    let server = server();
    let endless = json!({ "action": "work_generate", "hash": HASH, "multiplier": "64" });
    let waiting = tokio::spawn({
        let (server, endless) = (server.clone(), endless.clone());
        async move { ask(&server, endless).await }
    });
    while server.searches().is_empty() {
        tokio::task::yield_now().await;
    }
    let (_, busy) = ask(&server, json!({ "action": "status" })).await;
    assert_eq!(busy["generating"], "1");
    ask(&server, json!({ "action": "work_cancel", "hash": HASH })).await;
    assert_eq!(waiting.await.unwrap(), (200, json!({ "error": "Cancelled" })));
    let gone = tokio::spawn({
        let server = server.clone();
        async move { ask(&server, endless).await }
    });
    while server.searches().is_empty() {
        tokio::task::yield_now().await;
    }
    gone.abort();
    let _ = gone.await;
    assert!(server.searches().is_empty());
}

#[tokio::test]
async fn nonsense_is_answered_with_a_hint() {
    let server = server();
    for wrong in [
        json!({}),
        json!({ "action": "send" }),
        json!({ "action": "work_generate" }),
        json!({ "action": "work_generate", "hash": "abc" }),
        json!({ "action": "work_generate", "hash": HASH, "difficulty": "fffffff8" }),
        json!({ "action": "work_generate", "hash": HASH, "difficulty": "ffffffffffffffff" }),
        json!({ "action": "work_generate", "hash": HASH, "multiplier": "64.1" }),
        json!({ "action": "work_generate", "hash": HASH, "multiplier": -1 }),
        json!({ "action": "work_generate", "hash": HASH, "multiplier": "0" }),
        json!({ "action": "work_generate", "hash": HASH, "multiplier": "NaN" }),
        json!({ "action": "work_generate", "hash": HASH, "multiplier": "inf" }),
        json!({ "action": "work_validate", "hash": HASH }),
        json!({ "action": "work_validate", "hash": HASH, "work": "zz" }),
        json!({ "action": "benchmark", "count": "0" }),
        json!({ "action": "benchmark", "count": limits::WORK_BENCHMARKS + 1 }),
        json!(["work_generate"]),
    ] {
        let (status, body) = ask(&server, wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(body["error"].is_string() && body["hint"].is_string(), "{wrong}");
    }
    assert_eq!(post_text(&server, "{".to_owned(), HeaderMap::new()).await.0, 400);
    let page = HeaderMap::from_iter([(header::ORIGIN, "https://example.org".parse().unwrap())]);
    let asked = json!({ "action": "status" }).to_string();
    assert_eq!(post_text(&server, asked, page).await.0, 400);
    let most = json!({ "action": "benchmark", "count": limits::WORK_BENCHMARKS, "difficulty": "0000000000000000" });
    assert_eq!(ask(&server, most).await.0, 200);
}

#[tokio::test]
async fn searches_end_at_their_bound() {
    let server = server();
    let root: Root = HASH.parse().unwrap();
    for _ in 0..limits::WORK_SEARCHES_SERVED - 1 {
        server.searches().push(Arc::new(Search::new(root, SEND, 0)));
    }
    assert!(matches!(server.search(root, Difficulty(0)).await, Ok(Some(_))));
    server.searches().push(Arc::new(Search::new(root, SEND, 0)));
    assert!(matches!(server.search(root, Difficulty(0)).await, Err(Refusal("Busy", _))));
}
