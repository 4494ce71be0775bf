//! Faults over the wire, and the knobs that set them.

use std::time::Duration;

use paywarden::clock::{Clock as _, SystemClock};
use paywarden::money::Raw;
use paywarden::nano::{Link, StateBlock};
use paywarden::sandbox::Service;
use paywarden::sandbox::nano::{Spelling, genesis_account};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::wire::Bench;

#[tokio::test]
async fn each_fault_of_process_breaks_the_wire_in_its_own_way() {
    let cases = [
        (json!("lost_reply"), None, true),
        (json!("lost_request"), None, false),
        (json!({"kind": "delayed", "delay_ms": 3_600_000}), None, false),
        (json!("http_500"), Some(500), false),
        (json!("garbage"), Some(200), true),
        (json!("half_answer"), Some(200), true),
        (json!("gap"), Some(200), false),
        (json!("denial"), Some(200), false),
        (json!({"kind": "refused", "message": "no"}), Some(200), false),
        (json!({"kind": "slow", "delay_ms": 1}), Some(200), true),
        (json!({"kind": "stale", "blocks": 0}), Some(200), true),
    ];
    for (fault, status, applied) in cases {
        let bench = Bench::funded(Spelling::Cpp).await;
        let send = bench.send(1);
        let request = json!({"action": "process", "json_block": "true", "block": send});
        let set = bench.knob("faults", json!({"call": "process", "fault": fault})).await;
        assert_eq!(set, (200, json!({"queued_faults": 1, "standing_faults": 0})), "{fault}");
        let heard = bench.raw("POST", "/", &request.to_string()).await;
        assert_eq!(heard.as_ref().map(|heard| heard.status), status, "{fault}");
        assert_eq!(bench.node.contains(&send.hash()), applied, "{fault}");
        let Some(heard) = heard else { continue };
        let is_json = serde_json::from_str::<Value>(&heard.body).is_ok();
        let broken = [json!("http_500"), json!("garbage"), json!("half_answer")];
        assert_eq!(is_json, !broken.contains(&fault), "{fault}: {}", heard.body);
        if fault == json!("half_answer") {
            let announced = heard.head.split("content-length: ").nth(1).unwrap();
            let announced: usize = announced.lines().next().unwrap().parse().unwrap();
            assert!(announced > heard.body.len() && !heard.body.is_empty(), "{}", heard.head);
        }
        let again = bench.process(&send).await;
        assert_eq!(again.get("hash").is_some(), !applied, "{fault}: it is used up");
    }
}

#[tokio::test]
async fn reads_meet_faults_too_and_lies_concern_one_account() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let info = json!({"action": "account_info", "account": bench.account()});
    let lie = json!({"kind": "balance", "account": bench.account(), "balance_raw": "7"});
    let set = bench.knob("faults", json!({"call": "account_info", "fault": lie})).await;
    assert_eq!(set.0, 200);
    let other = json!({"action": "account_info", "account": genesis_account()});
    assert_ne!(bench.call(other).await["balance"], "7");
    assert_eq!(bench.call(info.clone()).await["balance"], "7");
    assert_eq!(bench.call(info.clone()).await["balance"], "100");
    let behind = json!({
        "call": "any", "standing": true, "fault": {"kind": "stale", "blocks": 1},
    });
    assert_eq!(bench.knob("faults", behind).await.1["standing_faults"], 1);
    assert_eq!(bench.call(info.clone()).await["error"], "Account not found");
    assert_eq!(bench.call(json!({"action": "block_count"})).await["count"], "2");
    assert_eq!(bench.raw("DELETE", "/sandbox/faults", "").await.unwrap().status, 200);
    assert_eq!(bench.call(info.clone()).await["balance"], "100");
    let late = json!({"call": "account_info", "fault": {"kind": "slow", "delay_ms": 120}});
    bench.knob("faults", late).await;
    let before = SystemClock.now();
    assert_eq!(bench.call(info).await["balance"], "100");
    assert!(SystemClock.now().since(before) >= Duration::from_millis(119));
}

#[tokio::test]
async fn the_network_goes_its_own_way() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let rival = {
        let key = "01".repeat(32);
        json!({"call": "process", "fault": {"kind": "fork", "private_key": key}})
    };
    assert_eq!(bench.knob("hold", json!({"new": true})).await.0, 200);
    assert_eq!(bench.knob("faults", rival).await.0, 200);
    let send = bench.send(1);
    assert_eq!(bench.process(&send).await["error"], "Fork");
    assert_eq!(
        bench.knob("elect", json!({"block": send})).await,
        (200, json!({"hash": send.hash()}))
    );
    let confirm = json!({"hash": send.hash()});
    assert_eq!(bench.knob("confirm", confirm.clone()).await.0, 200);
    let (status, error) = bench.knob("roll_back", confirm).await;
    assert_eq!((status, &error["error"]["code"]), (409, &json!("CONFIRMED")));
    let next = bench.send(1);
    assert_eq!(bench.knob("insert", json!({"block": next})).await.0, 200);
    let gone = bench.knob("roll_back", json!({"hash": next.hash()})).await;
    assert_eq!(gone, (200, json!({"rolled_back": [next.hash()]})));
    let gift = json!({"account": bench.account(), "amount_raw": "5", "confirmed": true});
    let (status, sent) = bench.knob("faucet", gift).await;
    assert_eq!(status, 200);
    let exists = bench.call(json!({"action": "receivable_exists", "hash": sent["hash"]})).await;
    assert_eq!(exists["exists"], "1");
    bench.knob("down", json!({})).await;
    assert!(bench.raw("POST", "/", r#"{"action":"version"}"#).await.is_none());
    bench.knob("up", json!({})).await;
    assert_eq!(bench.call(json!({"action": "version"})).await["node_vendor"], "Nano V27.1");
    bench.knob("spelling", json!({"node": "rsnano"})).await;
    assert_eq!(bench.call(json!({"action": "version"})).await["node_vendor"], "RsNano V2.0");
    let state = bench.raw("GET", "/sandbox/state", "").await.unwrap();
    let state: Value = serde_json::from_str(&state.body).unwrap();
    assert_eq!((&state["node"], &state["queued_faults"]), (&json!("rsnano"), &json!(0)));
    assert_eq!((&state["blocks"], &state["cemented"]), (&json!(5), &json!(5)));
}

#[tokio::test]
async fn knobs_refuse_what_makes_no_sense() {
    let bench = Bench::new(Spelling::Cpp).await;
    let most = paywarden::limits::SANDBOX_FAULTS;
    let account = bench.account();
    let cases = [
        ("faults", json!({"call": "process", "fault": "no_such"})),
        ("faults", json!({"call": "nothing", "fault": "gap"})),
        ("faults", json!({"call": "any", "fault": "gap", "count": 0})),
        ("faults", json!({"call": "any", "fault": "gap", "count": most + 1})),
        ("faults", json!({"call": "any", "fault": "gap", "count": -1})),
        ("faults", json!({"call": "any", "fault": "gap", "count": 1, "standing": true})),
        ("faults", json!({"call": "any", "fault": {"kind": "slow"}})),
        ("faults", json!({"call": "any", "fault": {"kind": "fork", "private_key": "ab"}})),
        ("faucet", json!({"account": account, "amount_raw": 5})),
        ("faucet", json!({"account": account, "amount_raw": "-5"})),
        ("faucet", json!({"account": "nano_x", "amount_raw": "5"})),
        ("hold", json!({})),
        ("hold", json!({"hash": "0".repeat(64), "new": true})),
        ("spelling", json!({"node": "go"})),
        ("confirm", json!({"hash": "00"})),
    ];
    for (name, body) in cases {
        let (status, error) = bench.knob(name, body.clone()).await;
        assert_eq!((status, &error["error"]["code"]), (400, &json!("INVALID")), "{name} {body}");
    }
    let unknown = json!({"hash": "0".repeat(64)});
    assert_eq!(bench.knob("confirm", unknown).await.0, 404);
    let zero = json!({"account": account, "amount_raw": "0"});
    assert_eq!(bench.knob("faucet", zero).await.0, 409);
    assert_eq!(bench.knob("no_such", json!({})).await.0, 404);
    let many = json!({"call": "any", "fault": "nothing", "count": most});
    assert_eq!(bench.knob("faults", many).await.1["queued_faults"], most);
    let huge = "x".repeat(paywarden::limits::SANDBOX_REQUEST_BYTES + 1);
    let refused = bench.raw("POST", "/", &huge).await;
    assert!(refused.is_none_or(|heard| heard.status == 413));
    let fits = format!("{{{}", " ".repeat(paywarden::limits::SANDBOX_REQUEST_BYTES - 1));
    bench.raw("DELETE", "/sandbox/faults", "").await.unwrap();
    assert_eq!(bench.raw("POST", "/", &fits).await.unwrap().status, 200);
}

#[tokio::test]
async fn two_clients_see_one_ledger_and_dropping_ends_it() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let fork = bench.block(|block| StateBlock {
        link: Link::ZERO,
        representative: bench.account(),
        ..block
    });
    let send = bench.send(1);
    let (first, second) = tokio::join!(bench.process(&send), bench.process(&fork));
    let won = [&first, &second].iter().filter(|answer| answer.get("hash").is_some()).count();
    let lost = [&first, &second].iter().filter(|answer| answer["error"] == "Fork").count();
    assert_eq!((won, lost), (1, 1), "{first} {second}");
    assert_eq!(bench.node.confirmed_balance(&genesis_account()), Raw::new(u128::MAX - 100));
    let address = bench.serving.url(Service::NodeRpc).strip_prefix("http://").unwrap().to_owned();
    drop(bench);
    for _ in 0..200 {
        if TcpStream::connect(&address).await.is_err() {
            return;
        }
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    panic!("{address} is still served");
}
