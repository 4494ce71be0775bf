//! What sellers really took, and what merchants really sold: read back after the money has moved, and said aloud.

use std::time::Duration;

use paywarden::sandbox::Trouble;
use serde_json::{Value, json};

use crate::street::{Street, open};
use crate::support::Server;

/// Pays for a beer and gives the payment as it is once the outbox has had its say; `event` is the last that is waited for.
fn bought(street: &Street, agent: &mut Server, event: &str) -> Value {
    let payment = open(agent, &json!([{ "id": "beer" }]));
    let paid = agent.facts("pay_checkout", payment);
    assert_eq!((&paid["status"], street.stripe.charges()), (&json!("settled"), 1), "{paid}");
    until(agent, &paid, event)
}

/// The payment once there is such an event of it.
fn until(agent: &mut Server, paid: &Value, event: &str) -> Value {
    let status = json!({ "paymentId": paid["paymentId"] });
    for _ in 0..300 {
        let found = agent.facts("get_payment_status", status.clone());
        if last(&found, event).is_object() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no {event} of {paid}");
}

/// The data of the newest event of a kind.
fn last<'a>(payment: &'a Value, kind: &str) -> &'a Value {
    let trail = payment["trail"].as_array().unwrap();
    let found = trail.iter().rev().find(|event| event["type"] == kind);
    found.map_or(&Value::Null, |event| &event["data"])
}

#[test]
fn what_was_charged_is_read_back() {
    let street = Street::new();
    let mut agent = street.agent();
    let paid = bought(&street, &mut agent, "outbox.ended");
    assert_eq!(last(&paid, "outbox.ended")["news"]["status"], "charged");
    assert_eq!((&paid["reasonCode"], &paid["status"]), (&json!("ALLOWED"), &json!("settled")));
    let task = last(&paid, "outbox.added")["task"]["payment_token"].clone();
    assert!(task["tokenKey"].as_str().unwrap().starts_with("token-"), "{task}");
    assert!(street.home.json(&["status"])["payments"].get("disputed").is_none());
}

#[test]
fn more_than_was_decided_on_is_an_alarm_and_counted() {
    let street = Street::new();
    street.stripe.set(|knobs| knobs.captures = Some(700));
    let mut agent = street.agent();
    let paid = bought(&street, &mut agent, "payment.disputed");
    assert_eq!((&paid["status"], &paid["reasonCode"]), (&json!("settled"), &json!("DISPUTED")));
    assert_eq!(paid["reason"], "the card was charged 7 USD, and 1.98 USD was decided on");
    assert_eq!(paid["settlement"]["settledAmount"], json!({ "amount": "700", "currency": "USD" }));
    assert!(paid["summary"].as_str().unwrap().ends_with("Tell the owner."), "{paid}");
    agent.end().is_clean();
    assert_eq!(street.home.json(&["status"])["payments"]["disputed"], 1);
    let text = String::from_utf8(street.home.run(&["status"]).stdout).unwrap();
    assert!(text.contains("disputed   1 "), "{text}");
    for report in [vec!["report"], vec!["report", "--since", "2020-01-01"]] {
        let report = street.home.json(&report);
        assert_eq!(report["settledByCurrency"]["USD"], "700", "{report}");
        assert_eq!(report["payments"]["settled"], 1);
    }
    assert_eq!(street.home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn less_is_said_and_no_reason_to_spend_more() {
    for (captures, status) in [(100, "charged_less"), (0, "not_charged")] {
        let street = Street::new();
        street.stripe.set(|knobs| knobs.captures = Some(captures));
        let mut agent = street.agent();
        let paid = bought(&street, &mut agent, "outbox.noted");
        assert_eq!(last(&paid, "outbox.noted")["news"]["status"], status, "{paid}");
        assert_eq!(paid["settlement"]["settledAmount"]["amount"], "198");
        agent.end().is_clean();
        assert_eq!(street.home.json(&["report"])["settledByCurrency"]["USD"], "198");
    }
}

#[test]
fn an_order_over_another_sum_is_an_alarm() {
    let street = Street::new();
    street.merchant.set(|knobs| knobs.order_plus = 100);
    let mut agent = street.agent();
    let paid = bought(&street, &mut agent, "payment.disputed");
    let reason = "the merchant's order is over 3.08 USD, and 1.98 USD was decided on";
    assert_eq!((&paid["reasonCode"], &paid["reason"]), (&json!("DISPUTED"), &json!(reason)));
    assert_eq!(paid["settlement"]["reference"], "order_1");
    assert_eq!(paid["settlement"]["settledAmount"]["amount"], "198");
}

#[test]
fn an_order_for_somebody_else_is_an_alarm_also_when_it_is_seen_late() {
    let street = Street::new();
    // The two requests the payment needs pass, what follows them does not.
    let pass = || Trouble::Delay(Duration::ZERO);
    street.stripe.troubles.queue([pass(), pass(), Trouble::Status(500)]);
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    let paid = agent.facts("pay_checkout", payment);
    assert_eq!(paid["settlement"]["reference"], "order_1", "{paid}");
    street.merchant.set(|knobs| knobs.is_other_order = true);
    let found = until(&mut agent, &paid, "payment.disputed");
    assert_eq!(found["reasonCode"], "DISPUTED");
    let reason = "what the merchant says of the order contradicts itself or the checkout";
    assert_eq!(found["reason"], reason);
}
