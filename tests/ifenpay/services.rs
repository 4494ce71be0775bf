//! Registering, payment requests, credits and donations.

use paywarden::money::Raw;
use paywarden::nano::Account;
use paywarden::providers::ifenpay::{Ifenpay, OrderError, Tier, TransactionId, UpstreamError};
use paywarden::sandbox::ifenpay::{Endpoint, Fault, Ifenpay as Simulator};
use serde_json::json;

use crate::bench::{Bench, patch, xno};

fn ten() -> Tier {
    Tier::try_from(10).unwrap()
}

fn code<T: std::fmt::Debug>(answer: Result<T, UpstreamError>) -> String {
    answer.unwrap_err().code().to_owned()
}

#[tokio::test]
async fn a_payment_request_is_paid_by_its_exact_amount() {
    let bench = Bench::funded().await;
    let (ifenpay, to) = (bench.ifenpay(), Account::from_bytes([9; 32]));
    let request = ifenpay.request_payment(to, xno("1.5"), Some("https://a.example")).await.unwrap();
    // As in seeds/001.
    assert_eq!(request.amount, xno("1.500000054"));
    let other = ifenpay.request_payment(to, xno("1.5"), None).await.unwrap();
    assert_eq!(other.amount, xno("1.500000055"));
    let status = ifenpay.payment_status(&request.transaction_id).await.unwrap();
    assert!(!status.is_paid);
    let send = bench.send(to, request.amount);
    bench.node.insert(&send).unwrap();
    assert!(!ifenpay.payment_status(&request.transaction_id).await.unwrap().is_paid);
    bench.node.confirm(&send.hash()).unwrap();
    let status = ifenpay.payment_status(&request.transaction_id).await.unwrap();
    assert!(status.is_paid && status.message == "Payment confirmed");
    assert!(!ifenpay.payment_status(&other.transaction_id).await.unwrap().is_paid);
    assert_eq!(bench.simulator().credits(Simulator::KEY), Some(98));
}

#[tokio::test]
async fn a_status_is_read_in_every_form_and_no_lie_is_believed() {
    let bench = Bench::new().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    let request = ifenpay.request_payment(bench.account(), xno("1"), None).await.unwrap();
    let id = &request.transaction_id;
    let status = Endpoint::PaymentStatus;
    for (fault, paid) in [
        (Fault::DoubleWrapped, Some(false)),
        (patch(json!({ "is_paid": null, "isPaid": "yes" })), Some(true)),
        (patch(json!({ "is_paid": null, "message": null, "status": "completed" })), Some(true)),
        (patch(json!({ "is_paid": "unpaid" })), Some(false)),
        (patch(json!({ "is_paid": "perhaps" })), None),
        (patch(json!({ "isPaid": true })), None),
        (patch(json!({ "transaction_id": "other" })), None),
        (Fault::DataNull, None),
        (Fault::Malformed, None),
    ] {
        simulator.queue(status, fault.clone());
        let found = ifenpay.payment_status(id).await;
        assert_eq!(found.ok().map(|status| status.is_paid), paid, "{fault:?}");
    }
    let unknown: TransactionId = "77df93b1".parse().unwrap();
    assert_eq!(code(ifenpay.payment_status(&unknown).await), "INVALID_TRANSACTION_ID");
}

#[tokio::test]
async fn a_request_over_another_amount_or_for_another_account_is_refused() {
    let bench = Bench::new().await;
    let ifenpay = bench.ifenpay();
    let most = xno("1.0001");
    let over = most.checked_add(Raw::new(1)).unwrap().to_xno();
    for (fields, fits) in [
        (json!({ "amount": "1" }), true),
        (json!({ "amount": most.to_xno() }), true),
        (json!({ "amount": over }), false),
        (json!({ "amount": "0.999999999" }), false),
        (json!({ "amount": "-1" }), false),
        (json!({ "amount": "1,5" }), false),
        (json!({ "amount": 1 }), false),
        (json!({ "receive_address": Account::from_bytes([3; 32]) }), false),
        (json!({ "transaction_id": "../../credits" }), false),
        (json!({ "transaction_id": "" }), false),
        (json!({ "transaction_id": null }), false),
    ] {
        bench.simulator().queue(Endpoint::PaymentRequest, patch(fields.clone()));
        let found = ifenpay.request_payment(bench.account(), xno("1"), None).await;
        assert_eq!(found.is_ok(), fits, "{fields}: {found:?}");
    }
    // Nine of them came to an error, and each was asked once.
    assert_eq!(bench.simulator().requests(Endpoint::PaymentRequest), 11);
}

#[tokio::test]
async fn credits_are_topped_up_by_a_signed_block_and_once() {
    let bench = Bench::funded().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    let credits = ifenpay.credits().await.unwrap();
    assert_eq!((credits.credits, credits.price(ten())), (100, xno("0.1")));
    assert_eq!(credits.price(Tier::ALL[8]), xno("1000"));
    let order = ifenpay.order_topup(ten()).await.unwrap();
    assert_eq!(order.payment_address, Simulator::account());
    order.check(&credits, xno("0.01")).unwrap();
    let block = bench.send(order.payment_address, order.amount);
    let paid = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await.unwrap();
    assert_eq!((paid.topped_up_credits, paid.new_credits_balance), (10, 110));
    assert!(bench.node.block(&block.hash()).unwrap().confirmed);
    let again = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await.unwrap();
    assert_eq!((again, simulator.credits(Simulator::KEY)), (paid, Some(110)));
}

#[tokio::test]
async fn an_answer_lost_after_publishing_leaves_one_payment() {
    let bench = Bench::funded().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    for fault in [Fault::LostAnswer, Fault::DataNull, Fault::Malformed] {
        let before = simulator.credits(Simulator::KEY).unwrap();
        let order = ifenpay.order_topup(ten()).await.unwrap();
        let block = bench.send(order.payment_address, order.amount);
        simulator.queue(Endpoint::Topup, fault);
        let error = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await.unwrap_err();
        assert!(!error.nothing_was_sent());
        // Found by its hash, and by the credits.
        assert!(bench.node.block(&block.hash()).unwrap().confirmed);
        assert_eq!(ifenpay.credits().await.unwrap().credits, before + 10);
        let again = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await.unwrap();
        assert_eq!(again.new_credits_balance, before + 10);
    }
    assert_eq!(bench.node.history(&bench.account()).len(), 4);
}

#[tokio::test]
async fn what_was_not_served_moves_nothing() {
    let bench = Bench::funded().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    let order = ifenpay.order_topup(ten()).await.unwrap();
    let block = bench.send(order.payment_address, order.amount);
    for (fault, expected) in [
        (Fault::Status500, "DATABASE_ERROR"),
        (Fault::Html502, "PARSE_ERROR"),
        (Fault::SuccessFalse, "PARSE_ERROR"),
        (Fault::LostRequest, "REQUEST_ERROR"),
        (Fault::Hang, "REQUEST_ERROR"),
        (
            Fault::Refused {
                status: 401,
                code: "RATE_LIMIT_EXCEEDED".to_owned(),
                message: "Rate limit exceeded. Please try again later.".to_owned(),
            },
            "RATE_LIMIT_EXCEEDED",
        ),
    ] {
        simulator.queue(Endpoint::Topup, fault);
        let answer = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await;
        assert_eq!(code(answer), expected);
        assert!(bench.node.block(&block.hash()).is_none());
    }
    assert_eq!(simulator.requests(Endpoint::Topup), 6);
    let unknown: TransactionId = "77df93b1".parse().unwrap();
    let answer = ifenpay.pay_topup(ten(), &unknown, &block).await;
    assert_eq!(code(answer), "NO_TRANSACTION_FOUND");
    let wrong = bench.send(order.payment_address, xno("0.1"));
    let answer = ifenpay.pay_topup(ten(), &order.transaction_id, &wrong).await;
    assert_eq!(code(answer), "TRANSACTION_NOT_CONFIRMED");
    simulator.set(|settings| settings.topup_wait_ms = 0);
    bench.node.hold_new(true);
    let answer = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await;
    assert_eq!(code(answer), "TRANSACTION_NOT_CONFIRMED");
    bench.node.confirm(&block.hash()).unwrap();
    assert!(ifenpay.pay_topup(ten(), &order.transaction_id, &block).await.is_ok());
}

#[tokio::test]
async fn an_absurd_order_is_refused() {
    let bench = Bench::new().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    let credits = ifenpay.credits().await.unwrap();
    let orders = Endpoint::TopupOrder;
    simulator.queue(orders, patch(json!({ "nano_amount": "5" })));
    let order = ifenpay.order_topup(ten()).await.unwrap();
    let refused = order.check(&credits, xno("0.01")).unwrap_err();
    assert!(matches!(refused, OrderError::AboveList { .. }), "{refused}");
    simulator.queue(orders, patch(json!({ "payment_address": Account::BURN })));
    let order = ifenpay.order_topup(ten()).await.unwrap();
    assert_eq!(order.check(&credits, xno("0.01")), Err(OrderError::Burnt));
    // The list lies too: then the owner's maximum counts.
    simulator.set(|settings| settings.credit_price_raw = xno("0.5"));
    let (credits, order) =
        (ifenpay.credits().await.unwrap(), ifenpay.order_topup(ten()).await.unwrap());
    let refused = order.check(&credits, xno("0.01")).unwrap_err();
    assert!(matches!(refused, OrderError::AboveMaximum { .. }), "{refused}");
    for fields in [
        json!({ "nano_amount": "1,5" }),
        json!({ "nano_amount": "-0.1" }),
        json!({ "nano_amount": "0" }),
        json!({ "nano_amount": "" }),
        json!({ "nano_amount": "340282367" }),
        json!({ "nano_amount": 0.1 }),
        json!({ "payment_address": "nano_1" }),
        json!({ "payment_address": null }),
        json!({ "transaction_id": "../x" }),
    ] {
        simulator.queue(orders, patch(fields.clone()));
        assert!(ifenpay.order_topup(ten()).await.is_err(), "{fields}");
    }
    for fields in [
        json!({ "current_credits_price_10": -0.1 }),
        json!({ "current_credits_price_100": "1,5" }),
        json!({ "current_credits_price_50": null }),
        json!({ "credits": "850" }),
    ] {
        simulator.queue(Endpoint::Credits, patch(fields.clone()));
        assert!(ifenpay.credits().await.is_err(), "{fields}");
    }
}

#[tokio::test]
async fn the_amount_of_credits_given_is_the_amount_paid_for() {
    let bench = Bench::funded().await;
    let ifenpay = bench.ifenpay();
    let order = ifenpay.order_topup(ten()).await.unwrap();
    let block = bench.send(order.payment_address, order.amount);
    bench.simulator().queue(Endpoint::Topup, patch(json!({ "topped_up_credits": 9 })));
    let answer = ifenpay.pay_topup(ten(), &order.transaction_id, &block).await;
    assert_eq!(code(answer), "INVALID_DATA");
}

#[tokio::test]
async fn a_read_is_made_again_and_a_refusal_is_passed_on() {
    let bench = Bench::new().await;
    let (ifenpay, simulator) = (bench.ifenpay(), bench.simulator());
    for fault in [Fault::Html502, Fault::LostAnswer, Fault::LostRequest, Fault::Slow { ms: 20 }] {
        simulator.queue(Endpoint::Credits, fault.clone());
        assert!(ifenpay.credits().await.is_ok(), "{fault:?}");
    }
    assert_eq!(simulator.requests(Endpoint::Credits), 7);
    simulator.set(|settings| settings.request_cost = 101);
    let answer = ifenpay.request_payment(bench.account(), xno("1"), None).await;
    assert_eq!(code(answer), "FORBIDDEN");
    let without = Ifenpay::new(bench.upstream(None));
    assert_eq!(code(without.credits().await), "MISSING_API_KEY");
    let wrong = Ifenpay::new(bench.upstream(Some("hunter2")));
    let error = wrong.credits().await.unwrap_err();
    assert_eq!(error.code(), "INVALID_API_KEY");
    assert!(!format!("{error} {error:?} {wrong:?}").contains("hunter2"));
}

#[tokio::test]
async fn donations_go_where_it_says() {
    let bench = Bench::new().await;
    let ifenpay = bench.ifenpay();
    assert_eq!(ifenpay.donation_address().await, Ok(Simulator::account()));
    for address in [json!(Account::BURN), json!("nano_1"), json!(7), json!(null)] {
        bench.simulator().queue(Endpoint::DonateAddress, patch(json!({ "address": address })));
        assert!(ifenpay.donation_address().await.is_err(), "{address}");
    }
}

#[tokio::test]
async fn registering_gives_a_key_and_a_seed_that_belong_together() {
    let bench = Bench::new().await;
    let (simulator, stranger) = (bench.simulator(), Ifenpay::new(bench.upstream(None)));
    let found = stranger.register().await.unwrap();
    assert_eq!(found.seed.derive(0).account(), found.address);
    let other = stranger.register().await.unwrap();
    assert_ne!(found.address, other.address);
    simulator.queue(Endpoint::WalletCreate, patch(json!({ "address": other.address })));
    assert_eq!(code(stranger.register().await), "INVALID_DATA");
    simulator.queue(Endpoint::WalletCreate, Fault::LostAnswer);
    assert_eq!(code(stranger.register().await), "REQUEST_ERROR");
    assert_eq!(simulator.requests(Endpoint::WalletCreate), 4);
}
