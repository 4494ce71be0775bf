//! Lines no client should write: each is answered, and the next call works.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::limits::{MCP_JSON_DEPTH, MCP_LINE_BYTES};
use crate::surfaces::mcp::decode::{Incoming, decode};

#[tokio::test]
async fn every_refusal_leaves_the_session_working() {
    let mut session = Session::initialized(Options::default()).await;
    let deep = "[".repeat(MCP_JSON_DEPTH) + &"]".repeat(MCP_JSON_DEPTH);
    let cases: Vec<(Vec<u8>, Value, i64)> = vec![
        (b"not json".into(), json!(null), -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}".into(), json!(null), -32700),
        (b"\0".into(), json!(null), -32700),
        (br#"{"jsonrpc":"3.0","id":1,"method":"ping"}"#.into(), json!(1), -32600),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.into(), json!(null), -32600),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#.into(), json!(null), -32600),
        (b"[]".into(), json!(null), -32600),
        (format!(r#"{{"jsonrpc":"2.0","id":2,"method":"ping","params":{{"a":{deep}}}}}"#).into(), json!(2), -32600),
        (br#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"wallet_send","arguments":{"amount":"1","amount":"9"}}}"#.into(), json!(3), -32600),
        (br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"wallet_send","arguments":[]}}"#.into(), json!(4), -32602),
        (br#"{"jsonrpc":"2.0","id":5,"method":"logging/setLevel","params":{"level":"debug"}}"#.into(), json!(5), -32601),
        (br#"{"jsonrpc":"2.0","id":6,"method":"resources/list"}"#.into(), json!(6), -32601),
        (br#"{"jsonrpc":"2.0","id":7,"method":"prompts/get","params":{}}"#.into(), json!(7), -32601),
    ];
    for (line, id, code) in cases {
        session.line(&line).await;
        let shown = String::from_utf8_lossy(&line).into_owned();
        assert_eq!(session.refusal().await, (id, code), "{shown}");
        session.works().await;
    }
    assert!(session.gate.calls.lock().unwrap().iter().all(|call| call.operation != "wallet.send"));
    assert_eq!(session.end().await, (vec![], Ok(())));
}

#[tokio::test]
async fn a_line_is_read_up_to_the_bound_and_answered_past_it() {
    let mut session = Session::initialized(Options::default()).await;
    let line = |length: usize, id: &str| {
        let start = r#"{"jsonrpc":"2.0","method":"ping","params":{"pad":""#;
        let end = format!(r#""}},"id":{id}}}"#);
        format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
    };
    session.line(line(MCP_LINE_BYTES, "1")).await;
    assert_eq!(session.next().await, json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    session.line(line(MCP_LINE_BYTES + 1, "\"two\"")).await;
    assert_eq!(session.refusal().await, (json!("two"), -32600));
    session.line("x".repeat(5 * MCP_LINE_BYTES)).await;
    assert_eq!(session.refusal().await, (json!(null), -32600));
    session.works().await;
}

#[tokio::test]
async fn ids_come_back_as_they_were_however_large() {
    let mut session = Session::initialized(Options::default()).await;
    let long = "i".repeat(500_000);
    for id in [
        json!(0),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\"\u{1f600}"),
        json!(long),
    ] {
        session.request(id.clone(), "ping", json!({})).await;
        assert_eq!(session.next().await["id"], id);
    }
    for id in ["18446744073709551616", "1e400", "-0.5"] {
        session.line(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)).await;
        assert_eq!(session.next().await["id"], json!(null), "{id}");
    }
    session.works().await;
}

#[tokio::test]
async fn what_needs_no_answer_gets_none() {
    let mut session = Session::initialized(Options::default()).await;
    for line in [
        "",
        "   \t\r",
        r#"{"jsonrpc":"2.0","method":"notifications/made_up","params":{"a":1}}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"wallet_send","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":7.5,"x":1}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"x","error":"y"}"#,
    ] {
        session.line(line).await;
        if line.contains("7.5") {
            // Not even a notification: its params are no structure.
            assert_eq!(session.refusal().await, (json!(null), -32600));
        }
    }
    session.works().await;
    assert_eq!(session.gate.calls(), 1);
    assert_eq!(session.end().await, (vec![], Ok(())));
}

#[tokio::test]
async fn bytes_may_come_one_at_a_time_and_all_at_once() {
    let mut session = Session::initialized(Options::default()).await;
    for byte in b"\xef\xbb\xbf {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n" {
        session.raw(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(session.next().await["id"], 1);
    let many: String = (0..500)
        .map(|id| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\nx\n"))
        .collect();
    session.raw(many.as_bytes()).await;
    let mut ids = BTreeMap::new();
    for _ in 0..1_000 {
        *ids.entry(session.next().await["id"].to_string()).or_insert(0) += 1;
    }
    assert_eq!(ids.remove("null"), Some(500));
    assert!(ids.len() == 500 && ids.values().all(|count| *count == 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(30) })]

    /// 3,000 lines in 30 sessions: whoever is owed an answer gets exactly one, and nothing but JSON comes out.
    #[test]
    fn hostile_lines_get_one_answer_each(lines in proptest::collection::vec(hostile(), 100)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (owed, said) = runtime.block_on(converse(lines));
        prop_assert_eq!(owed, said);
    }
}

/// How many answers each id is owed, and how many it got.
async fn converse(lines: Vec<Vec<u8>>) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let mut owed = BTreeMap::new();
    let mut said = BTreeMap::new();
    let mut session = Session::initialized(Options::default()).await;
    for (number, line) in lines.into_iter().enumerate() {
        let line = String::from_utf8_lossy(&line).replace("@ID@", &number.to_string()).into_bytes();
        let line: Vec<u8> = line.into_iter().filter(|byte| *byte != b'\n').collect();
        match decode(&line) {
            Incoming::Refused(reply) => *owed.entry(json!(reply.id).to_string()).or_insert(0) += 1,
            Incoming::Request(id, _) => *owed.entry(json!(id).to_string()).or_insert(0) += 1,
            _ => {}
        }
        session.line(&line).await;
        // Asking after each line keeps ids from being used twice at a time.
        session.request(json!("sync"), "ping", json!({})).await;
        loop {
            let answer = session.next().await;
            if answer["id"] == "sync" {
                break;
            }
            *said.entry(answer["id"].to_string()).or_insert(0) += 1;
        }
    }
    let (rest, result) = session.end().await;
    assert_eq!(result, Ok(()));
    for answer in rest {
        *said.entry(answer["id"].to_string()).or_insert(0) += 1;
    }
    (owed, said)
}

/// A request in all its parts, any of which may be wrong; then perhaps cut, doubled or overwritten.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let jsonrpc = pick(&[r#""2.0""#, r#""2.0""#, r#""2.0""#, r#""1.0""#, "2", "null"]);
    let id = pick(&["@ID@", r#""@ID@""#, "null", "-1.5", "[1]", "99999999999999999999", "true"]);
    let method = pick(&[
        r#""tools/call""#,
        r#""tools/list""#,
        r#""ping""#,
        r#""initialize""#,
        r#""server/discover""#,
        r#""subscriptions/listen""#,
        r#""tasks/get""#,
        r#""notifications/cancelled""#,
        "3",
        r#""\u0000""#,
    ]);
    let params = pick(&[
        "{}",
        "[]",
        "7",
        r#"{"name":"wallet_balance"}"#,
        r#"{"name":"wallet_send","arguments":{"do":"deny"}}"#,
        r#"{"name":"wallet_send","arguments":{"do":"fail"},"_meta":{"progressToken":[]}}"#,
        r#"{"name":"wallet.send","arguments":null}"#,
        r#"{"name":[],"arguments":[]}"#,
        r#"{"a":{"a":{"a":[[[[{}]]]]}},"a":1}"#,
        r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
        r#"{"requestId":1}"#,
    ]);
    let extra = pick(&["", r#","result":{}"#, r#","id":1"#, r#","x":"\ud83d""#, r#","x":1e5"#]);
    let whole =
        (jsonrpc, id, method, params, extra).prop_map(|(jsonrpc, id, method, params, extra)| {
            format!(
                r#"{{"jsonrpc":{jsonrpc},"id":{id},"method":{method},"params":{params}{extra}}}"#
            )
        });
    let damage = prop_oneof![
        6 => Just((0usize, 0usize, Vec::new())),
        2 => (0usize..200, 0usize..20, proptest::collection::vec(any::<u8>(), 0..4)),
    ];
    (whole, damage).prop_map(|(line, (at, length, bytes))| {
        let mut line = line.into_bytes();
        let at = at.min(line.len());
        let end = (at + length).min(line.len());
        line.splice(at..end, bytes);
        line
    })
}

fn pick(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(choices)
}
