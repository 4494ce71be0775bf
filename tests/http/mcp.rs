//! Port 4024: MCP over Streamable HTTP, stateless, under the same agent rule.

use serde_json::{Value, json};

use crate::client::{Ask, Reply};
use crate::served::Served;
use crate::support::{Home, SHOP};

fn ask(method: &str, params: Value) -> Ask {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    Ask::new("POST", "/mcp").header("Accept", "application/json, text/event-stream").json(&message)
}

fn call(tool: &str, arguments: Value) -> Ask {
    ask("tools/call", json!({ "name": tool, "arguments": arguments }))
}

fn result(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["result"].clone()
}

#[test]
fn both_eras_are_served_without_a_session() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let greeting = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "0" },
    });
    let reply = ask("initialize", greeting).send(served.mcp);
    assert_eq!(result(&reply)["serverInfo"]["name"], "paywarden");
    assert_eq!(reply.header("mcp-session-id"), None);
    let tools = result(&ask("tools/list", json!({})).send(served.mcp));
    assert!(tools["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "wallet_send"));
    let sent = call("wallet_send", json!({ "recipient_address": SHOP, "amount": "0.5" }));
    let sent = result(&sent.send(served.mcp));
    assert_eq!(sent["structuredContent"]["status"], "settled", "{sent}");
    let modern = json!({ "name": "wallet_balance", "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let reply = ask("tools/call", modern)
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "wallet_balance")
        .send(served.mcp);
    assert_eq!(result(&reply)["structuredContent"]["balance"], "99.5");
    assert_eq!(
        Ask::new("GET", "/mcp").header("Accept", "text/event-stream").send(served.mcp).status,
        405
    );
}

#[test]
fn the_token_of_each_request_says_who_asks() {
    let home = Home::new();
    let served = Served::start(&home).funded();
    let balance = call("wallet_balance", json!({}));
    assert_eq!(result(&balance.send(served.mcp))["isError"], false);
    let agent = served.does("/agents", &json!({ "id": "shopper" })).json();
    let refused = result(&balance.send(served.mcp));
    assert_eq!(refused["isError"], true);
    assert!(refused["content"][0]["text"].as_str().unwrap().starts_with("AGENT_UNKNOWN"));
    let known = balance.clone().bearer(agent["token"].as_str().unwrap());
    assert_eq!(result(&known.send(served.mcp))["isError"], false);
    assert_eq!(result(&balance.send(served.mcp))["isError"], true);
}

#[test]
fn what_is_no_request_is_answered_in_json_rpc() {
    let home = Home::new();
    let served = Served::start(&home);
    for body in
        [&b"{"[..], b"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"]
    {
        let reply = Ask::new("POST", "/mcp").raw("application/json", body).send(served.mcp);
        assert_eq!(reply.status, 400);
        assert_eq!(reply.json()["error"]["code"], -32_700);
    }
    let reply = ask("no/such", json!({})).send(served.mcp);
    assert!(reply.json()["error"]["code"].is_i64(), "{}", reply.text());
}
