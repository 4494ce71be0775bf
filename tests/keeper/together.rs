//! Two servers on one home are one wallet.

use std::time::Duration;

use serde_json::json;

use super::support::{Home, OTHER_SHOP};
use super::{begin, blocks_to_shop, ended, is_sound, keeper_and_forwarder, keyed};

#[test]
fn a_send_through_the_forwarder_settles_and_both_see_it() {
    let home = Home::new();
    let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
    let sent = forwarder.send(keyed("0.5", "a"));
    assert_eq!(sent["status"], "settled", "{sent}");
    keeper.has_balance("99.5");
    forwarder.has_balance("99.5");
    // One key, whichever server it is given to.
    let again = keeper.send(keyed("0.5", "a"));
    assert_eq!(again["payment_id"], sent["payment_id"]);
    assert_eq!(again["block_hash"], sent["block_hash"]);
    let text = keeper.error("wallet_send", keyed("0.4", "a"));
    assert!(text.starts_with("IDEMPOTENCY_CONFLICT: "), "{text}");
    // Errors come through whole.
    let text = forwarder.error("wallet_send", json!({ "recipient_address": "x", "amount": "1" }));
    assert!(text.starts_with("INVALID_ADDRESS: ") && text.contains("Nothing was sent."), "{text}");
    assert_eq!(blocks_to_shop(&home), 1);
    forwarder.end().is_clean();
    keeper.end().is_clean();
    is_sound(&home);
}

#[test]
fn both_pay_at_once_from_one_lane() {
    let home = Home::new();
    let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
    let mut open = Vec::new();
    for number in 0..5 {
        open.push((true, begin(&mut keeper, "0.1", &format!("k-{number}"))));
        open.push((false, begin(&mut forwarder, "0.1", &format!("f-{number}"))));
    }
    for (by_keeper, id) in open {
        let server = if by_keeper { &mut keeper } else { &mut forwarder };
        let result = ended(server, id);
        assert_eq!(result["structuredContent"]["status"], "settled", "{result}");
    }
    forwarder.has_balance("99.0");
    assert_eq!(blocks_to_shop(&home), 10);
}

#[test]
fn progress_passes_through_the_socket() {
    let home = Home::new();
    let (_keeper, mut forwarder) = keeper_and_forwarder(&home);
    let ids: Vec<u64> = (0..10).map(|n| begin(&mut forwarder, "0.01", &format!("p-{n}"))).collect();
    for id in ids {
        ended(&mut forwarder, id);
    }
    let reports: Vec<_> = forwarder
        .said
        .iter()
        .filter(|said| said["method"] == "notifications/progress")
        .filter(|said| said["params"]["progressToken"] == "p-9")
        .collect();
    assert!(!reports.is_empty());
    let words = reports[0]["params"]["message"].as_str().unwrap();
    assert!(words.starts_with("payment "), "{words}");
}

#[test]
fn a_cancellation_passes_through_the_socket_and_undoes_nothing() {
    let home = Home::new();
    let (_keeper, mut forwarder) = keeper_and_forwarder(&home);
    let ids: Vec<u64> = (0..8).map(|n| begin(&mut forwarder, "0.01", &format!("c-{n}"))).collect();
    std::thread::sleep(Duration::from_millis(100));
    let cancelled = json!({ "requestId": ids[7], "reason": "changed my mind" });
    let method = "notifications/cancelled";
    forwarder.say(&json!({ "jsonrpc": "2.0", "method": method, "params": cancelled }));
    for id in &ids[..7] {
        ended(&mut forwarder, *id);
    }
    forwarder.has_balance_soon("99.92");
    let answered = |said: &serde_json::Value| said["id"] == ids[7] && said.get("method").is_none();
    assert!(!forwarder.said.iter().any(answered));
    assert_eq!(forwarder.send(keyed("0.01", "c-7"))["status"], "settled");
    assert_eq!(blocks_to_shop(&home), 8);
}

#[test]
fn a_limit_is_shared_by_all() {
    let home = Home::new();
    let (mut keeper, mut forwarder) = keeper_and_forwarder(&home);
    for number in 0..60 {
        let server = if number % 2 == 0 { &mut keeper } else { &mut forwarder };
        let denied = server.send(keyed("60", &format!("k-{number}")));
        assert_eq!(denied["status"], "denied");
    }
    for server in [&mut keeper, &mut forwarder] {
        let asked = json!({ "recipient_address": OTHER_SHOP, "amount": "0.1" });
        let text = server.error("wallet_send", asked);
        assert!(text.starts_with("RATE_LIMITED: "), "{text}");
    }
}
