//! What both nodes say, word for word where it matters (protocol notes §7, §8b), and what no node should say.

use super::super::rpc::Shown;
use super::*;

#[tokio::test]
async fn an_account_is_read_from_either_node() {
    // C++: pretty, all texts, only confirmed_*. RsNano: confirmation_height too.
    let cpp = "{\n    \"frontier\": \"0A00000000000000000000000000000000000000000000000000000000000000\",\n    \"open_block\": \"0100000000000000000000000000000000000000000000000000000000000000\",\n    \"representative_block\": \"01\",\n    \"balance\": \"5\",\n    \"modified_timestamp\": \"1\",\n    \"block_count\": \"3\",\n    \"account_version\": \"2\",\n    \"confirmed_balance\": \"4\",\n    \"confirmed_height\": \"2\",\n    \"confirmed_frontier\": \"0b00000000000000000000000000000000000000000000000000000000000000\",\n    \"representative\": \"nano_1111111111111111111111111111111111111111111111111111hifc8npp\",\n    \"confirmed_representative\": \"nano_1111111111111111111111111111111111111111111111111111hifc8npp\",\n    \"pending\": \"9\",\n    \"receivable\": \"9\",\n    \"confirmed_pending\": \"8\",\n    \"confirmed_receivable\": \"8\"\n}\n";
    let mut rsnano: Value = serde_json::from_str(cpp).unwrap();
    rsnano["confirmation_height"] = json!("2");
    for body in [cpp.to_owned(), rsnano.to_string()] {
        let (rpc, server) = saying(body).await;
        let info = rpc.account_info(Account::BURN).await.unwrap().unwrap();
        assert_eq!((info.block_count, info.confirmed_height), (3, 2));
        assert_eq!(info.confirmed_frontier.unwrap().as_bytes()[0], 0x0b);
        assert_eq!((info.balance, info.confirmed_balance), (Raw::new(5), Raw::new(4)));
        assert_eq!((info.receivable, info.confirmed_receivable), (Raw::new(9), Raw::new(8)));
        let asked: Value = serde_json::from_str(&server.bodies()[0]).unwrap();
        for option in ["representative", "receivable", "include_confirmed"] {
            assert_eq!(asked[option], "true");
        }
    }
    // A node that does not know include_confirmed.
    let mut old = rsnano;
    for field in ["confirmed_balance", "confirmed_height", "confirmed_frontier"] {
        old.as_object_mut().unwrap().remove(field);
    }
    old["confirmation_height_frontier"] = old["open_block"].clone();
    let info = saying(old.to_string()).await.0.account_info(Account::BURN).await;
    let info = info.unwrap().unwrap();
    assert_eq!(info.confirmed_frontier, info.open_block);
    assert_eq!((info.confirmed_height, info.confirmed_balance), (2, Raw::ZERO));
}

#[tokio::test]
async fn nothing_confirmed_is_zeros() {
    let mut fresh = genesis();
    fresh["confirmed_height"] = json!("0");
    fresh["confirmed_balance"] = json!("0");
    fresh["confirmed_frontier"] = json!("0".repeat(64));
    let info = saying(fresh.to_string()).await.0.account_info(Account::BURN).await;
    let info = info.unwrap().unwrap();
    assert_eq!((info.confirmed_frontier, info.confirmed_height), (None, 0));
}

#[tokio::test]
async fn an_account_that_contradicts_itself_is_no_answer() {
    let cases = [
        ("confirmed_height", json!("2")),
        ("confirmed_height", json!("0")),
        ("confirmed_frontier", json!("0".repeat(64))),
        ("confirmed_frontier", json!("1".repeat(64))),
        ("frontier", json!("0".repeat(64))),
        ("block_count", json!("0")),
        ("block_count", json!("-1")),
        ("block_count", json!("18446744073709551616")),
        ("balance", json!("-1")),
        ("balance", json!("340282366920938463463374607431768211456")),
        ("balance", json!(1e30)),
        ("balance", json!("1e30")),
        ("balance", Value::Null),
        ("frontier", json!("xyz")),
        ("representative", json!("nano_1")),
        ("confirmed_height", json!([])),
    ];
    for (field, value) in cases {
        let mut info = genesis();
        info[field] = value.clone();
        let answer = saying(info.to_string()).await.0.account_info(Account::BURN).await;
        assert!(garbled(answer), "{field} = {value}");
    }
    let twice = genesis().to_string().replacen('{', "{\"balance\":\"1\",", 1);
    assert!(garbled(saying(twice).await.0.account_info(Account::BURN).await));
}

#[tokio::test]
async fn only_the_exact_words_mean_that_nothing_is_there() {
    let hash = BlockHash::ZERO;
    let (rpc, _server) = saying("{\"error\": \"Account not found\"}").await;
    assert_eq!(rpc.account_info(Account::BURN).await, Ok(None));
    assert_eq!(refused(rpc.block_info(hash).await), "Account not found");
    let (rpc, _server) = saying("{\n    \"error\": \"Block not found\"\n}").await;
    assert_eq!(rpc.block_info(hash).await, Ok(None));
    assert_eq!(refused(rpc.account_info(Account::BURN).await), "Block not found");
    for words in ["account not found", "Account not found.", "", "Not found"] {
        let body = json!({ "error": words }).to_string();
        assert_eq!(refused(saying(body).await.0.account_info(Account::BURN).await), words);
    }
    // The words with a status of failure are some proxy's.
    for status in [404, 500, 503, 301] {
        let body = "{\"error\":\"Block not found\"}".to_owned();
        let (rpc, _server) = always(Answer::Status(status, "application/json", body)).await;
        assert!(unreachable(rpc.block_info(hash).await), "{status}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_nodes_own_words_escaped_and_capped() {
    for words in ["Bad account number", "Invalid block hash", "Unknown command", "Fork"] {
        let body = json!({ "error": words }).to_string();
        assert_eq!(refused(saying(body).await.0.account_info(Account::BURN).await), words);
    }
    // RsNano: plain text with 422, or 400 for broken JSON.
    for status in [400, 422] {
        let text = format!("Failed to deserialize\u{1b}[2J: {}", "x".repeat(5_000));
        let (rpc, _server) = always(Answer::Status(status, "text/plain", text)).await;
        let message = refused(rpc.account_info(Account::BURN).await);
        assert!(message.starts_with("Failed to deserialize\\u{1b}[2J: x"), "{message}");
        assert!(message.chars().count() < 320);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_taken_for_one() {
    let mut cases: Vec<Answer> =
        ["", "null", "[]", "\"\"", "{}", "{", "<html>", "\0", "{\"error\":1}"]
            .map(Answer::json)
            .into();
    cases.push(Answer::json("[".repeat(10_000)));
    cases.push(Answer::json(" ".repeat(20_001)));
    for case in cases {
        let (rpc, _server) = always(case).await;
        assert!(garbled(rpc.account_info(Account::BURN).await));
        assert!(garbled(rpc.block_info(BlockHash::ZERO).await));
        assert!(garbled(rpc.process(&send(1), None).await));
    }
    for case in [
        Answer::Silence,
        Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"error\":".to_vec()),
        Answer::Status(500, "text/html", "<h1>oops</h1>".to_owned()),
        Answer::Status(429, "text/plain", "slow down".to_owned()),
    ] {
        let (rpc, _server) = always(case).await;
        assert!(unreachable(rpc.account_info(Account::BURN).await));
        assert!(unreachable(rpc.process(&send(1), None).await));
    }
    assert!(unreachable(rpc(&Canned::nobody().await).account_info(Account::BURN).await));
    let (rpc, _server) = always(Answer::Status(200, "text/plain", genesis().to_string())).await;
    assert!(rpc.account_info(Account::BURN).await.is_ok(), "the content type is no fact");
}

fn shown(block: &SignedBlock) -> Value {
    json!({
        "block_account": block.block.account, "amount": "1", "balance": block.block.balance,
        "height": "2", "local_timestamp": "1700000000", "successor": "0".repeat(64),
        "confirmed": "true", "contents": block, "subtype": "send"
    })
}

async fn looked_at(json: &Value) -> Result<Option<Shown>, NodeError> {
    saying(json.to_string()).await.0.block_info(send(5).hash()).await
}

#[tokio::test]
async fn a_block_is_read_as_object_and_as_text() {
    let block = send(5);
    let object = shown(&block);
    let mut text = object.clone();
    text["contents"] = json!(serde_json::to_string_pretty(&object["contents"]).unwrap());
    let mut numbers = object.clone();
    numbers["confirmed"] = json!(true);
    numbers["height"] = json!(2);
    numbers["successor"] = json!("");
    numbers["contents"]["work"] = json!("");
    for json in [object, text, numbers] {
        let Ok(Some(Shown::State(info))) = looked_at(&json).await else { panic!("{json}") };
        assert_eq!((info.contents, info.confirmed, info.height), (block, true, 2));
        assert_eq!((info.successor, info.subtype), (None, Subtype::Send));
    }
}

#[tokio::test]
async fn a_block_that_is_another_one_is_no_answer() {
    let good = shown(&send(5));
    let mut cases = vec![shown(&send(6))];
    for (field, value) in [
        ("confirmed", json!("maybe")),
        ("confirmed", Value::Null),
        ("height", json!("x")),
        ("successor", json!("12")),
        ("subtype", json!("gift")),
        ("subtype", Value::Null),
        ("amount", json!("-1")),
        ("amount", Value::Null),
        ("contents", json!("{")),
        ("contents", json!([])),
        ("contents", json!({ "type": "future" })),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        cases.push(bad);
    }
    for case in cases {
        assert!(garbled(looked_at(&case).await), "{case}");
    }
}

#[tokio::test]
async fn a_legacy_block_is_told_apart() {
    let mut legacy = shown(&send(5));
    legacy["contents"] = json!({
        "type": "send", "previous": "0".repeat(64), "destination": Account::BURN,
        "balance": "00000000000000000000000000000001", "work": "0000000000000000", "signature": "00"
    });
    legacy.as_object_mut().unwrap().remove("subtype");
    assert_eq!(looked_at(&legacy).await, Ok(Some(Shown::Legacy)));
}

#[tokio::test]
async fn a_block_is_published_in_the_form_every_node_takes() {
    let mut block = send(5);
    block.work = Some("00000000000ABCDE".parse().unwrap());
    let hash = block.hash();
    let (rpc, server) = saying(json!({ "hash": hash }).to_string()).await;
    assert_eq!(rpc.process(&block, Some(Subtype::Send)).await, Ok(hash));
    assert_eq!(rpc.process(&block, None).await, Ok(hash));
    let asked: Vec<Value> =
        server.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!((&asked[0]["subtype"], &asked[0]["json_block"]), (&json!("send"), &json!("true")));
    assert!(asked[1].get("subtype").is_none());
    assert_eq!(asked[0]["block"]["work"], "00000000000abcde");
    assert_eq!(asked[0]["block"]["link"], "09".repeat(32));
    let other = saying(json!({ "hash": BlockHash::ZERO }).to_string()).await.0;
    assert!(garbled(other.process(&block, None).await));
}

#[tokio::test]
async fn receivables_are_read_in_every_form() {
    let account = key().account();
    let block = send(5);
    let hash = block.hash();
    let full = json!({ "blocks": { hash.to_string(): {
        "amount": "1", "source": account, "min_version": "epoch_2" } } });
    let (rpc, server) = saying(full.to_string()).await;
    let expected = Receivable { hash, amount: Raw::new(1), source: account };
    let one = |minimum| rpc.receivable(account, Raw::new(minimum), 1);
    assert_eq!(one(1).await.unwrap(), std::slice::from_ref(&expected));
    assert_eq!(one(2).await.unwrap(), [], "the node did not keep to the threshold");
    assert_eq!(rpc.receivable(account, Raw::ZERO, 0).await.unwrap(), []);
    let asked: Value = serde_json::from_str(&server.bodies()[0]).unwrap();
    assert_eq!(asked["count"], "1");
    assert_eq!((&asked["threshold"], &asked["source"]), (&json!("1"), &json!("true")));

    // Without a sender the block is looked up.
    for list in [json!({ hash.to_string(): "1" }), json!([hash])] {
        let (listed, block) = (json!({ "blocks": list }).to_string(), shown(&block).to_string());
        let server = Canned::start(move |body| match body.contains("block_info") {
            true => Answer::json(block.clone()),
            false => Answer::json(listed.clone()),
        })
        .await;
        let found = super::rpc(&server.url).receivable(account, Raw::ZERO, 9).await;
        assert_eq!(found.unwrap(), std::slice::from_ref(&expected));
    }
    for empty in ["\"\"", "{}", "[]", "null"] {
        let (rpc, _server) = saying(format!("{{\"blocks\": {empty}}}")).await;
        assert_eq!(rpc.receivable(account, Raw::ZERO, 9).await.unwrap(), [], "{empty}");
        let many = rpc.accounts_receivable(&[account], Raw::ZERO, 9).await.unwrap();
        assert_eq!(many, BTreeMap::from([(account, Vec::new())]), "{empty}");
    }
}

#[tokio::test]
async fn lookups_of_a_list_have_an_end() {
    let block = send(5);
    let hashes: Vec<BlockHash> = (0..=crate::limits::NODE_LOOKUPS)
        .map(|n| BlockHash::from_bytes([n as u8 + 1; 32]))
        .collect();
    let mut legacy = shown(&block);
    legacy["contents"] = json!({ "type": "receive" });
    let (listed, legacy) = (json!({ "blocks": hashes }).to_string(), legacy.to_string());
    let server = Canned::start(move |body| match body.contains("block_info") {
        true => Answer::json(legacy.clone()),
        false => Answer::json(listed.clone()),
    })
    .await;
    let found = rpc(&server.url).receivable(key().account(), Raw::ZERO, 1_000).await;
    assert_eq!(found.unwrap(), []);
    assert_eq!(server.bodies().len(), 1 + crate::limits::NODE_LOOKUPS);
}

#[tokio::test]
async fn many_accounts_take_one_request() {
    let (one, two) = (key().account(), Account::from_bytes([9; 32]));
    let hash = send(5).hash();
    let body = json!({ "blocks": { one.to_string(): { hash.to_string(): {
        "amount": "1", "source": two } }, Account::BURN.to_string(): "" } });
    let (rpc, server) = saying(body.to_string()).await;
    let found = rpc.accounts_receivable(&[one, two, one], Raw::ZERO, 9).await.unwrap();
    assert_eq!((found.len(), found[&one].len(), found[&two].len()), (2, 1, 0));
    assert_eq!(rpc.accounts_receivable(&[], Raw::ZERO, 9).await.unwrap(), BTreeMap::new());
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn balances_are_zeros_only_for_an_account_without_a_block() {
    let (one, two) = (key().account(), Account::from_bytes([9; 32]));
    let balances =
        json!({ one.to_string(): { "balance": "3", "pending": "1", "receivable": "1" } });
    let body = |errors: Value| json!({ "balances": balances, "errors": errors }).to_string();
    let not_found = json!({ two.to_string(): "Account not found" });
    let (rpc, _server) = saying(body(not_found)).await;
    let found = rpc.accounts_balances(&[one, two, one]).await.unwrap();
    assert_eq!(found[&one], AccountBalance { balance: Raw::new(3), receivable: Raw::new(1) });
    assert_eq!(found[&two], AccountBalance::default());
    let (rpc, _server) = saying(body(json!({ two.to_string(): "Bad account number" }))).await;
    assert_eq!(refused(rpc.accounts_balances(&[one, two]).await), "Bad account number");
    for nothing in [json!(""), json!({}), Value::Null] {
        let (rpc, _server) = saying(body(nothing)).await;
        assert!(garbled(rpc.accounts_balances(&[one, two]).await));
        assert!(rpc.accounts_balances(&[one]).await.is_ok());
    }
}

#[tokio::test]
async fn a_history_is_read_page_by_page() {
    let hash = send(5).hash();
    let entry = json!({ "type": "send", "account": Account::BURN, "amount": "1",
        "local_timestamp": "1700000000", "height": "60", "hash": hash, "confirmed": "true" });
    let body = json!({ "account": key().account(), "history": [entry], "previous": hash });
    let (rpc, server) = saying(body.to_string()).await;
    let page = rpc.account_history(key().account(), Some(hash), 1).await.unwrap();
    assert_eq!((page.previous, page.blocks.len()), (Some(hash), 1));
    let block = &page.blocks[0];
    assert_eq!((block.height, block.confirmed, block.subtype), (60, true, Subtype::Send));
    assert_eq!(block.local_timestamp, Some(Millis(1_700_000_000_000)));
    assert!(server.bodies()[0].contains("\"head\""));
    assert!(garbled(rpc.account_history(key().account(), None, 0).await), "more than asked for");
    for empty in ["{\"history\":\"\"}", "{\"history\":[]}", "{\"error\":\"Account not found\"}"] {
        let page = saying(empty).await.0.account_history(key().account(), None, 9).await;
        assert_eq!(page, Ok(HistoryPage::default()), "{empty}");
    }
    let mut odd = body;
    odd["history"][0]["type"] = json!("gift");
    assert!(garbled(saying(odd.to_string()).await.0.account_history(Account::BURN, None, 9).await));
}

#[tokio::test]
async fn a_node_says_who_it_is() {
    let server = Canned::start(|body| match body {
        body if body.contains("version") => Answer::json("{\"node_vendor\":\"RsNano V2.0\"}"),
        _ => Answer::json("{\"count\":\"12\",\"unchecked\":\"0\",\"cemented\":\"11\"}"),
    })
    .await;
    let about = rpc(&server.url).about().await.unwrap();
    let expected =
        About { vendor: "RsNano V2.0".to_owned(), block_count: 12, cemented_count: Some(11) };
    assert_eq!(about, expected);
}
