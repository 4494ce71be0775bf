//! Sellers that do not: what each of them gets, and that none gets it twice.

use paywarden::fetch::{AllowList, GuestClient, GuestError, Settings};
use paywarden::rails::x402::{AskError, DemandError, RequestError, ResourceRequest, SellerClient};

use crate::bench::Bench;

#[tokio::test]
async fn each_bad_demand_is_refused_before_anything_is_signed() {
    let bench = Bench::new().await;
    for (path, code) in [
        ("/v2/evm/dear", "X402_PRICE_ABOVE_MAX"),
        ("/v1/evm/dear", "X402_PRICE_ABOVE_MAX"),
        ("/v2/nano/dear", "X402_PRICE_ABOVE_MAX"),
        ("/v2/evm/pay-to-nobody", "X402_PAY_TO_REFUSED"),
        ("/v2/nano/pay-to-nobody", "X402_PAY_TO_REFUSED"),
        ("/v2/evm/pay-to-token", "X402_PAY_TO_REFUSED"),
        ("/v2/evm/wrong-resource", "X402_RESOURCE_MISMATCH"),
        ("/v1/evm/wrong-resource", "X402_RESOURCE_MISMATCH"),
        ("/v2/nano/wrong-resource", "X402_RESOURCE_MISMATCH"),
        ("/v2/evm/wrong-name", "X402_ASSET_MISMATCH"),
        ("/v1/evm/wrong-name", "X402_ASSET_MISMATCH"),
        ("/v2/evm/wrong-token", "X402_ASSET_UNKNOWN"),
        ("/v2/evm/main-network", "X402_NETWORK_MIXED"),
        ("/v2/evm/upto", "X402_SCHEME_UNSUPPORTED"),
        ("/v2/evm/upfront", "X402_FLOW_UNSUPPORTED"),
        ("/v2/evm/escrow", "X402_FLOW_UNSUPPORTED"),
        ("/v1/evm/escrow", "X402_FLOW_UNSUPPORTED"),
        ("/v2/evm/permit2", "X402_TRANSFER_METHOD_UNSUPPORTED"),
    ] {
        let refused = bench.offer(path).await.expect_err(path);
        assert_eq!(refused.code(), code, "{path}: {refused}");
    }
}

#[tokio::test]
async fn each_broken_demand_is_no_demand() {
    let bench = Bench::new().await;
    for (path, error) in [
        ("/v2/evm/two-headers", DemandError::TwoHeaders),
        ("/v2/evm/not-base64", DemandError::NotBase64),
        ("/v2/evm/duplicate-keys", DemandError::NotJson),
        ("/v1/evm/duplicate-keys", DemandError::NotJson),
    ] {
        assert_eq!(bench.ask(path).await.unwrap_err(), AskError::Demand(error), "{path}");
    }
    let huge = bench.ask("/v2/evm/huge-header").await.unwrap_err();
    assert!(matches!(huge, AskError::Demand(DemandError::HeaderTooLong { .. })), "{huge}");
    for path in ["/v1/evm/huge-demand", "/v1/evm/endless-demand"] {
        let huge = bench.ask(path).await.unwrap_err();
        assert!(matches!(huge, AskError::Demand(DemandError::BodyTooLong { .. })), "{huge}");
    }
    // Of version 2 the header alone counts, whatever stands in the body or beside it.
    for (path, nonce) in
        [("/v2/evm/mixed", 1), ("/v2/evm/endless-demand", 2), ("/v2/evm/hostile-headers", 3)]
    {
        let (asked, offer) = bench.offer(path).await.unwrap();
        assert_eq!(offer.terms.amount, 10_000, "{path}");
        let header = bench.sign(path, &asked, &offer, nonce).await;
        let presented = bench.client.present(&bench.request(path), &header).await.unwrap();
        assert_eq!(presented.response.status, 200, "{path}");
    }
}

#[tokio::test]
async fn thirty_days_are_signed_as_five_minutes() {
    use base64::Engine as _;
    let bench = Bench::new().await;
    let (asked, offer) = bench.offer("/v2/evm/month").await.unwrap();
    assert_eq!(offer.max_timeout_s, 30 * 86_400);
    let header = bench.sign("/v2/evm/month", &asked, &offer, 1).await;
    let bytes = base64::engine::general_purpose::STANDARD.decode(header.value).unwrap();
    let payment: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let until = payment["payload"]["authorization"]["validBefore"].as_str().unwrap();
    assert!(until.parse::<u64>().unwrap() <= crate::bench::now_s() + 300);
}

#[tokio::test]
async fn a_redirect_takes_no_payment_along() {
    let bench = Bench::new().await;
    let presented = bench.pay("/v2/evm/redirect-paid", 1).await.unwrap();
    assert_eq!((presented.response.status, presented.receipt), (307, None));
    assert!(bench.sellers().captured().is_empty());
}

/// What a payer sees of each, and what was really paid: the two have nothing to do with each other, which is why a
/// payment counts as spent from its signature on.
#[tokio::test]
async fn an_answer_does_not_say_whether_money_moved() {
    let bench = Bench::new().await;
    for (nonce, (scene, status, is_paid)) in [
        ("settle-then-500", Some(500), true),
        ("settle-then-405", Some(405), true),
        ("settle-then-again", Some(402), true),
        ("settle-then-drop", None, true),
        ("false-receipt", Some(200), true),
        ("handler-fails", Some(500), false),
        ("refuses", Some(402), false),
        ("drop-before", None, false),
        ("verify-only", Some(200), false),
        ("price-rises", Some(402), false),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/v2/evm/{scene}");
        let presented = bench.pay(&path, u8::try_from(nonce).unwrap() + 1).await;
        let seen = presented.as_ref().ok().map(|presented| presented.response.status);
        assert_eq!(seen, status, "{scene}");
        if let Err(error) = presented {
            assert!(!error.nothing_was_sent(), "{scene}: {error}");
        }
        let paid = bench.sellers().paid().iter().any(|paid| paid.path == path);
        assert_eq!(paid, is_paid, "{scene}");
    }
}

/// Whatever the seller does, the same bytes again never pay a second time.
#[tokio::test]
async fn three_tries_with_the_same_bytes_pay_once_at_most() {
    let bench = Bench::new().await;
    bench.fund().await;
    let scenes = [
        "weather",
        "settle-then-500",
        "settle-then-405",
        "settle-then-again",
        "settle-then-drop",
        "false-receipt",
        "handler-fails",
        "refuses",
        "drop-before",
        "verify-only",
        "price-rises",
        "pay-to-changes",
    ];
    for (nonce, scene) in scenes.into_iter().enumerate() {
        let path = format!("/v2/evm/{scene}");
        let (asked, offer) = bench.offer(&path).await.unwrap();
        let nonce = u8::try_from(nonce).unwrap() + 1;
        let header = bench.sign(&path, &asked, &offer, nonce).await;
        for _ in 0..3 {
            // What comes of it is not looked at, as a careless agent would not.
            let _ = bench.client.present(&bench.request(&path), &header).await;
        }
        let paid = bench.sellers().paid().iter().filter(|paid| paid.path == path).count();
        assert!(paid <= 1, "{scene} was paid {paid} times");
    }
}

#[tokio::test]
async fn a_payee_that_changes_is_seen_in_the_terms() {
    let bench = Bench::new().await;
    let path = "/v2/evm/pay-to-changes";
    let (_, first) = bench.offer(path).await.unwrap();
    assert_eq!(bench.pay(path, 1).await.unwrap().response.status, 200);
    let (_, second) = bench.offer(path).await.unwrap();
    assert_ne!(first.terms, second.terms);
    assert_ne!(first.terms.pay_to, second.terms.pay_to);
    assert_eq!(first.terms.amount, second.terms.amount);
}

#[tokio::test]
async fn a_private_address_is_asked_by_nobody() {
    let bench = Bench::new().await;
    let guarded = SellerClient::new(GuestClient::new(Settings::default(), AllowList::default()));
    for url in [
        bench.url("/v2/evm/weather"),
        "https://127.0.0.1:8443/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://100.64.0.1/".to_owned(),
        "https://[::ffff:127.0.0.1]/".to_owned(),
        "https://[64:ff9b::7f00:1]/".to_owned(),
    ] {
        let refused = ResourceRequest::new(guarded.guest(), None, &url, &[], None).unwrap_err();
        assert!(matches!(refused, RequestError::Url(_)), "{url}");
    }
    // A name that leads into the house, and a request that was stored under another list.
    let local = "https://localhost:8443/";
    let rebound = ResourceRequest::new(guarded.guest(), None, local, &[], None).unwrap();
    let error = guarded.ask(&rebound).await.unwrap_err();
    assert!(matches!(error, AskError::Guest(GuestError::Guard(_))), "{error}");
    assert!(error.nothing_was_sent());
    let error = guarded.ask(&bench.request("/v2/evm/weather")).await.unwrap_err();
    assert!(matches!(error, AskError::Guest(GuestError::Guard(_))), "{error}");
}
