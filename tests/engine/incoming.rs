//! Rounds and news: how much is asked, and how soon money is seen.

use std::sync::atomic::Ordering;
use std::time::Duration;

use paywarden::clock::{Clock as _, SystemClock};
use paywarden::engine::Rhythm;
use paywarden::money::Raw;
use paywarden::network::Confirmation;
use paywarden::policy::ReceiveMode;

use crate::stage::{HOURLY, Net, XNO, account, fund, lane, sent_to, until, wallet};

#[tokio::test]
async fn fifty_accounts_are_polled_by_one_request_a_round() {
    let net = Net::new();
    let rhythm = Rhythm { receiving: Duration::from_millis(500), ..HOURLY };
    let engine = wallet(&net, 50, rhythm, |_| {}).await;
    engine.start().unwrap();
    SystemClock.sleep(Duration::from_millis(2_600)).await;
    let [rounds, balances, alone] = net.counts();
    engine.stop().await;
    println!("50 accounts in 2.6 s: {rounds} + {balances} requests, {alone} of one account");
    assert!((1..=7).contains(&rounds) && balances == rounds && alone == 0, "{rounds} {alone}");
}

#[tokio::test]
async fn a_message_makes_one_lane_look_and_receive_at_once() {
    let net = Net::new();
    let engine = wallet(&net, 3, HOURLY, |_| {}).await;
    engine.start().unwrap();
    until("the first round", || net.counts()[0] > 0).await;
    until("following", || net.followed.lock().unwrap().contains(&account(2))).await;
    let hash = fund(&net, 1, 5).await;
    net.tell(sent_to(1, hash));
    let took = until("the receive", || {
        lane(&engine, 1).open.is_some() || lane(&engine, 1).balance == Raw::new(5 * XNO)
    })
    .await;
    println!("signed {took:?} after the message");
    until("its end", || lane(&engine, 1).balance == Raw::new(5 * XNO)).await;
    assert_eq!(net.counts()[0], 1, "no round for one account's news");
    // Another's account wakes nobody.
    net.tell(Confirmation::Block {
        account: crate::stage::payee(),
        hash,
        amount: Raw::ZERO,
        subtype: None,
        destination: None,
    });
    // After a gap everything is looked at.
    fund(&net, 2, 1).await;
    net.tell(Confirmation::Gap);
    until("the other receive", || lane(&engine, 2).balance == Raw::new(XNO)).await;
    engine.stop().await;
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn a_message_that_lies_books_nothing() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, |_| {}).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let before = engine.store().head();
    net.tell(sent_to(0, paywarden::nano::BlockHash::from_bytes([7; 32])));
    until("the look", || net.counts()[2] > 0).await;
    SystemClock.sleep(Duration::from_millis(50)).await;
    assert_eq!(engine.store().head(), before);
    engine.stop().await;
}

#[tokio::test]
async fn manual_mode_leaves_money_until_it_is_asked_for() {
    let net = Net::new();
    let rhythm = Rhythm { receiving: Duration::from_millis(20), ..HOURLY };
    let engine = wallet(&net, 1, rhythm, |policy| policy.receive_mode = ReceiveMode::Manual).await;
    engine.start().unwrap();
    fund(&net, 0, 2).await;
    SystemClock.sleep(Duration::from_millis(200)).await;
    assert_eq!(lane(&engine, 0).balance, Raw::ZERO);
    assert!(lane(&engine, 0).open.is_none());
    engine.stop().await;
}

#[tokio::test]
async fn a_receive_that_no_node_takes_is_cancelled() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, |_| {}).await;
    engine.start().unwrap();
    let first = fund(&net, 0, 5).await;
    net.tell(sent_to(0, first));
    until("the money", || lane(&engine, 0).balance == Raw::new(5 * XNO)).await;
    let second = fund(&net, 0, 2).await;
    let before = net.node.block(&second).unwrap().contents.block.previous;
    *net.lie.lock().unwrap() = Some((second, before));
    net.tell(sent_to(0, second));
    until("the wrong receive", || lane(&engine, 0).open.is_some()).await;
    SystemClock.sleep(Duration::from_millis(300)).await;
    assert!(lane(&engine, 0).open.is_some(), "nothing is certain yet");
    let refused_after = paywarden::limits::RECEIVE_REFUSED_AFTER.as_millis();
    net.later.store(u64::try_from(refused_after).unwrap(), Ordering::SeqCst);
    until("the end of the wrong receive", || lane(&engine, 0).open.is_none()).await;
    let lane = lane(&engine, 0);
    assert_eq!((lane.balance, lane.frozen), (Raw::new(5 * XNO), None));
    assert_eq!(Some(&lane.head), net.node.blocks_of(&account(0)).last());
    assert!(engine.audit(true, vec![]).await.unwrap().report.ok);
    engine.stop().await;
}
