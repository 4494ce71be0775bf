//! Policies put in force, and the ledger's requests judged again under another one.

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Order, Put, Span};
use paywarden::limits;
use paywarden::money::Raw;
use paywarden::policy::{Mandate, Mode, Policy};
use tokio_util::sync::CancellationToken;

use crate::stage::{HOURLY, Net, XNO, fund, lane, order, sent_to, until, wallet};

const TEA: &str = r#"{"id":"tea","cap":{"amount":"3000000000000000000000000000000","currency":"XNO"},
    "window":{"cap":{"amount":"2000000000000000000000000000000","currency":"XNO"},"durationMs":1000,"maxCount":2}}"#;

async fn funded(change: impl FnOnce(&mut Policy)) -> (Arc<Net>, Arc<Engine>) {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, change).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(&net, 0, 40).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(40 * XNO)).await;
    (net, engine)
}

fn asked(raw: u128, mandate: Option<&str>, key: usize) -> Order {
    let mandate_id = mandate.map(str::to_owned);
    Order { mandate_id, ..order(Raw::new(raw).into(), Some(&format!("key-{key}"))) }
}

async fn simulate(engine: &Engine, policy: Policy, span: Span) -> paywarden::engine::Simulation {
    engine.simulate(policy, span, &CancellationToken::new()).await.unwrap()
}

/// Nine requests of every kind: within a mandate, beyond its window, after it rolled, waiting, denied.
async fn lived_in(engine: &Engine) {
    let tea: Mandate = serde_json::from_str(TEA).unwrap();
    engine.put_mandate(tea, Put::Create).await.unwrap();
    let settle = || until("the lane", || lane(engine, 0).queued == 0);
    for (key, raw, mandate) in [
        (1, XNO, Some("tea")),
        (2, XNO / 2, Some("tea")),
        (3, XNO / 4, Some("tea")),
        (4, 3 * XNO, None),
        (5, 51 * XNO, Some("none")),
        (6, XNO, None),
    ] {
        let paid = engine.pay(asked(raw, mandate, key)).await;
        assert!(paid.is_ok() || key == 5, "{key}: {paid:?}");
        settle().await;
    }
    SystemClock.sleep(Duration::from_millis(1_100)).await;
    engine.pay(asked(XNO, Some("tea"), 7)).await.unwrap();
    settle().await;
    engine.revoke_mandate("tea".to_owned(), None).await.unwrap();
    engine.pay(asked(1, Some("tea"), 8)).await.unwrap();
}

#[tokio::test]
async fn the_policy_in_force_would_decide_everything_the_same() {
    let (_net, engine) = funded(|_| {}).await;
    lived_in(&engine).await;
    let head = engine.store().head();
    let requested = engine.store().read(|view| view.counters()).unwrap().requested;
    let same = simulate(&engine, Policy::sandbox(), Span::Since(0)).await;
    assert_eq!((same.requests, same.same), (requested, requested), "{same:#?}");
    assert!(same.requests >= 7 && same.moves.is_empty() && same.differences.is_empty());
    assert_eq!(engine.store().head(), head, "a simulation writes nothing");
    engine.stop().await;
}

#[tokio::test]
async fn a_stricter_policy_tells_what_it_would_stop() {
    let (_net, engine) = funded(|_| {}).await;
    lived_in(&engine).await;
    let mut strict = Policy::sandbox();
    strict.limits.values_mut().for_each(|limits| limits.hard_limit = XNO - 1);
    let found = simulate(&engine, strict.clone(), Span::Since(0)).await;
    let count = |from: &str, to: &str| {
        let moves = found.moves.iter().filter(|(key, _)| key.0.1 == from && key.1.1 == to);
        moves.map(|(_, count)| *count).sum::<u64>()
    };
    assert_eq!(count("ALLOWED", "HARD_LIMIT"), 3, "{found:#?}");
    assert_eq!(count("APPROVAL_REQUIRED", "HARD_LIMIT"), 1);
    let first = &found.differences[0];
    assert_eq!(
        first.simulated.would_pass.as_deref().map(|text| text.starts_with("at most ")),
        Some(true)
    );
    assert!(found.differences.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    // Spans only choose which requests are told of.
    let last = simulate(&engine, strict.clone(), Span::Last(1)).await;
    assert_eq!((last.requests, last.same), (1, 1), "the mandate is revoked either way: {last:#?}");
    assert_eq!(
        simulate(&engine, strict.clone(), Span::Last(u64::MAX)).await.requests,
        found.requests
    );
    assert_eq!(simulate(&engine, strict.clone(), Span::Last(0)).await.requests, 0);
    assert_eq!(simulate(&engine, strict.clone(), Span::Since(u64::MAX)).await.requests, 0);
    let from_second = Span::Since(found.differences[1].seq);
    let rest = simulate(&engine, strict, from_second).await;
    assert_eq!(rest.differences.len(), found.differences.len() - 1);
    engine.stop().await;
}

#[tokio::test]
async fn rates_and_every_difference_are_counted() {
    let (_net, engine) = funded(|policy| {
        policy.mode = Mode::Autonomous;
        policy.payments_per_minute = 0;
        policy.payments_per_minute_overall = 0;
    })
    .await;
    let payments = limits::SIMULATED_DIFFERENCES + 5;
    for key in 0..payments {
        engine.pay(asked(1 + key as u128, None, key)).await.unwrap();
    }
    let mut slow = engine.policy().unwrap().policy;
    slow.payments_per_minute = 2;
    let found = simulate(&engine, slow, Span::Since(0)).await;
    assert_eq!((found.requests, found.same), (payments as u64, 2), "{:?}", found.moves);
    assert_eq!(found.differences.len(), limits::SIMULATED_DIFFERENCES);
    assert!(found.differences.iter().all(|one| one.simulated.reason_code == "RATE_LIMITED"));
    let gone = CancellationToken::new();
    gone.cancel();
    let stopped = engine.simulate(Policy::sandbox(), Span::Since(0), &gone).await.unwrap_err();
    assert_eq!(stopped.code, "CANCELLED");
    engine.stop().await;
}

#[tokio::test]
async fn a_policy_is_in_force_from_the_next_decision_on() {
    let (_net, engine) = funded(|_| {}).await;
    let before = engine.policy().unwrap().policy;
    let every = Policy { mode: Mode::ApproveEvery, ..before.clone() };
    let applied = engine.apply_policy(every.clone(), Some(before.hash())).await.unwrap();
    assert!(applied.changed && applied.before == before);
    let again = engine.apply_policy(every.clone(), None).await.unwrap();
    assert!(!again.changed && again.head == applied.head);
    let late = engine.apply_policy(before.clone(), Some(before.hash())).await.unwrap_err();
    assert_eq!(late.code, "POLICY_CHANGED");
    let paid = engine.pay(asked(1, None, 1)).await.unwrap();
    assert_eq!(paid.payment.decided.unwrap().reason_code.as_str(), "APPROVAL_REQUIRED");
    engine.stop().await;
}
