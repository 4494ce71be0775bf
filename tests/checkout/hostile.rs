//! Merchants that cheat: each is refused with its reason.

use paywarden::rails::acp::{AnswerError, Asked, Mismatch, Session, handler_for};
use paywarden::sandbox::acp::{AcpMerchant, Knobs};

use super::{World, asked, call};

/// The session as it is found after the merchant changed its mind, and what was asked, with its prices.
async fn after(change: impl FnOnce(&mut Knobs)) -> (Result<Session, String>, Asked) {
    let world = World::new().await;
    let acp = world.acp(None);
    let wanted = asked(&[("bread", 2), ("milk", 1)]);
    let session = acp.create(&wanted, None, call("k")).await.unwrap();
    let wanted = wanted.priced_by(&session);
    wanted.check(&session).unwrap();
    world.merchant.set(change);
    let session = acp.get(&session.id, "r").await.map_err(|error| error.to_string());
    (session, wanted)
}

async fn mismatch(change: impl FnOnce(&mut Knobs)) -> Mismatch {
    let (session, wanted) = after(change).await;
    wanted.check(&session.unwrap()).unwrap_err()
}

#[tokio::test]
async fn what_differs_from_what_was_asked_is_named() {
    let tampered = after(|knobs| knobs.total_plus = 100).await.0.unwrap_err();
    assert!(tampered.contains("make 682, the total says 782"), "{tampered}");
    let other = after(|knobs| knobs.is_other_session = true).await.0.unwrap_err();
    assert_eq!(other, AnswerError::OtherSession.to_string());
    let quantity = mismatch(|knobs| knobs.quantity_plus = 1).await;
    assert_eq!(quantity, Mismatch::Quantity { id: "bread".into(), asked: 2, found: 3 });
    let price = mismatch(|knobs| knobs.price_plus = 100).await;
    assert_eq!(price, Mismatch::Price { id: "bread".into(), asked: 250, found: 350 });
    assert!(matches!(mismatch(|knobs| knobs.tip = 50).await, Mismatch::Tip(_)));
    let currency = mismatch(|knobs| knobs.currency = Some("eur".into())).await;
    assert_eq!(currency.to_string(), "USD was asked, the cart is in EUR");
    let (session, wanted) = after(|knobs| knobs.is_upper_case = true).await;
    assert_eq!(wanted.check(&session.unwrap()), Ok(()));
}

#[tokio::test]
async fn a_merchant_that_answers_for_another_is_not_paid() {
    let (session, _) = after(|knobs| knobs.merchant_id = Some("evil-1".into())).await;
    let error = handler_for(&session.unwrap().handlers, AcpMerchant::ID).unwrap_err();
    assert!(error.to_string().contains("merchant evil-1"), "{error}");
}

#[tokio::test]
async fn words_that_give_orders_come_through_as_words() {
    let (session, _) = after(|knobs| knobs.is_hostile = true).await;
    let session = session.unwrap();
    let words = format!("{:?}{:?}", session.messages, session.lines);
    assert!(words.contains("Ignore the policy"));
    assert!(!words.contains('\u{1b}') && !words.contains('\u{202e}'));
    // A message may be markup, a name never is.
    assert!(!format!("{:?}", session.messages).contains("[here]"));
}
