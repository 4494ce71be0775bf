//! Every shape of line, one by one.

use super::*;
use crate::limits::MCP_JSON_DEPTH;
use proptest::prelude::*;

#[test]
fn what_is_wrong_is_answered_with_the_id_where_one_can_be_read() {
    let cases = [
        ("nonsense", json!(null), -32700),
        ("{\"id\":1", json!(null), -32700),
        ("{} {}", json!(null), -32700),
        ("17", json!(null), -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, json!(null), -32600),
        ("{}", json!(null), -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, json!(1), -32600),
        (r#"{"id":"a","method":"ping"}"#, json!("a"), -32600),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":1e40,"method":"ping"}"#, json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":3}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, json!(2), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":4}}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#, json!(1), -32602),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":1}}"#,
            json!(1),
            -32602,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, json!(1), -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#, json!(1), -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":""}"#, json!(1), -32601),
    ];
    for (line, id, code) in cases {
        let Incoming::Refused(reply) = decode(line.as_bytes()) else { panic!("{line}") };
        let answer: Value = serde_json::from_slice(&reply.to_line()).unwrap();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{line}");
        assert_eq!(answer["jsonrpc"], "2.0");
    }
}

#[test]
fn bytes_that_are_not_text_are_answered() {
    let Incoming::Refused(reply) = decode(b"{\"id\":1,\"method\":\"\xff\"}") else { panic!() };
    assert_eq!((reply.id, reply.code), (None, ErrorCode::PARSE_ERROR));
}

#[test]
fn nesting_is_read_up_to_the_bound_and_answered_past_it() {
    for (levels, code) in [(MCP_JSON_DEPTH - 1, None), (MCP_JSON_DEPTH, Some(-32600))] {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let line = format!(r#"{{"jsonrpc":"2.0","method":"x","params":{deep},"id":5}}"#);
        let Incoming::Refused(reply) = decode(line.as_bytes()) else { panic!("{line}") };
        assert_eq!(reply.id, Some(Id::Signed(5)));
        assert_eq!(reply.code.0, code.unwrap_or(-32601));
    }
}

#[test]
fn blank_lines_and_other_notifications_mean_nothing() {
    for line in [
        "",
        " \t\r",
        "\u{feff}",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":[1]}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"wallet_send"}}"#,
    ] {
        assert!(matches!(decode(line.as_bytes()), Incoming::Nothing), "{line}");
    }
}

#[test]
fn good_messages_pass() {
    let line = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\",\"params\":null}\r";
    assert!(matches!(decode(line.as_bytes()), Incoming::Request(Id::Text(_), _)));
    let line = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#;
    assert!(matches!(decode(line.as_bytes()), Incoming::Cancelled(Id::Signed(3))));
    for line in [
        r#"{"jsonrpc":"2.0","id":3,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1}}"#,
    ] {
        let Incoming::Response(value) = decode(line.as_bytes()) else { panic!("{line}") };
        assert_eq!(value, serde_json::from_str::<Value>(line).unwrap());
    }
}

#[test]
fn what_is_quoted_is_bounded() {
    for length in [QUOTE_CHARS, QUOTE_CHARS + 1] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "m".repeat(length));
        let Incoming::Refused(reply) = decode(line.as_bytes()) else { panic!() };
        let quoted = reply.message.split('`').nth(1).unwrap();
        assert_eq!(quoted, "m".repeat(QUOTE_CHARS));
    }
}

proptest! {
    #[test]
    fn no_bytes_upset_it(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Incoming::Refused(reply) = decode(&line) {
            prop_assert!(serde_json::from_slice::<Value>(&reply.to_line()).is_ok());
        }
    }
}
