//! P4 for every kind of payment: one idempotency key from every process at once is one payment with one answer, and
//! whoever is paid is paid once.

use std::collections::BTreeSet;
use std::sync::{Barrier, Mutex};

use paywarden::sandbox::Service;
use serde_json::{Value, json};

use super::fleet::{Fleet, Said};
use super::support::sandbox::Sandbox;
use super::support::{Home, Server, load_policy};

#[test]
fn p4_one_key_is_one_payment_of_every_kind() {
    let sandbox = Sandbox::start();
    let mut home = Home::new();
    sandbox.joined_by(&mut home);
    let mut server = home.initialized();
    server.has_balance_soon("100.0");
    let ready = ready(&mut server, &sandbox);
    server.end().is_clean();
    load_policy(&home, |policy| policy.payments_per_minute = 0);
    let fleet = Fleet::start(home, PROCESSES);
    let mut calls = 0;
    for (tool, arguments) in &ready {
        let id = one_payment(&fleet, tool, arguments);
        calls += PROCESSES * THREADS_EACH;
        // Long after it the key is answered the same, and for something else not with another payment.
        let again = fleet.insist(1, tool, arguments);
        assert_eq!(id_of(&again), id, "{tool}: {again}");
        let mut other = arguments.clone();
        other["memo"] = "something else".into();
        match fleet.call(2, tool, &other).unwrap() {
            Said::Error(text) => {
                assert!(text.starts_with("IDEMPOTENCY_CONFLICT: "), "{tool}: {text}");
            }
            Said::Facts(facts) => assert_eq!(id_of(&facts), id, "{tool}: {facts}"),
        }
    }
    assert_eq!(fleet.insist(0, "credits_get", &json!({}))["credits"], 110);
    let home = fleet.end();
    let accounts = home.json(&["status"])["accounts"].clone();
    let left = accounts.as_array().unwrap().iter().skip(1).map(|account| &account["balance"]);
    assert!(
        left.clone().all(|left| left == "0"),
        "money was moved to sellers' account twice: {accounts}"
    );
    let paid = sandbox.sellers.paid();
    for path in [EVM_PATH, NANO_PATH] {
        assert_eq!(paid.iter().filter(|paid| paid.path == path).count(), 1, "{path}: {paid:?}");
    }
    assert_eq!((sandbox.merchant.orders(), sandbox.stripe.charges()), (1, 2));
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    println!(
        "P4: {calls} calls with {} keys, {} payments of as many kinds",
        ready.len(),
        ready.len()
    );
}

/// What is paid, one of each kind, with a key.
fn ready(server: &mut Server, sandbox: &Sandbox) -> Vec<(&'static str, Value)> {
    let order = server
        .facts("nanswap_create_order", json!({ "priceAmount": "0.5", "payinCurrency": "XNO" }));
    let items = json!([{ "id": "beer" }]);
    let cart = server.facts(
        "acp_create_checkout",
        json!({ "merchantEndpoint": "sandbox", "currency": "usd", "items": items }),
    );
    let at = |service, path: &str| format!("{}{path}", sandbox.url(service));
    let url = |rail: &str, most: &str, currency: &str, payee: String| {
        json!({
            "rail": rail, "amount": most, "currency": currency, "payeeAddress": payee,
            "idempotencyKey": format!("{rail}-{currency}"),
        })
    };
    let xno = "20000000000000000000000000000";
    vec![
        ("donate_send", json!({ "amount": "0.1", "idempotency_key": "donate" })),
        ("credits_topup", json!({ "credits_amount": 10, "idempotency_key": "topup" })),
        ("request_payment", url("x402", "20000", "USDC", at(Service::X402, EVM_PATH))),
        ("request_payment", url("x402", xno, "XNO", at(Service::X402, NANO_PATH))),
        ("request_payment", url("stripe", "100", "USD", at(Service::MppSeller, "/joke"))),
        (
            "pay_checkout",
            json!({
                "merchantEndpoint": "sandbox", "merchantId": "grocer-1", "maxAmount": "5000",
                "sessionId": cart["sessionId"], "currency": "usd", "idempotencyKey": "checkout",
            }),
        ),
        (
            "nicky_pay",
            json!({
                "shortId": "#SANDBOX1", "payerName": "Ada", "payerEmail": "ada@post.nl",
                "idempotencyKey": "nicky",
            }),
        ),
        ("nanswap_pay", json!({ "invoiceId": order["invoiceId"], "idempotencyKey": "nanswap" })),
    ]
}

/// The id every thread of every process was given.
fn one_payment(fleet: &Fleet, tool: &str, arguments: &Value) -> String {
    let barrier = Barrier::new(PROCESSES * THREADS_EACH);
    let ids = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for thread in 0..PROCESSES * THREADS_EACH {
            let (barrier, ids) = (&barrier, &ids);
            scope.spawn(move || {
                barrier.wait();
                let said = fleet.call(thread % PROCESSES, tool, arguments);
                let Ok(Said::Facts(facts)) = said else { panic!("{tool}: {said:?}") };
                ids.lock().unwrap().insert(id_of(&facts));
            });
        }
    });
    let ids = ids.into_inner().unwrap();
    assert_eq!(ids.len(), 1, "{tool}: {ids:?}");
    ids.into_iter().next().unwrap()
}

fn id_of(facts: &Value) -> String {
    let id = facts["paymentId"].as_str().or(facts["payment_id"].as_str());
    id.unwrap_or_else(|| panic!("{facts}")).to_owned()
}

const PROCESSES: usize = 3;
const THREADS_EACH: usize = 4;
const EVM_PATH: &str = "/v2/evm/weather";
const NANO_PATH: &str = "/v2/nano/weather";
