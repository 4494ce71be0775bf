//! Orders at Nanswap Pay, between two wallets.

use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::support::{Home, Server};
use crate::world::{World, is_untouched};

fn order(agent: &mut Server, price: &str) -> Value {
    let asked = json!({ "priceAmount": price, "payinCurrency": "XNO", "invoiceId": "A-1" });
    agent.facts("nanswap_create_order", asked)
}

fn pay(order: &Value) -> Value {
    json!({ "invoiceId": order["invoiceId"], "payinAddress": order["payinAddress"] })
}

fn until_completed(agent: &mut Server, invoice: &Value) {
    let started = SystemClock.now();
    loop {
        let found = agent.facts("nanswap_get_order", json!({ "invoiceId": invoice }));
        if found["isCompleted"] == true {
            return;
        }
        assert!(SystemClock.now().since(started) < Duration::from_secs(20), "{found}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn verdict(agent: &mut Server, webhook: &Value) -> String {
    let checked = agent.facts("nanswap_verify_webhook", webhook.clone());
    checked["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_configured_every_tool_answers() {
    let home = Home::new();
    let mut agent = home.initialized();
    let payin = agent.facts("nanswap_payin_currencies", json!({ "search": "nan" }));
    assert_eq!(payin["currencies"], json!(["BAN", "XNO"]), "{payin}");
    assert_eq!(payin["ageSeconds"], 0);
    let fiat = agent.facts("nanswap_fiat_currencies", json!({}));
    assert!(fiat["currencies"].as_array().unwrap().contains(&json!("USD")));
    let asked = json!({ "payinCurrency": "XNO", "priceAmount": "2.50", "priceCurrency": "USD" });
    let estimate = agent.facts("nanswap_estimate", asked);
    assert_eq!(estimate["expectedAmountFrom"], "2.5");
    let unlisted = json!({ "payinCurrency": "XNO", "priceAmount": "1", "priceCurrency": "NANUSD" });
    assert!(agent.error("nanswap_estimate", unlisted).starts_with("CURRENCY_NOT_LISTED: "));
    let made = order(&mut agent, "0.5");
    assert_eq!((&made["status"], &made["invoiceIdPartner"]), (&json!("waiting"), &json!("A-1")));
    let listed = agent.facts("nanswap_list_invoices", json!({}));
    assert_eq!(listed["invoices"][0]["invoiceId"], made["invoiceId"]);
    // The address is kept, so that the wallet that made the order need not be told it.
    let paid = agent.facts("nanswap_pay", json!({ "invoiceId": made["invoiceId"] }));
    assert_eq!((&paid["status"], &paid["amount"]), (&json!("settled"), &json!("0.5")), "{paid}");
    until_completed(&mut agent, &made["invoiceId"]);
    let text = agent.error("nanswap_verify_webhook", json!({ "body": "{}", "signature": "" }));
    assert!(text.starts_with("WEBHOOK_NOT_GENUINE: "), "{text}");
    agent.end().is_clean();
}

#[test]
fn an_order_of_one_wallet_is_paid_by_another_and_its_webhooks_verified() {
    let world = World::new();
    let (shop_home, buyer_home) = (world.home(), world.home());
    let (mut shop, mut buyer) = (shop_home.initialized(), buyer_home.initialized());
    buyer.has_balance_soon("100");
    let made = order(&mut shop, "1.25");
    let invoice = made["invoiceId"].as_str().unwrap();
    let blind = buyer.error("nanswap_pay", json!({ "invoiceId": invoice }));
    assert!(
        blind.starts_with("NANSWAP_NOT_PAYABLE: ") && blind.contains("payinAddress"),
        "{blind}"
    );
    let first = buyer.facts("nanswap_pay", pay(&made));
    assert_eq!(first["status"], "settled", "{first}");
    let link = json!({ "invoiceId": format!("https://nanswap.com/pay/{invoice}") });
    assert_eq!(buyer.facts("nanswap_pay", link)["paymentId"], first["paymentId"]);
    until_completed(&mut buyer, &made["invoiceId"]);
    buyer.has_balance_soon("98.75");

    let (processing, completed) =
        (world.webhook(invoice, "processing"), world.webhook(invoice, "completed"));
    assert_eq!(verdict(&mut shop, &processing), "accepted");
    assert_eq!(verdict(&mut shop, &processing), "duplicate");
    let mut forged = completed.clone();
    forged["body"] = json!(completed["body"].as_str().unwrap().replace("1.25", "9.25"));
    let text = shop.error("nanswap_verify_webhook", forged);
    assert!(text.starts_with("WEBHOOK_NOT_GENUINE: "), "{text}");
    let body: Value = serde_json::from_str(completed["body"].as_str().unwrap()).unwrap();
    let change = |name: &str, value: Value| {
        let mut changed = body.clone();
        changed[name] = value;
        world.signed(&changed)
    };
    for (changed, expected) in [
        (change("priceAmount", json!(0.01)), "wrong_price"),
        (change("priceCurrency", json!("XNO")), "accepted"),
        (change("payoutMethod", json!("dynamic")), "payout_tampered"),
        (change("amountFrom", json!(1.2)), "paid_too_little"),
        (change("invoicePartnerId", json!("A-2")), "differs"),
        (change("invoiceId", json!("inv999999")), "unknown_order"),
        (change("status", json!("waiting")), "regressing"),
    ] {
        if expected != "accepted" {
            assert_eq!(verdict(&mut shop, &changed), expected, "{changed}");
        }
    }
    let told = shop.facts("nanswap_verify_webhook", completed.clone());
    assert_eq!(
        (&told["verdict"], &told["mayDeliver"]),
        (&json!("accepted"), &json!(true)),
        "{told}"
    );
    assert_eq!(verdict(&mut shop, &completed), "duplicate");
    assert_eq!(verdict(&mut shop, &processing), "replayed");
    let export = String::from_utf8(shop_home.run(&["ledger", "export"]).stdout).unwrap();
    for word in ["wrong_price", "payout_tampered", "replayed", "regressing", "unknown_order"] {
        assert_eq!(export.matches(&format!("\"verdict\":\"{word}\"")).count(), 1, "{word}");
    }
    shop.end().is_clean();
    buyer.end().is_clean();
    assert_eq!(shop_home.json(&["ledger", "verify", "--deep"])["ok"], true);
    assert_eq!(buyer_home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

#[test]
fn a_hostile_nanswap_gets_nothing_signed() {
    let world = World::new();
    let home = world.home();
    let mut agent = home.initialized();
    agent.has_balance_soon("100");
    let own = agent.facts("wallet_balance", json!({}))["account"].as_str().unwrap().to_owned();
    let burn = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
    for (knobs, why) in [
        (json!({ "address": own.replace("nano_", "usd_") }), "usd_"),
        (json!({ "address": own }), "own"),
        (json!({ "address": burn }), "burn"),
        (json!({ "amount": "0.0000000000000000000000000000001" }), "30 decimal places"),
        (json!({ "amount": "0" }), "zero"),
        (json!({ "leaseMs": 29_000 }), "too soon"),
        (json!({ "leaseMs": 0 }), "too soon"),
    ] {
        world.nanswap("knobs", &knobs);
        let made = order(&mut agent, "0.3");
        let text = agent.error("nanswap_pay", json!({ "invoiceId": made["invoiceId"] }));
        assert!(text.starts_with("NANSWAP_NOT_PAYABLE: "), "{knobs}: {text}");
        assert!(text.contains(why) && text.contains("Nothing was sent"), "{knobs}: {text}");
    }
    world.nanswap("knobs", &json!({}));
    let made = order(&mut agent, "0.3");
    let elsewhere = json!({ "invoiceId": made["invoiceId"], "payinAddress": burn });
    let text = agent.error("nanswap_pay", elsewhere);
    assert!(text.starts_with("NANSWAP_NOT_PAYABLE: ") && text.contains("two ways"), "{text}");
    let open = agent.facts("nanswap_create_order", json!({ "priceAmount": "0.3" }));
    assert_eq!(open["status"], "pending-currency");
    let text = agent.error(
        "nanswap_pay",
        pay(&made)
            .as_object()
            .map(|made| {
                let mut ask = made.clone();
                ask.insert("invoiceId".to_owned(), open["invoiceId"].clone());
                Value::Object(ask)
            })
            .unwrap(),
    );
    assert!(text.starts_with("NANSWAP_NOT_PAYABLE: ") && text.contains("not waiting"), "{text}");
    let dear = json!({ "invoiceId": made["invoiceId"], "maxAmount": "0.29" });
    assert!(agent.error("nanswap_pay", dear).starts_with("ABOVE_MAX_AMOUNT: "));
    for price in ["0", "-1", "1234567890123456", "1e400", "abc"] {
        let text = agent.error("nanswap_create_order", json!({ "priceAmount": price }));
        assert!(text.starts_with("INVALID_NUMBER_FORMAT: "), "{price}: {text}");
    }
    is_untouched(&mut agent);
    agent.end().is_clean();
}
