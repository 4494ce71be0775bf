//! Ports 4022 and 4023: the tables of seeds/004, row by row.

use serde_json::{Value, json};

use crate::client::Ask;
use crate::served::{Served, TOKEN};
use crate::support::{Home, OTHER_SHOP, SHOP};

#[test]
fn approvals_are_answered_once_by_a_boolean() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let (id, payment) = served.waiting();
    let path = format!("/approvals/{id}/resolve");
    for wrong in [
        json!({ "approved": "true" }),
        json!({ "approved": 1 }),
        json!({}),
        json!({ "approved": null }),
        json!({ "approved": true, "approvalID": "x" }),
    ] {
        assert_eq!(served.does(&path, &wrong).status, 422, "{wrong}");
    }
    let answered = served.does(&path, &json!({ "approved": true }));
    assert_eq!(answered.status, 200, "{}", answered.text());
    assert_eq!(answered.json()["status"], "settled");
    assert_eq!(served.does(&path, &json!({ "approved": true })).status, 409);
    assert_eq!(served.does("/approvals/none/resolve", &json!({ "approved": true })).status, 404);
    let unknown = "/approvals/00000000-0000-4000-8000-000000000000/resolve";
    assert_eq!(served.does(unknown, &json!({ "approved": false })).status, 404);
    let trail = served.sees(&format!("/audit?paymentId={payment}"));
    let resolved = trail.as_array().unwrap().iter().find(|e| e["type"] == "approval.resolved");
    assert_eq!(resolved.unwrap()["data"]["channel"], "http");
    let (id, _) = {
        let reply = served.send(SHOP, "4");
        assert_eq!(reply.status, 409);
        let waiting = served.sees("/approvals")[0]["approvalId"].as_str().unwrap().to_owned();
        (waiting, ())
    };
    let path = format!("/approvals/{id}/resolve");
    assert_eq!(served.does(&path, &json!({ "approved": false })).json()["status"], "denied");
    assert_eq!(served.sees("/approvals"), json!([]));
}

#[test]
fn a_freeze_stops_everything_until_it_is_lifted() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let (id, _) = served.waiting();
    let frozen = served.does("/freeze", &json!({ "reason": "lunch" }));
    assert_eq!((frozen.status, &frozen.json()["reason"]), (200, &json!("lunch")));
    assert_eq!(served.sees("/status")["frozen"], true);
    assert_eq!(served.send(SHOP, "0.5").status, 403);
    let path = format!("/approvals/{id}/resolve");
    assert_ne!(served.does(&path, &json!({ "approved": true })).json()["status"], "settled");
    let lifted = served.owner("POST", "/unfreeze").send(served.control);
    assert_eq!(lifted.status, 200, "{}", lifted.text());
    assert_eq!(served.owner("POST", "/unfreeze").send(served.control).status, 409);
    assert_eq!(served.send(OTHER_SHOP, "0.5").status, 200);
}

#[test]
fn mandates_take_the_body_of_the_seed_verbatim() {
    let home = Home::new();
    let served = Served::start(&home);
    let body: Value = serde_json::from_str(MANDATE).unwrap();
    let made = served.does("/mandates", &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let shown = served.sees("/mandates/groceries");
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
        assert_eq!(&made.json()[name], value, "{name}");
    }
    assert_eq!(served.sees("/mandates").as_array().unwrap().len(), 1);
    let mut wider = body.clone();
    wider["cap"]["amount"] = json!("20000");
    assert_eq!(served.does("/mandates", &wider).json()["version"], 2);
    let mut wrong = body.clone();
    wrong["cap"] = json!({ "amount": "-1", "currency": "USD" });
    assert_eq!(served.does("/mandates", &wrong).status, 422);
    let mut wrong = body.clone();
    wrong["capp"] = json!(1);
    assert_eq!(served.does("/mandates", &wrong).status, 422);
    assert_eq!(served.does("/mandates", &json!({ "id": "x" })).status, 422);
    assert_eq!(served.owner("GET", "/mandates/none").send(served.control).status, 404);
    let gone = served.owner("POST", "/mandates/groceries/revoke").send(served.control);
    assert_eq!((gone.status, &gone.json()["revoked"]), (200, &json!("groceries")));
    assert_eq!(served.does("/mandates", &body).status, 409);
    assert_eq!(served.owner("POST", "/mandates/none/revoke").send(served.control).status, 404);
    assert_eq!(served.sees("/mandates?revoked=true").as_array().unwrap().len(), 1);
}

#[test]
fn agents_are_let_in_and_shut_out() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let made = served.does("/agents", &json!({ "id": "shopper", "label": "My shopper" }));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["id"], &made["label"]), (&json!("shopper"), &json!("My shopper")));
    assert_eq!(served.does("/agents", &json!({ "id": "shopper" })).status, 409);
    assert_eq!(served.does("/agents", &json!({ "id": "a b" })).status, 400);
    assert_eq!(served.does("/agents", &json!({})).status, 422);
    let token = made["token"].as_str().unwrap();
    let pay = json!({
        "rail": "nano", "amount": { "amount": "1000000000000000000000000000", "currency": "XNO" },
        "payee": { "address": SHOP, "label": "Shop" }, "memo": "tea",
    });
    assert_eq!(Ask::new("POST", "/pay").json(&pay).send(served.pay).status, 401);
    let paid = Ask::new("POST", "/pay").bearer(token).json(&pay).send(served.pay);
    assert_eq!(paid.status, 200, "{}", paid.text());
    assert_eq!(paid.json()["status"], "settled", "{}", paid.text());
    assert_eq!(served.sees("/report")["byAgent"][0]["agentId"], "shopper");
    let listed = served.sees("/agents");
    assert_eq!((&listed[0]["id"], &listed[0]["live"]), (&json!("shopper"), &json!(true)));
    assert!(!listed.to_string().contains(token));
    let shut = |id: &str| served.owner("DELETE", &format!("/agents/{id}")).send(served.control);
    assert_eq!(shut("shopper").json()["revoked"], true);
    assert_eq!((shut("shopper").status, shut("nobody").status), (409, 404));
    assert_eq!(Ask::new("POST", "/pay").bearer(token).json(&pay).send(served.pay).status, 401);
    assert_eq!(Ask::new("POST", "/pay").json(&pay).send(served.pay).status, 401);
}

#[test]
fn pay_answers_with_a_result_or_says_what_is_wrong() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let pay = |amount: &str, more: Value| {
        let mut body = json!({
            "rail": "nano", "amount": { "amount": amount, "currency": "XNO" },
            "payee": { "address": SHOP },
        });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        Ask::new("POST", "/pay").json(&body).send(served.pay)
    };
    let denied = pay("90000000000000000000000000000000", json!({}));
    assert_eq!((denied.status, &denied.json()["status"]), (200, &json!("denied")));
    let waits = pay("3000000000000000000000000000000", json!({}));
    assert_eq!(waits.json()["status"], "pending_approval");
    assert!(waits.json()["approvalId"].is_string());
    for (amount, more) in [("1", json!({ "agentId": "x" })), ("1", json!({ "channel": "ambient" }))]
    {
        assert_eq!(pay(amount, more).status, 422);
    }
    for amount in ["-1", "0", "1.5", "1e3", "", "abc"] {
        assert_eq!(pay(amount, json!({})).status, 400, "{amount}");
    }
    assert_eq!(pay("1", json!({ "rail": "cash" })).status, 400);
    assert_eq!(Ask::new("GET", "/pay").send(served.pay).status, 405);
}

#[test]
fn the_ledger_is_read_whole_in_pages_and_as_lines() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    assert_eq!(served.send(SHOP, "0.5").status, 200);
    let (_, payment) = served.waiting();
    let all = served.sees("/audit");
    let all = all.as_array().unwrap();
    let seqs: Vec<_> = all.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let page = served.owner("GET", "/audit?from=3&limit=2").send(served.control);
    assert_eq!(page.header("paywarden-next"), Some("5"));
    assert_eq!(page.json()[1], all[3]);
    for wrong in ["?limit=0", "?limit=1001", "?from=x", "?format=xml", "?limit=-1"] {
        let reply = served.owner("GET", &format!("/audit{wrong}")).send(served.control);
        assert!([400, 422].contains(&reply.status), "{wrong}");
    }
    let trail = served.sees(&format!("/audit?paymentId={payment}"));
    assert!(trail.as_array().unwrap().iter().all(|event| event["paymentId"] == json!(payment)));
    let unknown = "/audit?paymentId=00000000-0000-7000-8000-000000000000";
    assert_eq!(served.owner("GET", unknown).send(served.control).status, 404);
    let verdict = served.sees("/audit/verify?deep=true");
    assert_eq!((&verdict["ok"], &verdict["deep"]), (&json!(true), &json!(true)));
    let lines = served.owner("GET", "/audit?format=ndjson").send(served.control);
    let exported = home.run(&["ledger", "export"]).stdout;
    assert!(exported.starts_with(&lines.body), "both are the same bytes");
    let shown = served.sees(&format!("/payments/{payment}"));
    assert_eq!(shown["status"], "pending_approval");
}

#[test]
fn health_metrics_and_documents_are_there() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    assert_eq!(served.sees("/healthz")["ok"], true);
    let metrics = served.owner("GET", "/metrics").send(served.control);
    assert!(metrics.text().contains("\npaywarden_frozen 0\n"), "{}", metrics.text());
    assert!(metrics.text().contains("paywarden_http_requests_total{port=\"control\""));
    let documented = served.sees("/openapi.json");
    assert_eq!(documented["openapi"], "3.1.0");
    for (path, methods) in documented["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{id}", "none").replace("{index}", "0");
            if path == "/events" {
                continue;
            }
            let ask = Ask::new(&method.to_uppercase(), &path).bearer(TOKEN);
            let status = ask.send(served.control).status;
            assert!(status < 500 || status == 501, "{method} {path}: {status}");
            assert_ne!(status, 405, "{method} {path}");
        }
    }
    let qr = served.owner("GET", "/accounts/0/qr").send(served.control);
    assert!(qr.body.starts_with(b"\x89PNG"));
    assert_eq!(served.owner("GET", "/accounts/7/qr").send(served.control).status, 404);
}

const MANDATE: &str = r#"{
  "id": "groceries",
  "grantedBy": "operator",
  "cap": { "amount": "15000", "currency": "USD" },
  "perTxnCap": { "amount": "8000", "currency": "USD" },
  "perItemCap": { "amount": "2000", "currency": "USD" },
  "window": { "cap": { "amount": "50000", "currency": "USD" }, "durationMs": 604800000 },
  "rails": ["acp"],
  "allowedPayees": ["..."],
  "allowedCategories": ["groceries"],
  "blockedCategories": ["alcohol"],
  "allowedMerchants": ["grocer-1"],
  "allowedMerchantDomains": ["shop.realgrocer.com"],
  "agentId": "shopping-agent",
  "expiresAt": "2027-01-01T00:00:00Z"
}"#;
