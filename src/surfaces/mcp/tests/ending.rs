//! Every way a session ends, early or late: without an error, and soon.

use super::*;
use crate::limits::{MCP_DRAIN, SHUTDOWN};

#[tokio::test]
async fn an_end_before_the_first_request_is_no_error() {
    let session = Session::start(Options::default());
    assert_eq!(session.end().await, (vec![], Ok(())));
    for method in ["ping", "server/discover", "tools/list"] {
        let mut session = Session::start(Options::default());
        session.ask(method, json!({})).await;
        assert_eq!(session.end().await, (vec![], Ok(())));
    }
}

#[tokio::test]
async fn a_last_word_before_the_end_is_answered() {
    let mut session = Session::start(Options::default());
    session.line("garbage").await;
    let (rest, result) = session.end().await;
    assert_eq!((rest.len(), result), (1, Ok(())));
    assert_eq!(rest[0]["error"]["code"], -32700);
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_line_is_answered() {
    for started in [false, true] {
        let mut session = Session::start(Options::default());
        if started {
            session.initialize("2025-11-25").await;
        }
        session.raw(br#"{"jsonrpc":"2.0","id":1,"meth"#).await;
        let (rest, result) = session.end().await;
        assert_eq!((rest.len(), result), (1, Ok(())));
        assert_eq!((&rest[0]["id"], &rest[0]["error"]["code"]), (&json!(null), &json!(-32700)));
    }
    let mut session = Session::initialized(Options::default()).await;
    session.raw(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
    let (rest, _) = session.end().await;
    assert_eq!(rest, [json!({"jsonrpc": "2.0", "id": 1, "result": {}})]);
}

#[tokio::test]
async fn calls_under_way_at_the_end_are_still_answered() {
    let mut session = Session::initialized(Options::default()).await;
    for id in 0..20 {
        let params = json!({"name": "wallet_send", "arguments": {"do": "wait"}});
        session.request(json!(id), "tools/call", params).await;
    }
    session.ask("ping", json!({})).await;
    let released = session.gate.released.clone();
    tokio::spawn(async move {
        SystemClock.sleep(Duration::from_millis(50)).await;
        released.cancel();
    });
    let (rest, result) = session.end().await;
    assert_eq!((rest.len(), result), (20, Ok(())));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_ends_does_not_keep_the_session() {
    for (do_what, shut_down) in [("hang", false), ("hang", true), ("heed", true)] {
        let mut session = Session::initialized(Options::default()).await;
        let params = json!({"name": "wallet_send", "arguments": {"do": do_what}});
        session.request(json!(1), "tools/call", params).await;
        session.ask("ping", json!({})).await;
        let start = tokio::time::Instant::now();
        let most = if shut_down {
            session.shutdown.cancel();
            SHUTDOWN
        } else {
            drop(session.input.take());
            MCP_DRAIN
        };
        assert_eq!((&mut session.task).await.unwrap(), Ok(()));
        assert!(start.elapsed() <= most + Duration::from_millis(10), "{:?}", start.elapsed());
        // A call that heeds the shutdown is answered in the time there is.
        let said = session.next_or_end().await;
        assert_eq!(said.is_some(), do_what == "heed", "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shutting_down_works_at_any_time() {
    for said in [None, Some("server/discover"), Some("initialize")] {
        let mut session = Session::start(Options::default());
        match said {
            Some("initialize") => drop(session.initialize("2025-11-25").await),
            Some(method) => drop(session.ask(method, json!({})).await),
            None => {}
        }
        let start = tokio::time::Instant::now();
        session.shutdown.cancel();
        assert_eq!(session.task.await.unwrap(), Ok(()));
        assert!(start.elapsed() < Duration::from_millis(10), "{said:?} {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_does_not_keep_the_session() {
    for shut_down in [false, true] {
        let mut session = Session::initialized(Options::default()).await;
        let echo = "x".repeat(PIPE_BYTES);
        for id in 0..3 {
            let params = json!({"name": "wallet_send", "arguments": {"echo": echo}});
            session.request(json!(id), "tools/call", params).await;
        }
        if shut_down {
            session.shutdown.cancel();
        } else {
            drop(session.input.take());
        }
        assert_eq!(session.task.await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_client_that_stops_listening_ends_the_session() {
    for started in [false, true] {
        let mut session = Session::start(Options::default());
        if started {
            session.initialize("2025-11-25").await;
        }
        let Session { mut input, output, task, .. } = session;
        drop(output);
        let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
        input.as_mut().unwrap().write_all(line).await.unwrap();
        assert_eq!(task.await.unwrap(), Ok(()), "although its input is still open");
    }
}
