//! A second holder of the seed, and a past this wallet does not know.

use paywarden::engine::Finding;
use paywarden::money::{Currency, Raw};
use paywarden::nano::{BlockHash, Link, StateBlock};
use paywarden::network::Confirmation;
use paywarden::sandbox::nano::seal;

use crate::stage::{
    HOURLY, Net, XNO, account, fund, key, lane, order, payee, sent_to, until, wallet,
};

/// Somebody else with our keys sends.
fn steal(net: &Net, xno: u128) -> BlockHash {
    let head = *net.node.blocks_of(&account(0)).last().unwrap();
    let before = net.node.block(&head).unwrap().contents.block;
    let block = StateBlock {
        previous: head,
        balance: before.balance.checked_sub(Raw::new(xno * XNO)).unwrap(),
        link: Link::from(payee()),
        ..before
    };
    let hash = net.node.insert(&seal(&key(0), block)).unwrap();
    net.node.confirm(&hash).unwrap();
    hash
}

#[tokio::test]
async fn a_foreign_send_counts_as_spent_freezes_and_is_reconciled() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, |_| {}).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(&net, 0, 10).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(10 * XNO)).await;
    let stolen = steal(&net, 3);
    net.tell(Confirmation::Block {
        account: account(0),
        hash: stolen,
        amount: Raw::new(3 * XNO),
        subtype: None,
        destination: Some(payee()),
    });
    until("the alarm", || lane(&engine, 0).frozen.is_some()).await;
    assert_eq!((lane(&engine, 0).head, lane(&engine, 0).balance), (stolen, Raw::new(7 * XNO)));
    let spent = engine.store().read(|view| view.budget(Currency::XNO)).unwrap();
    assert_eq!(spent.settled, 3 * XNO);
    let rows = engine.store().read(|view| view.history(&account(0), None, 1)).unwrap();
    assert!(rows[0].1.foreign);
    // A payment that waited for the alarm to be lifted would surprise everybody then.
    let refused = engine.pay(order(Raw::new(XNO).into(), None)).await.unwrap_err();
    assert_eq!(refused.code, "WALLET_FROZEN");
    // One more while it is frozen.
    let second = steal(&net, 1);
    let survey = engine.survey().await.unwrap();
    let Finding::Foreign(blocks) = &survey.accounts[0].finding else { panic!("{survey:?}") };
    assert_eq!((blocks.len(), blocks[0].hash), (1, second));
    let wrong = engine.reconcile("something else").await.unwrap_err();
    assert_eq!(wrong.code, "NOT_ACKNOWLEDGED");
    engine.reconcile(&survey.acknowledgement()).await.unwrap();
    assert!(lane(&engine, 0).frozen.is_none());
    assert_eq!((lane(&engine, 0).head, lane(&engine, 0).balance), (second, Raw::new(6 * XNO)));
    // Again it does nothing.
    let head = engine.store().head();
    let (survey, _) = engine.reconcile("").await.unwrap();
    assert!(!survey.needs_action());
    assert_eq!(engine.store().head(), head);
    assert!(engine.audit(true, vec![]).await.unwrap().report.ok);
    engine.stop().await;
}

#[tokio::test]
async fn a_past_is_adopted_once_it_is_acknowledged() {
    let net = Net::new();
    let first = wallet(&net, 1, HOURLY, |_| {}).await;
    first.start().unwrap();
    let hash = fund(&net, 0, 10).await;
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&first, 0).balance == Raw::new(10 * XNO)).await;
    first.stop().await;

    let imported = wallet(&net, 1, HOURLY, |_| {}).await;
    imported.start().unwrap();
    until("the alarm", || lane(&imported, 0).frozen.is_some()).await;
    let survey = imported.survey().await.unwrap();
    assert!(matches!(survey.accounts[0].finding, Finding::Past { blocks: 1, .. }), "{survey:?}");
    imported.reconcile(&survey.acknowledgement()).await.unwrap();
    assert_eq!(lane(&imported, 0).balance, Raw::new(10 * XNO));
    assert!(lane(&imported, 0).frozen.is_none());
    let spent = imported.store().read(|view| view.budget(Currency::XNO)).unwrap();
    assert_eq!(spent.settled, 0);
    imported.stop().await;
}

#[tokio::test]
async fn without_a_network_reconcile_says_so() {
    let net = Net::new();
    let engine = wallet(&net, 1, HOURLY, |_| {}).await;
    net.node.down();
    assert_eq!(engine.survey().await.unwrap_err().code, "REQUEST_ERROR");
}
