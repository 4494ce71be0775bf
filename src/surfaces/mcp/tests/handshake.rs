//! Both eras begin, and what the server says of itself.

use super::*;
use crate::surfaces::mcp::ToolNames;

#[tokio::test]
async fn every_older_version_is_answered_with_itself() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut session = Session::start(Options::default());
        let result = session.initialize(version).await;
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["capabilities"], json!({"tools": {}}));
        let server = json!({
            "name": "paywarden",
            "title": "Paywarden",
            "version": env!("CARGO_PKG_VERSION"),
        });
        assert_eq!(result["serverInfo"], server);
        assert!(result["instructions"].as_str().unwrap().contains("SAME key"));
        let list = session.ask("tools/list", json!({})).await["result"].clone();
        assert_eq!(list.as_object().unwrap().keys().collect::<Vec<_>>(), ["tools"], "{version}");
        session.works().await;
        assert_eq!(session.end().await, (vec![], Ok(())));
    }
}

#[tokio::test]
async fn other_versions_get_the_newest_that_has_a_handshake() {
    for version in ["2026-07-28", "1999-01-01", "2099-01-01", ""] {
        let mut session = Session::start(Options::default());
        assert_eq!(session.initialize(version).await["protocolVersion"], "2025-11-25");
        let list = session.ask("tools/list", json!({})).await;
        assert_eq!(list["result"].get("resultType"), None, "the older era's shape");
    }
}

#[tokio::test]
async fn the_stateless_era_works_with_and_without_discovery() {
    for discover in [true, false] {
        let mut session = Session::start(Options::default());
        if discover {
            let result = session.ask("server/discover", modern()).await["result"].clone();
            assert!(result["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")));
            assert_eq!(result["capabilities"], json!({"tools": {}}));
            assert!(result["instructions"].is_string());
        }
        let list = session.ask("tools/list", modern()).await["result"].clone();
        assert_eq!(list["resultType"], "complete");
        assert_eq!((&list["ttlMs"], &list["cacheScope"]), (&json!(0), &json!("private")));
        let mut params = modern();
        params["name"] = json!("wallet_balance");
        let result = session.ask("tools/call", params).await["result"].clone();
        assert_eq!(result["structuredContent"]["status"], "settled");
        for result in [list, result] {
            let server = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
            assert_eq!(server["name"], "paywarden");
        }
        assert_eq!(session.ask("ping", modern()).await["error"]["code"], -32601);
        assert_eq!(session.end().await, (vec![], Ok(())));
    }
}

#[tokio::test]
async fn discovery_may_be_followed_by_initialize() {
    let mut session = Session::start(Options::default());
    session.ask("server/discover", modern()).await;
    assert_eq!(session.initialize("2025-11-25").await["protocolVersion"], "2025-11-25");
    session.works().await;
}

#[tokio::test]
async fn a_request_of_no_era_is_told_what_it_lacks() {
    let mut session = Session::start(Options::default());
    for method in ["tools/list", "server/discover"] {
        assert_eq!(session.ask(method, json!({})).await["error"]["code"], -32602);
    }
    let mut params = modern();
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    assert_eq!(session.ask("tools/list", params).await["error"]["code"], -32022);
    assert_eq!(session.ask("ping", json!({})).await["result"], json!({}));
    session.initialize("2025-11-25").await;
    session.works().await;
}

#[tokio::test]
async fn what_comes_too_early_does_not_end_the_session() {
    let mut session = Session::start(Options::default());
    session.say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    session.say(json!({"jsonrpc": "2.0", "method": "notifications/unheard_of"})).await;
    session.say(json!({"jsonrpc": "2.0", "id": 0, "result": {}})).await;
    session.say(json!({"jsonrpc": "2.0", "id": 0, "error": {"code": 1, "message": ""}})).await;
    session.cancel(json!(0)).await;
    session.line("garbage").await;
    assert_eq!(session.refusal().await, (json!(null), -32700));
    session.initialize("2025-11-25").await;
    session.works().await;
}

#[tokio::test]
async fn tools_are_sorted_and_complete() {
    let mut session = Session::initialized(Options::default()).await;
    let list = session.ask("tools/list", json!({})).await["result"]["tools"].clone();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["payment_request", "wallet_balance", "wallet_send"]);
    let send = json!({
        "name": "wallet_send",
        "title": "wallet.send",
        "description": "Does as it is told.",
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"},
        "annotations": {
            "readOnlyHint": false,
            "destructiveHint": true,
            "idempotentHint": true,
            "openWorldHint": true,
        },
        "_meta": {
            "paywarden/canonicalName": "wallet.send",
            "anthropic/requiresUserInteraction": true,
        },
    });
    assert_eq!(list[2], send);
}

#[tokio::test]
async fn the_list_has_one_page_and_is_made_once() {
    static ONCE: Fake = Fake::new("once.only", "once", Access::Read);
    static ONLY: [&dyn AnyOperation; 1] = [&&ONCE];
    let mut session = Session::start_with(&ONLY, Options::default());
    session.initialize("2025-11-25").await;
    for _ in 0..5 {
        let list = session.ask("tools/list", json!({})).await;
        assert_eq!(list["result"]["tools"][0]["name"], "once_only");
    }
    assert_eq!(ONCE.schemas.load(Ordering::Relaxed), 1);
    let answer = session.ask("tools/list", json!({"cursor": "2"})).await;
    assert_eq!(answer["error"]["code"], -32602);
}

#[tokio::test]
async fn options_decide_what_is_listed() {
    let listed = async |options| {
        let mut session = Session::initialized(options).await;
        let list = session.ask("tools/list", json!({})).await["result"]["tools"].clone();
        let names = list.as_array().unwrap().iter().map(|tool| tool["name"].clone());
        Value::from_iter(names)
    };
    let read_only = Options { read_only: true, ..Options::default() };
    assert_eq!(listed(read_only).await, json!(["wallet_balance"]));
    let payment = Options { toolsets: Some(vec!["payment".to_owned()]), ..Options::default() };
    assert_eq!(listed(payment).await, json!(["payment_request"]));
    let dotted = Options { tool_names: ToolNames::Dotted, ..Options::default() };
    assert_eq!(listed(dotted).await, json!(["payment.request", "wallet.balance", "wallet.send"]));
}

#[tokio::test]
async fn a_toolset_that_does_not_exist_is_an_error_at_once() {
    // `guard` has only an operation for the operator here, so an agent would be offered nothing.
    for name in ["walet", "guard"] {
        let toolsets = Some(vec!["wallet".to_owned(), name.to_owned()]);
        let session = Session::start(Options { toolsets, ..Options::default() });
        let error = session.task.await.unwrap().unwrap_err();
        let words = format!("there is no toolset `{name}`; there are payment, wallet");
        assert_eq!(error.to_string(), words);
    }
}

/// What a request of 2026-07-28 carries.
fn modern() -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }})
}
