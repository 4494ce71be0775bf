//! The facilitator and the chain behind the sellers.

use paywarden::fetch::{BaseUrl, Bounds, Client, PlainText, Settings};
use paywarden::sandbox::Service;
use serde_json::{Value, json};

use crate::bench::Bench;

async fn post(bench: &Bench, path: &'static str, body: &Value) -> Value {
    let base = BaseUrl::parse(bench.serving.url(Service::X402), PlainText::Loopback).unwrap();
    let bounds = Bounds { timeout: std::time::Duration::from_secs(5), body_bytes: 100_000 };
    let client = Client::new(Settings::default());
    let endpoint = base.below(path, &[]).into();
    let reply = client.post_json(&endpoint, body.to_string().into(), bounds).await.unwrap();
    serde_json::from_slice(&reply.body).unwrap()
}

#[tokio::test]
async fn an_authorisation_is_unused_until_it_is_settled() {
    let bench = Bench::new().await;
    let payer = bench.keystore.evm_address().unwrap();
    let padded = format!("{:0>64}", &payer.to_string()[2..].to_lowercase());
    let nonce = "01".repeat(32);
    let token = "0x036cbd53842c5426634e7929541ec2318f3dcf7e";
    let call = |data: String| {
        json!({
            "jsonrpc": "2.0", "id": 1, "method": "eth_call",
            "params": [{ "to": token, "data": data }, "latest"],
        })
    };
    let balance = call(format!("0x70a08231{padded}"));
    let state = call(format!("0xe94a0102{padded}{nonce}"));
    let word = |number: u128| format!("0x{number:064x}");
    assert_eq!(post(&bench, "rpc", &balance).await["result"], word(100_000_000));
    assert_eq!(post(&bench, "rpc", &state).await["result"], word(0));
    bench.pay("/v2/evm/weather", 1).await.unwrap();
    assert_eq!(post(&bench, "rpc", &balance).await["result"], word(99_990_000));
    assert_eq!(post(&bench, "rpc", &state).await["result"], word(1));
    let chain = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
    assert_eq!(post(&bench, "rpc", &chain).await["result"], "0x14a34");
}

#[tokio::test]
async fn the_facilitator_verifies_and_settles_once() {
    use base64::Engine as _;
    let bench = Bench::new().await;
    let path = "/v2/evm/weather";
    let (asked, offer) = bench.offer(path).await.unwrap();
    let header = bench.sign(path, &asked, &offer, 1).await;
    let bytes = base64::engine::general_purpose::STANDARD.decode(header.value).unwrap();
    let payment: Value = serde_json::from_slice(&bytes).unwrap();
    let call = json!({
        "x402Version": 2, "paymentPayload": payment, "paymentRequirements": payment["accepted"],
    });
    let payer = bench.keystore.evm_address().unwrap().to_string();
    let verified = post(&bench, "facilitator/verify", &call).await;
    assert_eq!(verified, json!({ "isValid": true, "payer": payer }));
    let settled = post(&bench, "facilitator/settle", &call).await;
    assert_eq!((&settled["success"], &settled["payer"]), (&json!(true), &json!(payer)));
    let again = post(&bench, "facilitator/settle", &call).await;
    assert_eq!(again["errorReason"], "invalid_exact_evm_nonce_already_used");
    let mut cheaper = call;
    cheaper["paymentRequirements"]["amount"] = "1".into();
    let refused = post(&bench, "facilitator/verify", &cheaper).await;
    assert_eq!(refused["isValid"], false);
}
