//! Payments of all that is free.

use paywarden::books::Channel;
use paywarden::engine::{Amount, Resolution};
use paywarden::money::Raw;
use paywarden::nano::PrivateKey;
use paywarden::policy::{Mode, Policy, ReasonCode};
use uuid::Uuid;

use crate::stage::{HOURLY, Net, XNO, account, fund, lane, order, sent_to, until, wallet};
use paywarden::engine::{Begun, Engine};
use std::sync::Arc;

fn generous(policy: &mut Policy) {
    policy.mode = Mode::Autonomous;
}

async fn funded(net: &Arc<Net>, xno: u128) -> Arc<Engine> {
    let engine = wallet(net, 1, HOURLY, generous).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(net, 0, xno).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(xno * XNO)).await;
    engine
}

#[tokio::test]
async fn max_is_what_is_free_when_it_is_decided() {
    let net = Net::new();
    let engine = funded(&net, 10).await;
    let no_key = engine.pay(order(Amount::Max, None)).await.unwrap_err();
    assert_eq!(no_key.code, "IDEMPOTENCY_KEY_REQUIRED");
    let some = order(Raw::new(3 * XNO).into(), Some("some"));
    let (one, all) = tokio::join!(engine.pay(some), engine.pay(order(Amount::Max, Some("all"))));
    let amount = |paid: &paywarden::engine::Paid| paid.payment.request.amount.as_raw().unwrap();
    // Whoever came first: never more than there is.
    let sum = [&one, &all]
        .into_iter()
        .filter_map(|paid| paid.as_ref().ok())
        .map(|paid| amount(paid).get())
        .sum::<u128>();
    assert!(sum <= 10 * XNO, "{sum}");
    let all = all.unwrap();
    until("the end", || lane(&engine, 0).queued == 0).await;
    // The same key stands for the same payment, whatever has come in since.
    let hash = fund(&net, 0, 4).await;
    net.tell(sent_to(0, hash));
    until("more money", || lane(&engine, 0).balance >= Raw::new(4 * XNO)).await;
    let again = engine.pay(order(Amount::Max, Some("all"))).await.unwrap();
    assert_eq!(again.payment.id(), all.payment.id());
    assert_eq!(amount(&again), amount(&all));
    let other = engine.pay(order(Raw::new(XNO).into(), Some("all"))).await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_CONFLICT");
    engine.stop().await;
}

/// Only what the owner was asked about is called approved: a receipt says so for ever.
#[tokio::test]
async fn what_waits_for_its_turn_is_allowed_and_not_approved() {
    let net = Net::new();
    let engine = funded(&net, 10).await;
    let ask = |number: u32| {
        let key = number.to_string();
        let engine = Arc::clone(&engine);
        async move { engine.pay(order(Raw::new(XNO).into(), Some(&key))).await.unwrap() }
    };
    let (a, b, c) = tokio::join!(ask(1), ask(2), ask(3));
    until("the end", || lane(&engine, 0).balance == Raw::new(7 * XNO)).await;
    for paid in [a, b, c] {
        let paid = engine.paid(paid.payment.id()).unwrap();
        assert_eq!(paid.payment.decided.unwrap().reason_code, ReasonCode::Allowed);
    }
    engine.stop().await;
}

#[tokio::test]
async fn max_of_nothing_is_refused() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, generous).await;
    let refused = engine.pay(order(Amount::Max, Some("all"))).await.unwrap_err();
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
}

#[tokio::test]
async fn a_representative_is_changed_once() {
    let net = Net::new();
    let engine = funded(&net, 1).await;
    let voter = PrivateKey::from_bytes([8; 32]).account();
    let changed = engine.change_representative(account(0), voter).await.unwrap();
    assert!(matches!(changed, paywarden::engine::Changed::Done(_)), "{changed:?}");
    assert_eq!(engine.representative(account(0)).await.unwrap(), Some(voter));
    assert_eq!(engine.begin_change(account(0), voter).await.unwrap(), Begun::Already);
    assert_eq!(lane(&engine, 0).balance, Raw::new(XNO));
    engine.freeze("stop".to_owned()).await.unwrap();
    let frozen = engine.begin_change(account(0), account(0)).await.unwrap_err();
    assert_eq!(frozen.code, "WALLET_FROZEN");
    engine.stop().await;
}

#[tokio::test]
async fn the_call_that_answered_may_be_sent_again_and_no_other() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, |policy| policy.mode = Mode::ApproveEvery).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(&net, 0, 10).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(10 * XNO)).await;
    for approved in [true, false] {
        let key = format!("{approved}");
        let asked = engine.pay(order(Raw::new(XNO).into(), Some(&key))).await.unwrap();
        let approval_id = engine.approvals().unwrap()[0].id;
        let answer = |call_id: Option<Uuid>| Resolution {
            approval_id,
            approved,
            channel: Channel::Cli,
            reason: None,
            call_id,
        };
        let call = Some(Uuid::new_v4());
        for _ in 0..2 {
            let answered = engine.answer_approval(answer(call)).await.unwrap();
            assert_eq!(answered.paid.payment.id(), asked.payment.id());
        }
        for other in [None, Some(Uuid::new_v4())] {
            let late = engine.answer_approval(answer(other)).await.unwrap_err();
            assert_eq!(late.code, "APPROVAL_NOT_WAITING");
        }
        until("the end", || lane(&engine, 0).queued == 0).await;
    }
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}
