//! Calls of tools: answered, failed, cancelled, reported on, too many.

use super::*;
use crate::limits::{
    MCP_CALLS_IN_FLIGHT, MCP_OPEN_BYTES, MCP_OPEN_BYTES_EACH, MCP_PROGRESS_WAITING,
};
use crate::operations::Caller;
use crate::secret::Secret;
use crate::surfaces::mcp::ToolNames;

#[tokio::test]
async fn a_call_reaches_the_gate_as_it_was_made() {
    let token = Secret::new("canary-token".to_owned());
    let options = Options { agent_token: Some(token.clone()), ..Options::default() };
    assert!(!format!("{options:?}").contains("canary"));
    let mut session = Session::initialized(options).await;
    let answer = session.call("wallet_send", json!({"echo": "é\u{202e}\n", "n": 1})).await;
    let content = json!({"status": "settled", "echo": "é\u{202e}\n", "network": "sandbox"});
    assert_eq!(answer["result"]["structuredContent"], content);
    assert_eq!(answer["result"]["isError"], false);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), content);
    let first = session.gate.last_call();
    assert_eq!(first.operation, "wallet.send");
    assert_eq!(first.caller, Caller::Agent(None));
    assert!(first.agent_token.as_ref().unwrap().is_same_as(&token));
    assert!(!format!("{first:?}").contains("canary"));
    assert_eq!(Value::Object(first.arguments), json!({"echo": "é\u{202e}\n", "n": 1}));
    session.ask("tools/call", json!({"name": "wallet_send"})).await;
    let second = session.gate.last_call();
    assert!(second.arguments.is_empty());
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn a_denied_payment_is_a_result_and_a_failure_an_error_text() {
    let mut session = Session::initialized(Options::default()).await;
    let denied = session.call("wallet_send", json!({"do": "deny"})).await;
    assert_eq!(denied["result"]["isError"], false);
    assert_eq!(denied["result"]["structuredContent"]["status"], "denied");
    let failed = session.call("wallet_send", json!({"do": "fail"})).await;
    assert_eq!(failed["result"]["isError"], true);
    assert_eq!(failed["result"].get("structuredContent"), None);
    let text = failed["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("WALLET_FROZEN: the wallet is frozen. Nothing was sent."), "{text}");
}

#[tokio::test]
async fn a_bug_of_the_wallet_is_still_an_answer() {
    let mut session = Session::initialized(Options::default()).await;
    let answer = session.call("wallet_send", json!({"do": "panic"})).await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("INTERNAL: "), "{text}");
    assert!(text.contains("Something may have been sent."), "{text}");
    session.works().await;
}

#[tokio::test]
async fn an_unknown_tool_is_told_the_right_name() {
    let mut session = Session::initialized(Options::default()).await;
    for (asked, told) in [
        ("wallet.send", "use `wallet_send`"),
        ("wallet_blance", "use `wallet_balance`"),
        ("guard_unfreeze", "tools/list"),
        ("guard.unfreeze", "tools/list"),
        ("", "tools/list"),
        ("\u{0}\u{202e}", "tools/list"),
    ] {
        let answer = session.call(asked, json!({})).await;
        assert_eq!(answer["error"]["code"], -32602, "{asked}");
        let words = answer["error"]["message"].as_str().unwrap();
        assert!(words.contains(told), "{words}");
    }
    let answer = session.call(&"x".repeat(100_000), json!({})).await;
    assert!(answer["error"]["message"].as_str().unwrap().len() < 1_000);
    assert_eq!(session.gate.calls(), 0);
    session.works().await;
}

#[tokio::test]
async fn dotted_names_replace_the_others() {
    let options = Options { tool_names: ToolNames::Dotted, ..Options::default() };
    let mut session = Session::initialized(options).await;
    assert_eq!(session.call("wallet.send", json!({})).await["result"]["isError"], false);
    let answer = session.call("wallet_send", json!({})).await;
    let words = "unknown tool `wallet_send`; use `wallet.send`";
    assert_eq!(answer["error"]["message"], words);
}

#[tokio::test]
async fn what_is_not_offered_cannot_be_called() {
    let wallet = Some(vec!["wallet".to_owned()]);
    for (options, name) in [
        (Options { read_only: true, ..Options::default() }, "wallet_send"),
        (Options { toolsets: wallet, ..Options::default() }, "payment_request"),
    ] {
        let mut session = Session::initialized(options).await;
        let answer = session.call(name, json!({})).await;
        assert_eq!(answer["error"]["code"], -32602);
        let words = answer["error"]["message"].as_str().unwrap();
        assert!(words.contains("is not offered"), "{words}");
        assert_eq!(session.gate.calls(), 0);
        session.works().await;
    }
}

#[tokio::test]
async fn progress_grows_and_comes_before_the_answer() {
    let mut session = Session::initialized(Options::default()).await;
    for token in [json!("p1"), json!(7)] {
        let arguments = json!({"do": "report"});
        let meta = json!({"progressToken": token});
        let params = json!({"name": "wallet_send", "arguments": arguments, "_meta": meta});
        session.request(json!(1), "tools/call", params).await;
        for expected in [
            json!({"progressToken": token, "progress": 1.0, "message": "step 1"}),
            json!({"progressToken": token, "progress": 2.0, "total": 3.0, "message": "step 2"}),
        ] {
            let message = session.next().await;
            assert_eq!(message["method"], "notifications/progress");
            assert_eq!(message["params"], expected);
        }
        assert_eq!(session.next().await["id"], 1);
    }
    session.call("wallet_send", json!({"do": "report"})).await;
}

#[tokio::test]
async fn a_flood_of_progress_is_cut_to_the_bound() {
    let mut session = Session::initialized(Options::default()).await;
    let meta = json!({"progressToken": 1});
    let params = json!({"name": "wallet_send", "arguments": {"do": "flood"}, "_meta": meta});
    session.request(json!("end"), "tools/call", params).await;
    let mut reports = 0;
    while session.next().await["id"] != "end" {
        reports += 1;
    }
    assert_eq!(reports, MCP_PROGRESS_WAITING);
    session.works().await;
}

#[tokio::test]
async fn a_cancelled_call_is_told_and_not_answered() {
    let mut session = Session::initialized(Options::default()).await;
    let params = json!({"name": "wallet_send", "arguments": {"do": "heed", "echo": "first"}});
    session.request(json!(1), "tools/call", params).await;
    session.ask("ping", json!({})).await;
    assert_eq!(session.gate.calls(), 1);
    session.cancel(json!(1)).await;
    session.cancel(json!(1)).await;
    session.cancel(json!("unheard of")).await;
    session.works().await;
    // The id may be used again, and gets the answer of the second call.
    let params = json!({"name": "wallet_send", "arguments": {"echo": "second"}});
    session.request(json!(1), "tools/call", params).await;
    assert_eq!(session.next().await["result"]["structuredContent"]["echo"], "second");
    assert_eq!(session.end().await, (vec![], Ok(())));
}

#[tokio::test]
async fn an_operation_that_goes_on_after_its_cancellation_answers_nobody() {
    let mut session = Session::initialized(Options::default()).await;
    for echo in ["first", "second"] {
        let params = json!({"name": "wallet_send", "arguments": {"do": "wait", "echo": echo}});
        session.request(json!(1), "tools/call", params).await;
        session.ask("ping", json!({})).await;
        if echo == "first" {
            session.cancel(json!(1)).await;
        }
    }
    session.gate.released.cancel();
    assert_eq!(session.next().await["result"]["structuredContent"]["echo"], "second");
    assert_eq!(session.end().await, (vec![], Ok(())));
}

#[tokio::test]
async fn an_id_in_use_is_refused_without_answering_for_the_first() {
    let mut session = Session::initialized(Options::default()).await;
    let params = json!({"name": "wallet_send", "arguments": {"do": "wait", "echo": "first"}});
    session.request(json!("a"), "tools/call", params).await;
    session.request(json!("a"), "ping", json!({})).await;
    let refusal = session.next().await;
    assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(null), &json!(-32600)));
    let words = refusal["error"]["message"].as_str().unwrap();
    assert_eq!(words, "the request with id `a` is still under way");
    session.gate.released.cancel();
    let answer = session.next().await;
    assert_eq!(answer["id"], "a");
    assert_eq!(answer["result"]["structuredContent"]["echo"], "first");
    session.request(json!("a"), "ping", json!({})).await;
    assert_eq!(session.next().await["id"], "a");
}

#[tokio::test]
async fn calls_run_up_to_the_bound_and_the_next_one_waits() {
    let mut session = Session::initialized(Options::default()).await;
    let total = MCP_CALLS_IN_FLIGHT + 1;
    for id in 0..total {
        let params = json!({"name": "wallet_send", "arguments": {"do": "wait"}});
        session.request(json!(id), "tools/call", params).await;
    }
    session.ask("ping", json!({})).await;
    assert_eq!(session.gate.calls(), MCP_CALLS_IN_FLIGHT);
    session.gate.released.cancel();
    for _ in 0..total {
        assert_eq!(session.next().await["result"]["isError"], false);
    }
    assert_eq!(session.gate.most_running.load(Ordering::SeqCst), MCP_CALLS_IN_FLIGHT);
}

#[tokio::test]
async fn a_waiting_call_that_is_cancelled_never_begins() {
    let mut session = Session::initialized(Options::default()).await;
    for id in 0..=MCP_CALLS_IN_FLIGHT {
        let params = json!({"name": "wallet_send", "arguments": {"do": "wait"}});
        session.request(json!(id), "tools/call", params).await;
    }
    session.cancel(json!(MCP_CALLS_IN_FLIGHT)).await;
    session.ask("ping", json!({})).await;
    session.gate.released.cancel();
    for _ in 0..MCP_CALLS_IN_FLIGHT {
        session.next().await;
    }
    session.works().await;
    assert_eq!(session.gate.calls(), MCP_CALLS_IN_FLIGHT + 1);
}

#[tokio::test]
async fn more_requests_than_may_be_open_are_read_later_and_all_answered() {
    let mut session = Session::initialized(Options::default()).await;
    let total = MCP_OPEN_BYTES / MCP_OPEN_BYTES_EACH + 200;
    let (input, released) = (session.input.take().unwrap(), session.gate.released.clone());
    let writing = tokio::spawn(async move {
        let mut input = input;
        for id in 0..total {
            let params = json!({"name": "wallet_send", "arguments": {"do": "wait"}});
            let line =
                json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
            input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        }
        input
    });
    SystemClock.sleep(Duration::from_millis(50)).await;
    released.cancel();
    let mut seen = vec![false; total];
    for _ in 0..total {
        let id = session.next().await["id"].as_u64().unwrap();
        assert!(!std::mem::replace(&mut seen[usize::try_from(id).unwrap()], true));
    }
    session.input = Some(writing.await.unwrap());
    session.works().await;
}

#[tokio::test]
async fn nothing_of_a_call_is_logged() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || sink.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut session = Session::initialized(Options::default()).await;
    let secret = "correct-horse";
    for what in ["answer", "fail", "deny", "report"] {
        session.call("wallet_send", json!({"do": what, "echo": secret, secret: 1})).await;
    }
    session.call("wallet.send", json!({"echo": secret})).await;
    session.line(format!("{{{secret}")).await;
    session.refusal().await;
    session.end().await.1.unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("serve finished"), "the log was caught: {log}");
    assert!(!log.contains(secret), "{log}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
