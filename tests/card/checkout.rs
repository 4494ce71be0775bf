//! Checkouts that are paid, once each.

use serde_json::{Value, json};

use crate::street::{Street, open};
use crate::support::Home;

#[test]
fn a_purchase_with_an_approval_in_the_middle_needs_nothing_set_up() {
    let home = Home::new();
    let mut agent = home.initialized();
    let bread_and_milk = json!([{ "id": "bread", "quantity": 2 }, { "id": "milk" }]);
    let payment = open(&mut agent, &bread_and_milk);
    let asked = agent.facts("pay_checkout", payment.clone());
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    let waiting = home.json(&["approvals", "list"]);
    let cart = &waiting["approvals"][0]["cart"];
    assert_eq!((&cart["merchantId"], &cart["total"]), (&json!("grocer-1"), &usd("682")));
    let id = asked["approvalId"].as_str().unwrap();
    let approved = home.run(&["approvals", "approve", id]);
    let said = String::from_utf8(approved.stdout.clone()).unwrap();
    assert!(said.contains("Settled: 6.82 USD") && said.contains("order_1"), "{approved:?}");
    let found = agent.facts("get_payment_status", json!({ "paymentId": asked["paymentId"] }));
    assert_eq!(found["settlement"]["reference"], "order_1", "{found}");
    assert_eq!(found["settlement"]["rail"], "acp");
    // Asked for once more it is the same payment.
    assert_eq!(agent.facts("pay_checkout", payment)["paymentId"], asked["paymentId"]);
    agent.end().is_clean();
    let report = home.json(&["report"]);
    assert_eq!(report["orders"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["orders"][0]["orderId"], "order_1");
    assert_eq!(report["orders"][0]["amountText"], "6.82 USD");
    assert_eq!(report["settledByCurrency"]["USD"], "682");
    let text = String::from_utf8(home.run(&["report"]).stdout).unwrap();
    assert!(text.contains("order_1 at grocer-1: 6.82 USD"), "{text}");
    let events = home.json(&["ledger", "show", "--limit", "100"]).to_string();
    for secret in ["spt_", "pm_card", "sk_test", "sandbox-merchant-token"] {
        assert!(!events.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_within_the_threshold_is_paid_at_once_and_once() {
    let street = Street::new();
    street.merchant.set(|knobs| {
        knobs.is_upper_case = true;
        knobs.completes_twice = true;
    });
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    let paid = agent.facts("pay_checkout", payment.clone());
    assert_eq!((&paid["status"], &paid["reasonCode"]), (&json!("settled"), &json!("ALLOWED")));
    assert_eq!(paid["settlement"]["settledAmount"], json!({ "amount": "198", "currency": "USD" }));
    for key in [None, Some("another")] {
        let mut again = payment.clone();
        again["idempotencyKey"] = key.map_or(Value::Null, Value::from);
        assert_eq!(agent.facts("pay_checkout", again)["paymentId"], paid["paymentId"]);
    }
    assert_eq!((street.merchant.orders(), street.stripe.charges()), (1, 1));
    let completions = street.merchant.seen();
    let completions = completions.iter().filter(|(place, ..)| place.ends_with("/complete"));
    assert_eq!(completions.count(), 1);
}

#[test]
fn a_failure_after_the_completion_is_looked_at_and_not_paid_twice() {
    let street = Street::new();
    street.merchant.set(|knobs| {
        knobs.fails_after_completing = true;
        knobs.completes_twice = true;
    });
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    let paid = agent.facts("pay_checkout", payment);
    assert_eq!(paid["settlement"]["reference"], "order_1", "{paid}");
    assert_eq!((street.merchant.orders(), street.stripe.charges()), (1, 1));
    let after: Vec<String> = street.merchant.seen().into_iter().map(|(place, ..)| place).collect();
    let complete = after.iter().position(|place| place.ends_with("/complete")).unwrap();
    assert!(after[complete + 1].starts_with("GET "), "{after:?}");
}

#[test]
fn a_fee_nobody_asked_for_is_the_owners_to_decide() {
    let street = Street::new();
    street.merchant.set(|knobs| knobs.fee = 1);
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    let asked = agent.facts("pay_checkout", payment);
    assert_eq!(asked["status"], "pending_approval", "{asked}");
    assert!(asked["reason"].as_str().unwrap().contains("0.01 USD of fees"), "{asked}");
    let waiting = street.home.json(&["approvals", "list"]);
    let cart = &waiting["approvals"][0]["cart"];
    assert_eq!((&cart["total"], &cart["surcharge"]), (&usd("199"), &usd("1")));
    let text = String::from_utf8(street.home.run(&["approvals", "list"]).stdout).unwrap();
    assert!(text.contains("added    0.01 USD of fees or wrapping"), "{text}");
    let approved = street.approve(&asked);
    assert!(String::from_utf8(approved.stdout).unwrap().contains("Settled: 1.99 USD"));
}

fn usd(cents: &str) -> Value {
    json!({ "amount": cents, "currency": "USD" })
}
