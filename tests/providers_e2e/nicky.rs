//! Requests at Nicky.

use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Home, Server};
use crate::world::{World, is_untouched};

fn pay(short_id: &str) -> Value {
    json!({ "shortId": short_id, "payerName": "Ada Lovelace", "payerEmail": "ada@post.nl" })
}

/// Asks for the progress of an attempt as often as it says one may, until it is confirmed.
fn until_confirmed(agent: &mut Server, attempt: &Value) -> Value {
    let started = SystemClock.now();
    loop {
        let asked = json!({ "paymentAttemptId": attempt });
        let progress = agent.facts("nicky_payment_progress", asked);
        if progress["attemptConfirmed"] == true {
            return progress;
        }
        assert!(SystemClock.now().since(started) < Duration::from_secs(60), "{progress}");
        let pause = progress["nextPollAfterSeconds"].as_u64().unwrap();
        std::thread::sleep(Duration::from_secs(pause));
    }
}

/// Waits until the outbox has ended its task for a payment.
fn until_told(home: &Home) {
    let started = SystemClock.now();
    loop {
        let export = home.run(&["ledger", "export"]).stdout;
        if String::from_utf8(export).unwrap().contains("\"outbox.ended\"") {
            return;
        }
        assert!(SystemClock.now().since(started) < Duration::from_secs(30), "Nicky is not told");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn nothing_configured_a_request_is_paid() {
    let home = Home::new();
    let mut agent = home.initialized();
    let asked = agent.facts("nicky_get_payment_request", json!({ "shortId": "#SANDBOX1" }));
    assert_eq!((&asked["status"], &asked["openAmount"]), (&json!("PaymentPending"), &json!("0.5")));
    assert_eq!(asked["payableAssetIds"], json!(["XNO.XNO"]));
    let text = agent.error("nicky_pay", json!({ "shortId": "#SANDBOX1" }));
    assert!(text.starts_with("PAYER_MISSING: ") && text.contains("never make them up"), "{text}");
    let made_up =
        json!({ "shortId": "#SANDBOX1", "payerName": "John", "payerEmail": "j@example.com" });
    assert!(agent.error("nicky_pay", made_up).starts_with("PAYER_INVALID: "));
    let paid = agent.facts("nicky_pay", pay("#SANDBOX1"));
    assert_eq!((&paid["status"], &paid["amount"]), (&json!("settled"), &json!("0.5")), "{paid}");
    let other = agent.error("nicky_pay", pay("#NOXNO1"));
    assert!(other.starts_with("NICKY_NOT_PAYABLE: "), "{other}");
    assert!(other.contains("USDT_TRC20") && other.contains("nicky.start_payment"), "{other}");
    let hand = json!({
        "shortId": "#NOXNO1", "assetId": "USDT_TRC20", "payerName": "Ada", "payerEmail": "ada@post.nl",
    });
    let started = agent.facts("nicky_start_payment", hand);
    assert!(started["walletAddress"].as_str().unwrap().starts_with('T'), "{started}");
    let report = json!({
        "paymentAttemptId": started["paymentAttemptId"],
        "transactionHash": "ab".repeat(32),
    });
    let told = agent.facts("nicky_report_transaction", report);
    assert_eq!(told["suggestedTransactionHash"], "ab".repeat(32));
    agent.end().is_clean();
}

#[test]
fn a_request_is_paid_once_and_followed_to_confirmed() {
    let world = World::new();
    world.nicky("knobs", &json!({ "pipelineMs": 3_000 }));
    let id = world.request("0.5");
    let home = world.home();
    let mut agent = home.initialized();
    agent.has_balance_soon("100");
    let link = format!("https://pay.nicky.me/payment-report/ABCDE?paymentId={id}");
    let asked = agent.facts("nicky_get_payment_request", json!({ "shortId": link }));
    assert_eq!(asked["paymentRequestUrl"], link);
    assert_eq!(asked["profileUrl"], "https://pay.nicky.me/s/ABCDE");
    assert_eq!(asked["untrusted"]["receiverUser"]["publicName"], "alice");
    let first = agent.facts("nicky_pay", pay(&link));
    assert_eq!(first["status"], "settled", "{first}");
    assert_eq!(first["providerStatus"], "Received", "{first}");
    // In any spelling, with any key: it is the same request, and it is paid.
    for again in [json!({}), json!({ "idempotencyKey": "another" })] {
        let mut ask = pay(&format!("#{id}"));
        ask.as_object_mut().unwrap().extend(again.as_object().unwrap().clone());
        let again = agent.facts("nicky_pay", ask);
        assert_eq!(again["paymentId"], first["paymentId"]);
    }
    let progress = until_confirmed(&mut agent, &first["paymentAttemptId"]);
    assert_eq!((&progress["status"], &progress["isPaid"]), (&json!("Confirmed"), &json!(true)));
    assert_eq!(progress["suggestedTransactionHash"], first["blockHash"]);
    assert_eq!(progress["paymentId"], first["paymentId"]);
    agent.has_balance("99.5");
    agent.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

/// The block is confirmed, and the process dies before Nicky was told.
#[test]
fn a_killed_wallet_reports_after_its_restart_and_does_not_pay_again() {
    let world = World::new();
    world.nicky("knobs", &json!({ "reportDown": true, "pipelineMs": 0 }));
    let id = world.request("0.5");
    let home = world.home();
    let mut agent = home.initialized();
    agent.has_balance_soon("100");
    let first = agent.facts("nicky_pay", pay(&id.replace("REQ", "#REQ")));
    assert_eq!(first["status"], "settled", "{first}");
    assert!(first.get("providerStatus").is_none(), "{first}");
    agent.signal(Signal::KILL);
    world.nicky("knobs", &json!({ "pipelineMs": 0 }));

    let mut agent = home.initialized();
    agent.has_balance("99.5");
    until_told(&home);
    let asked = json!({ "paymentAttemptId": first["paymentAttemptId"] });
    let progress = agent.facts("nicky_payment_progress", asked);
    assert_eq!(progress["suggestedTransactionHash"], first["blockHash"], "{progress}");
    assert_eq!(progress["attemptConfirmed"], true);
    let again = agent.facts("nicky_pay", pay(&format!("#{id}")));
    assert_eq!((&again["paymentId"], &again["status"]), (&first["paymentId"], &json!("settled")));
    assert_eq!(again["providerStatus"], "Confirmed");
    agent.has_balance("99.5");
    agent.end().is_clean();
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_hostile_nicky_gets_nothing_signed() {
    let world = World::new();
    let home = world.home();
    let mut agent = home.initialized();
    agent.has_balance_soon("100");
    let own = agent.facts("wallet_balance", json!({}))["account"].as_str().unwrap().to_owned();
    let burn = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
    for (knobs, why) in [
        (json!({ "address": own.replace("nano_", "usd_") }), "usd_"),
        (json!({ "address": own.replace("nano_", "ban_") }), "ban_"),
        (json!({ "address": own }), "own"),
        (json!({ "address": burn }), "burn"),
        (json!({ "address": "TXsandboxsandboxsandboxsandboxabc" }), "not one of Nano"),
        (json!({ "memo": "12345" }), "memo"),
        (json!({ "amount": "0.31" }), "more than the 0.3"),
        (json!({ "amount": "0.30000000000000004" }), "more than the 0.3"),
        (json!({ "amount": "0.0000000000000000000000000000001" }), "30 decimal places"),
        (json!({ "amount": "1e-31" }), "30 decimal places"),
        (json!({ "amount": "0" }), "zero"),
        (json!({ "leaseMs": 0 }), "too soon"),
        (json!({ "leaseMs": 119_000 }), "too soon"),
    ] {
        world.nicky("knobs", &knobs);
        let text = agent.error("nicky_pay", pay(&format!("#{}", world.request("0.3"))));
        assert!(text.starts_with("NICKY_NOT_PAYABLE: "), "{knobs}: {text}");
        assert!(text.contains(why) && text.contains("Nothing was sent"), "{knobs}: {text}");
    }
    for amount in ["-0.3", "1e999"] {
        world.nicky("knobs", &json!({ "amount": amount }));
        let text = agent.error("nicky_pay", pay(&format!("#{}", world.request("0.3"))));
        assert!(text.starts_with("PROVIDER_ANSWER_UNUSABLE: "), "{amount}: {text}");
    }
    world.nicky("knobs", &json!({}));
    for how in ["cancel", "payByAnother"] {
        let id = world.request("0.3");
        world.nicky("requests/end", &json!({ "shortId": id, "how": how }));
        let text = agent.error("nicky_pay", pay(&format!("#{id}")));
        assert!(
            text.starts_with("NICKY_NOT_PAYABLE: ") && text.contains("not PaymentPending"),
            "{text}"
        );
    }
    let nick = agent.error("nicky_pay", pay("alice"));
    assert!(nick.starts_with("NICKY_NICK: ") && nick.contains("#REQ"), "{nick}");
    for link in ["https://pay.nicky.me.evil.example/ABCDE", "https://pay.nicky.me/s/ABCDE"] {
        assert!(agent.error("nicky_pay", pay(link)).starts_with("NICKY_LINK: "));
    }
    let mut bounded = pay(&format!("#{}", world.request("0.3")));
    bounded["maxAmount"] = json!("0.29");
    assert!(agent.error("nicky_pay", bounded).starts_with("ABOVE_MAX_AMOUNT: "));
    is_untouched(&mut agent);
    agent.end().is_clean();
}
