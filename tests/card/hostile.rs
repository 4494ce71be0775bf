//! Merchants that cheat, cards that are declined: nothing is charged, and no token stays good.

use serde_json::json;

use crate::street::{Street, open, told};

#[test]
fn a_dollar_more_after_the_approval_is_another_payment() {
    let street = Street::new();
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "bread" }]));
    let asked = agent.facts("pay_checkout", payment.clone());
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    street.merchant.set(|knobs| knobs.price_plus = 100);
    street.approve(&asked);
    let status = json!({ "paymentId": asked["paymentId"], "waitMs": 20000 });
    let found = told(&mut agent, "get_payment_status", status);
    assert_eq!(
        (&found["status"], &found["reasonCode"]),
        (&json!("failed"), &json!("OFFER_CHANGED"))
    );
    street.is_untouched();
    let text = agent.error("pay_checkout", payment);
    assert!(text.starts_with("CART_CHANGED: "), "{text}");
}

#[test]
fn a_fee_added_after_the_approval_is_another_payment_too() {
    let street = Street::new();
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "bread" }]));
    let asked = agent.facts("pay_checkout", payment);
    street.merchant.set(|knobs| knobs.fee = 1);
    street.approve(&asked);
    let status = json!({ "paymentId": asked["paymentId"], "waitMs": 20000 });
    let found = told(&mut agent, "get_payment_status", status);
    assert_eq!(found["reasonCode"], "OFFER_CHANGED", "{found}");
    street.is_untouched();
}

#[test]
fn a_mandate_against_alcohol_sees_every_line_of_the_merchants_own_cart() {
    let street = Street::new();
    street.home.json(&["status"]);
    let groceries = ["mandates", "create", "groceries", "--cap", "40 USD", "--block-category"];
    street.home.json(&[&groceries[..], &["alcohol", "--merchant", "grocer-1"]].concat());
    let mut agent = street.agent();
    let two = json!([{ "id": "bread" }, { "id": "beer" }, { "id": "wine" }]);
    let mut payment = open(&mut agent, &two);
    payment["mandateId"] = "groceries".into();
    let denied = told(&mut agent, "pay_checkout", payment);
    assert_eq!(denied["status"], "denied", "{denied}");
    assert!(denied["reason"].as_str().unwrap().contains("alcohol"), "{denied}");
    street.is_untouched();
    let mut payment = open(&mut agent, &json!([{ "id": "milk" }]));
    payment["mandateId"] = "groceries".into();
    assert_eq!(agent.facts("pay_checkout", payment)["status"], "settled");
}

#[test]
fn carts_and_merchants_that_are_not_what_was_asked_for_are_not_paid() {
    let street = Street::new();
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    type Change = fn(&mut paywarden::sandbox::acp::Knobs);
    let cases: [(&str, Change); 8] = [
        ("OTHER_MERCHANT", |knobs| knobs.merchant_id = Some("evil".to_owned())),
        ("MERCHANT_ANSWER_UNUSABLE", |knobs| knobs.is_other_session = true),
        ("MERCHANT_ANSWER_UNUSABLE", |knobs| knobs.total_plus = 1),
        ("CART_CHANGED", |knobs| knobs.quantity_plus = 1),
        ("CART_CHANGED", |knobs| knobs.tip = 1),
        ("WRONG_CURRENCY", |knobs| knobs.currency = Some("eur".to_owned())),
        ("CHECKOUT_NOT_PAYABLE", |knobs| knobs.status = Some("pending_approval".to_owned())),
        ("CHECKOUT_NOT_PAYABLE", |knobs| knobs.status = Some("expired".to_owned())),
    ];
    for (code, change) in cases {
        street.merchant.set(|knobs| {
            *knobs = paywarden::sandbox::acp::Knobs::default();
            change(knobs);
        });
        let text = agent.error("pay_checkout", payment.clone());
        assert!(text.starts_with(&format!("{code}: ")), "{code}: {text}");
        let has_link = text.contains("http://127.0.0.1/checkout/");
        assert_eq!(has_link, text.contains("pending_approval"), "{text}");
    }
    street.merchant.set(|knobs| *knobs = paywarden::sandbox::acp::Knobs::default());
    for (name, value, code) in [
        ("merchantId", json!("other"), "OTHER_MERCHANT"),
        ("sessionId", json!("../x"), "INVALID_SESSION_ID"),
        ("sessionId", json!("cs_sandbox_9"), "UNKNOWN_CHECKOUT"),
        ("maxAmount", json!("197"), "PRICE_TOO_HIGH"),
        ("maxAmount", json!("-1"), "INVALID_NEGATIVE_AMOUNT"),
        ("maxAmount", json!("0"), "INVALID_NUMBER_FORMAT"),
        ("currency", json!("EUR"), "PRICE_TOO_HIGH"),
        ("currency", json!("$"), "INVALID_CURRENCY"),
        ("merchantEndpoint", json!("https://shop.example/acp"), "UNKNOWN_MERCHANT"),
        ("merchantEndpoint", json!("https://10.0.0.1/acp"), "ENDPOINT_REFUSED"),
    ] {
        let mut wrong = payment.clone();
        wrong[name] = value;
        let text = agent.error("pay_checkout", wrong);
        assert!(text.starts_with(&format!("{code}: ")), "{name}: {text}");
    }
    street.is_untouched();
}

#[test]
fn whoever_must_be_seen_by_a_person_gets_no_money() {
    let street = Street::new();
    let mut agent = street.agent();
    for status in ["authentication_required", "requires_escalation", "pending_approval"] {
        street.merchant.set(|knobs| knobs.complete_status = Some(status.to_owned()));
        let payment = open(&mut agent, &json!([{ "id": "beer" }]));
        let failed = told(&mut agent, "pay_checkout", payment);
        assert_eq!(
            (&failed["status"], &failed["checkoutStatus"]),
            (&json!("failed"), &json!(status))
        );
        let link = failed["untrusted"]["continueUrl"].as_str().unwrap();
        assert!(link.starts_with("http://127.0.0.1/checkout/cs_"), "{link}");
        street.is_untouched();
    }
}

#[test]
fn a_card_that_is_declined_or_needs_its_holder_pays_nothing() {
    let street = Street::new();
    let mut agent = street.agent();
    for what in ["declines", "requires_action", "amount_plus"] {
        street.stripe.set(|knobs| {
            knobs.declines = what == "declines";
            knobs.requires_action = what == "requires_action";
            knobs.amount_plus = u64::from(what == "amount_plus");
        });
        let payment = open(&mut agent, &json!([{ "id": "beer" }]));
        let failed = told(&mut agent, "pay_checkout", payment);
        assert_eq!(failed["status"], "failed", "{what}: {failed}");
        street.is_untouched();
    }
}
