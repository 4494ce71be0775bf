//! URLs that are paid with a token: once, by the owner's seller, for the price that was judged.

use serde_json::{Value, json};

use crate::street::{Street, told};

fn joke(street: &Street) -> Value {
    json!({
        "rail": "stripe",
        "amount": "100",
        "currency": "USD",
        "payeeAddress": format!("{}/joke", street.seller_url),
    })
}

#[test]
fn a_joke_is_paid_and_told() {
    let street = Street::new();
    let mut agent = street.agent();
    let checked = agent.facts("check_payment", joke(&street));
    assert_eq!(
        (&checked["outcome"], &checked["sellerAsks"]["amount"]),
        (&json!("allow"), &json!("50"))
    );
    assert_eq!(street.stripe.active(), 0);
    let paid = agent.facts("request_payment", joke(&street));
    assert_eq!(paid["status"], "settled", "{paid}");
    assert_eq!(paid["settlement"]["reference"], "pi_sandbox_1");
    assert!(paid["answer"]["untrusted"]["body"].as_str().unwrap().contains("one drink"), "{paid}");
    assert_eq!((street.stripe.charges(), street.stripe.active()), (1, 0));
    agent.end().is_clean();
    let events = street.home.json(&["ledger", "show", "--limit", "100"]).to_string();
    for secret in ["spt_", "pm_card", "sk_test"] {
        assert!(!events.contains(secret), "{secret}");
    }
}

#[test]
fn an_approval_is_for_one_price_and_one_payee() {
    let street = Street::new();
    street.seller.set(|knobs| knobs.price = 300);
    let mut agent = street.agent();
    let mut dear = joke(&street);
    dear["amount"] = "400".into();
    for change in ["price", "nothing"] {
        let mut wanted = dear.clone();
        wanted["idempotencyKey"] = change.into();
        street.seller.set(|knobs| knobs.price = 300);
        let asked = agent.facts("request_payment", wanted);
        assert_eq!(asked["status"], "pending_approval", "{asked}");
        street.seller.set(|knobs| knobs.price = if change == "price" { 299 } else { 300 });
        street.approve(&asked);
        let status = json!({ "paymentId": asked["paymentId"], "waitMs": 20_000 });
        let found = told(&mut agent, "get_payment_status", status);
        let expected = if change == "price" { "failed" } else { "settled" };
        assert_eq!(found["status"], expected, "{found}");
    }
    assert_eq!((street.stripe.charges(), street.stripe.active()), (1, 0));
}

#[test]
fn sellers_that_cheat_or_fail_are_charged_for_once_or_not_at_all() {
    let street = Street::new();
    let mut agent = street.agent();
    street.seller.set(|knobs| knobs.profile = "profile_evil".to_owned());
    let text = agent.error("request_payment", joke(&street));
    assert!(text.starts_with("OTHER_MERCHANT: "), "{text}");
    street.seller.set(|knobs| *knobs = paywarden::sandbox::mpp::Knobs::default());
    let mut cheap = joke(&street);
    cheap["amount"] = "49".into();
    let text = agent.error("request_payment", cheap);
    assert!(text.starts_with("PRICE_TOO_HIGH: "), "{text}");
    street.is_untouched();
    street.seller.set(|knobs| knobs.refuses = true);
    let refused = told(&mut agent, "request_payment", joke(&street));
    assert_eq!(refused["status"], "failed", "{refused}");
    street.is_untouched();
    street.seller.set(|knobs| (knobs.refuses, knobs.fails_after_charging) = (false, true));
    let paid = told(&mut agent, "request_payment", joke(&street));
    assert_eq!(paid["status"], "settled", "{paid}");
    assert_eq!((street.stripe.charges(), street.stripe.active()), (1, 0));
}
