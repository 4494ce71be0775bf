//! Credits paid through the guard: one block for one order, whatever ifenpay answers.

use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{ClaimError, Engine, Order, Paid};
use paywarden::money::Raw;
use paywarden::payment::{PublishVia, State, Status};
use paywarden::policy::ReasonCode;
use paywarden::providers::ifenpay::{Tier, TopupOrder};
use paywarden::sandbox::ifenpay::{Endpoint, Fault, Ifenpay as Simulator};
use serde_json::json;
use std::time::Duration;

use crate::bench::{Bench, patch, xno};
use crate::wallet::{key, lane, order, until, wallet};

async fn ordered(engine: &Engine) -> TopupOrder {
    engine.services().ifenpay().await.unwrap().order_topup(Tier::ALL[0]).await.unwrap()
}

fn payment_of(topup: &TopupOrder, amount: Raw) -> Order {
    let transaction_id = topup.transaction_id.to_string();
    Order {
        operation: "credits.topup",
        destination: topup.payment_address,
        publish_via: PublishVia::IfenpayTopup { transaction_id, credits: topup.tier.credits() },
        purpose: None,
        ..order(amount)
    }
}

async fn ended(engine: &Engine, order: Order) -> Paid {
    let id = engine.pay(order).await.unwrap().payment.id();
    until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
    engine.paid(id).unwrap()
}

#[tokio::test]
async fn a_topup_is_paid_by_a_block_that_ifenpay_publishes() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    let published = bench.simulator().requests(Endpoint::BlockPublish);
    let topup = ordered(&engine).await;
    let paid = ended(&engine, payment_of(&topup, topup.amount)).await;
    assert_eq!(paid.payment.state.status(), Status::Settled);
    let claimed = engine.claim_credits(&paid).await.unwrap();
    assert_eq!((claimed.topped_up_credits, claimed.new_credits_balance), (10, 110));
    // Asking again gives nothing twice.
    assert_eq!(engine.claim_credits(&paid).await, Ok(claimed));
    assert_eq!(bench.simulator().credits(Simulator::KEY), Some(110));
    assert_eq!(bench.simulator().requests(Endpoint::BlockPublish), published, "not by ourselves");
    let left = xno("10").checked_sub(topup.amount).unwrap();
    assert_eq!(bench.node.confirmed_balance(&key().account()), left);
    let sent = ended(&engine, order(xno("1"))).await;
    assert_eq!(engine.claim_credits(&sent).await, Err(ClaimError::NotSettled));
    engine.stop().await;
}

#[tokio::test]
async fn whatever_becomes_of_the_answer_there_is_one_block_and_ten_credits() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    let faults = [
        Fault::LostAnswer,
        Fault::LostRequest,
        Fault::Html502,
        Fault::Status500,
        Fault::SuccessFalse,
        Fault::DataNull,
        Fault::Malformed,
        patch(json!({ "topped_up_credits": 9 })),
    ];
    for (nth, fault) in faults.into_iter().enumerate() {
        let before = bench.simulator().credits(Simulator::KEY).unwrap();
        let topup = ordered(&engine).await;
        bench.simulator().queue(Endpoint::Topup, fault);
        let paid = ended(&engine, payment_of(&topup, topup.amount)).await;
        assert_eq!(paid.payment.state.status(), Status::Settled);
        let claimed = engine.claim_credits(&paid).await.unwrap();
        assert_eq!(claimed.new_credits_balance, before + 10);
        assert_eq!(bench.node.blocks_of(&key().account()).len(), nth + 2);
    }
    engine.stop().await;
}

#[tokio::test]
async fn while_ifenpay_hangs_the_payment_is_pending_and_the_block_stays_the_same() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    let topup = ordered(&engine).await;
    bench.simulator().stand(Endpoint::Topup, Fault::Hang);
    let id = engine.pay(payment_of(&topup, topup.amount)).await.unwrap().payment.id();
    until("the request", || bench.simulator().requests(Endpoint::Topup) > 0).await;
    let before = engine.paid(id).unwrap().payment;
    let hash = before.state.block().unwrap().hash();
    SystemClock.sleep(Duration::from_millis(1_500)).await;
    assert_eq!(bench.simulator().requests(Endpoint::Topup), 1, "one at a time");
    let started = SystemClock.now();
    let open = engine.paid(id).unwrap().payment;
    assert!(SystemClock.now().since(started) < Duration::from_millis(50));
    assert_eq!((open.state.status(), &open.state), (Status::Pending, &before.state));
    assert!(open.state.holds_reservation() && bench.node.block(&hash).is_none());
    bench.simulator().clear_faults();
    until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
    let State::Settled { reference, .. } = engine.paid(id).unwrap().payment.state else {
        panic!("not settled")
    };
    assert_eq!((reference.block().unwrap(), lane(&engine).head), (hash, hash));
    engine.stop().await;
}

#[tokio::test]
async fn a_dear_order_meets_the_policy_like_any_payment() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    bench.node.faucet_confirmed(key().account(), xno("100")).unwrap();
    until("more money", || lane(&engine).balance == xno("110")).await;
    let topup = ordered(&engine).await;
    let paid = ended(&engine, payment_of(&topup, xno("51"))).await;
    let State::Released { reason_code, .. } = paid.payment.state else { panic!("{paid:?}") };
    assert_ne!(reason_code, ReasonCode::InsufficientFunds);
    assert_eq!(paid.payment.state.status(), Status::Denied);
    assert_eq!(bench.simulator().requests(Endpoint::Topup), 0);
    engine.stop().await;
}
