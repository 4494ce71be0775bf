//! Checkouts from the first request to the order, in every version.

use paywarden::money::Money;
use paywarden::rails::acp::{
    Acp, AcpError, CompleteBody, Session, SessionId, Status, Version, handler_for,
};
use paywarden::sandbox::Trouble;
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::secret::Secret;

use super::{World, asked, call};

fn usd(amount: u128) -> Money {
    Money { amount, currency: "USD".parse().unwrap() }
}

/// A token as the owner's Stripe would make it, without going through policy: the merchant cannot tell.
async fn token(world: &World, max_amount: u128) -> Secret {
    Secret::new(super::stripe::raw_token(world, AcpMerchant::PROFILE, max_amount).await)
}

async fn complete(
    world: &World,
    acp: &Acp,
    session: &Session,
    key: &str,
) -> Result<Session, AcpError> {
    let token = token(world, session.total().amount).await;
    let handler = handler_for(&session.handlers, AcpMerchant::ID).unwrap();
    let body = CompleteBody { handler_id: handler.id.as_deref(), token: &token };
    acp.complete(session, &body, call(key)).await
}

#[tokio::test]
async fn a_checkout_is_opened_changed_and_paid_in_every_version() {
    for version in Version::ALL {
        let world = World::new().await;
        let acp = world.acp(Some(version));
        let wanted = asked(&[("bread", 2), ("milk", 1)]);
        let session = acp.create(&wanted, Some("b@example.com"), call("k1")).await.unwrap();
        assert_eq!(session.status, Status::ReadyForPayment, "{version}");
        assert_eq!(session.total(), usd(682), "{version}");
        wanted.check(&session).unwrap();
        let wanted = asked(&[("bread", 1)]);
        let session = acp.update(&session.id, &wanted, call("k2")).await.unwrap();
        wanted.check(&session).unwrap();
        let session = acp.get(&session.id, "r").await.unwrap();
        assert_eq!(session.total(), usd(275), "{version}");
        let paid = complete(&world, &acp, &session, "k3").await.unwrap();
        assert_eq!(paid.status, Status::Completed, "{version}");
        assert_eq!(paid.order.unwrap().id, "order_1");
        let closed = acp.cancel(&session.id, call("k4")).await.unwrap_err();
        assert_eq!(closed.code(), "CHECKOUT_CLOSED", "{version}");
    }
}

#[tokio::test]
async fn a_merchant_of_an_older_version_names_it_and_is_spoken_to_in_it() {
    let world = World::new().await;
    world.merchant.set(|knobs| knobs.versions = vec!["2025-12-12".into(), "2026-01-16".into()]);
    let acp = world.acp(None);
    let session = acp.create(&asked(&[("soap", 3)]), None, call("k")).await.unwrap();
    assert_eq!(session.lines[0].quantity, 3);
    let session = acp.get(&session.id, "r").await.unwrap();
    complete(&world, &acp, &session, "c").await.unwrap();
    let versions: Vec<String> = world.merchant.seen().into_iter().map(|seen| seen.1).collect();
    assert_eq!(versions, ["2026-04-17", "2026-01-16", "2026-04-17", "2026-01-16", "2026-01-16"]);
    world.merchant.set(|knobs| knobs.versions = vec!["2031-01-01".into()]);
    let error = acp.get(&session.id, "r").await.unwrap_err();
    assert_eq!(error.code(), "MERCHANT_REFUSED");
}

#[tokio::test]
async fn a_quantity_that_is_refused_is_repeated_as_entries() {
    let world = World::new().await;
    world.merchant.set(|knobs| knobs.refuses_quantity = true);
    let wanted = asked(&[("bread", 3)]);
    let session = world.acp(None).create(&wanted, None, call("k")).await.unwrap();
    assert_eq!(session.lines.len(), 3);
    wanted.check(&session).unwrap();
    let bodies: Vec<String> = world.merchant.seen().into_iter().map(|seen| seen.2).collect();
    assert!(bodies[0].contains("\"quantity\":3") && !bodies[1].contains("quantity"), "{bodies:?}");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_looking() {
    let world = World::new().await;
    let acp = world.acp(None);
    let session = acp.create(&asked(&[("bread", 1)]), None, call("k")).await.unwrap();
    world.merchant.set(|knobs| knobs.fails_after_completing = true);
    let error = complete(&world, &acp, &session, "c").await.unwrap_err();
    assert!(!error.did_nothing() && error.code() == "MERCHANT_DOWN");
    let found = acp.get(&session.id, "r").await.unwrap();
    assert_eq!((found.status, world.merchant.orders()), (Status::Completed, 1));
    // The same key with the same body is answered from memory; another body under it is a conflict.
    world.merchant.set(|knobs| knobs.fails_after_completing = false);
    let first = acp.create(&asked(&[("bread", 1)]), None, call("same")).await.unwrap();
    let again = acp.create(&asked(&[("bread", 1)]), None, call("same")).await.unwrap();
    assert_eq!(first.id, again.id);
    let other = acp.create(&asked(&[("milk", 1)]), None, call("same")).await.unwrap_err();
    assert!(matches!(other, AcpError::Refused { status: 422, .. }), "{other}");
    world.merchant.troubles.queue([Trouble::Lost]);
    assert!(acp.get(&session.id, "r").await.is_ok(), "a look is repeated once");
}

#[tokio::test]
async fn a_token_goes_to_its_own_merchant_alone() {
    let world = World::new().await;
    for token in [None, Some("wrong")] {
        let acp = world.acp_with(None, token);
        let error = acp.create(&asked(&[("bread", 1)]), None, call("k")).await.unwrap_err();
        assert_eq!(error.code(), "MERCHANT_TOKEN_REFUSED");
        assert!(!error.to_string().contains("wrong"));
    }
    let missing: SessionId = "cs_nobody".parse().unwrap();
    let error = world.acp(None).get(&missing, "r").await.unwrap_err();
    assert_eq!(error.code(), "UNKNOWN_CHECKOUT");
}
