//! Forms in the host: answered, left open, given up. What an answer is worth is the wallet's business, not tested here.

use super::*;
use crate::limits::HOST_ANSWER;

/// What the wallet answers to what the surface asks beside a call.
pub(super) async fn aside(call: &Call) -> Option<Value> {
    match call.operation.as_str() {
        "host.ask" => {
            assert_eq!(call.arguments["approvalId"], APPROVAL);
            let ask = call.arguments["arguments"]["echo"] != "not allowed";
            Some(json!({"ask": ask, "paymentId": "p", "amount": "3 XNO", "payeeAddress": "nano_1"}))
        }
        "host.answer" => Some(json!({"callId": Uuid::nil()})),
        "get_payment_status" => std::future::pending().await,
        _ => None,
    }
}

#[tokio::test]
async fn an_answer_reaches_the_wallet_and_the_call_is_made_again_under_its_id() {
    let mut session = asking().await;
    let form = ask(&mut session, json!({"do": "ask"})).await;
    session
        .say(json!({"jsonrpc": "2.0", "id": form["id"], "result": {
            "action": "accept", "content": {"approved": true},
        }}))
        .await;
    assert_eq!(session.next().await["id"], json!("call"));
    let calls = session.gate.calls.lock().unwrap().clone();
    let made: Vec<_> = calls.iter().filter(|call| call.operation == "wallet.send").collect();
    assert_eq!((made.len(), made[0].id), (2, made[1].id));
    let answer = calls.iter().find(|call| call.operation == "host.answer").unwrap();
    assert_eq!(answer.arguments["approved"], true);
    assert_eq!(answer.arguments["arguments"], json!({"do": "ask"}));
    assert_eq!(answer.arguments["operation"], "wallet.send");
}

#[tokio::test]
async fn what_no_policy_allows_is_not_asked() {
    let mut session = asking().await;
    let answer = session.call("wallet_send", json!({"do": "ask", "echo": "not allowed"})).await;
    assert_eq!(answer["result"]["structuredContent"]["status"], "pending_approval");
    assert_eq!(session.gate.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_form_nobody_answers_is_closed_in_the_end() {
    let mut session = asking().await;
    let form = ask(&mut session, json!({"do": "ask"})).await;
    let mut methods = Vec::new();
    for _ in 0..2 {
        let message = session.next_within(HOST_ANSWER + PATIENCE).await;
        let closed = message["params"]["requestId"] == form["id"];
        assert!(closed || message["result"]["structuredContent"]["status"] == "pending_approval");
        methods.push(message["method"].clone());
    }
    assert!(methods.contains(&json!("notifications/cancelled")), "{methods:?}");
    let answered = session.gate.calls.lock().unwrap().iter().any(|c| c.operation == "host.answer");
    assert!(!answered, "silence is no answer");
}

#[tokio::test]
async fn a_session_ends_while_a_form_is_open() {
    let mut session = asking().await;
    ask(&mut session, json!({"do": "ask"})).await;
    let (_, ended) = session.end().await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn a_cancelled_call_closes_its_form() {
    let mut session = asking().await;
    let form = ask(&mut session, json!({"do": "ask"})).await;
    session.cancel(json!("call")).await;
    let closed = session.next().await;
    assert_eq!(closed["method"], "notifications/cancelled");
    assert_eq!(closed["params"]["requestId"], form["id"]);
    session.works().await;
}

async fn asking() -> Session {
    let mut session = Session::start(Options::default());
    session.initialize_with("2025-11-25", json!({"elicitation": {"form": {}}})).await;
    session
}

async fn ask(session: &mut Session, arguments: Value) -> Value {
    let params = json!({"name": "wallet_send", "arguments": arguments});
    session.request(json!("call"), "tools/call", params).await;
    let form = session.next().await;
    assert_eq!(form["method"], "elicitation/create", "{form}");
    form
}

pub(super) const APPROVAL: &str = "3f2a91c0-0000-4000-8000-000000000000";
