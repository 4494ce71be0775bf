//! The eleven statuses and the five versions, as an agent meets them.

use paywarden::rails::acp::{Outlook, Status, Version};
use serde_json::json;

use crate::street::{Street, open};

#[test]
fn a_merchant_is_paid_in_the_one_version_it_speaks() {
    let street = Street::new();
    let mut agent = street.agent();
    for (orders, version) in (1..).zip(Version::ALL) {
        street.merchant.set(|knobs| knobs.versions = vec![version.to_string()]);
        let payment = open(&mut agent, &json!([{ "id": "beer" }]));
        let paid = agent.facts("pay_checkout", payment);
        let order = json!(format!("order_{orders}"));
        assert_eq!(paid["settlement"]["reference"], order, "{version}: {paid}");
        assert_eq!((street.merchant.orders(), street.stripe.charges()), (orders, orders));
    }
}

#[test]
fn one_status_alone_is_paid_and_a_person_is_sent_on_where_only_a_person_can_go_on() {
    let street = Street::new();
    let mut agent = street.agent();
    let payment = open(&mut agent, &json!([{ "id": "beer" }]));
    let which = json!({ "merchantEndpoint": "sandbox", "sessionId": payment["sessionId"] });
    for status in Status::ALL {
        if status == Status::ReadyForPayment {
            continue;
        }
        street.merchant.set(|knobs| knobs.status = Some(status.as_str().to_owned()));
        let seen = agent.facts("acp_checkout_status", which.clone());
        assert_eq!((&seen["status"], &seen["payable"]), (&json!(status.as_str()), &json!(false)));
        let refused = agent.error("pay_checkout", payment.clone());
        assert!(refused.starts_with("CHECKOUT_NOT_PAYABLE: "), "{status:?}: {refused}");
        let has_link = refused.contains("http://127.0.0.1/checkout/cs_");
        assert_eq!(has_link, status.outlook() == Outlook::Human, "{status:?}: {refused}");
    }
    street.is_untouched();
    street.merchant.set(|knobs| knobs.status = None);
    assert_eq!(agent.facts("pay_checkout", payment)["status"], "settled");
}
