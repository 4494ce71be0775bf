//! What each node answers, and how it spells it (protocol notes §7 and §8b).

use paywarden::money::Raw;
use paywarden::nano::{Account, Link, StateBlock};
use paywarden::sandbox::nano::{Spelling, genesis_account};
use serde_json::{Value, json};

use super::wire::{BOTH, Bench};

const BAD: &str = "nano_3zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzc3yoon411";

#[tokio::test]
async fn what_cannot_be_read_is_an_error_text_or_a_status() {
    let hash = "00".repeat(31);
    let cases = [
        (json!({"action": "account_info", "account": BAD}), "Bad account number"),
        (json!({"action": "block_info", "hash": hash}), "Invalid block hash"),
        (json!({"action": "no_such_thing"}), "Unknown command"),
        (json!({"action": "account_info"}), "Unable to parse JSON"),
        (json!({"account": BAD}), "Unable to parse JSON"),
        (json!([]), "Unable to parse JSON"),
    ];
    let cpp = Bench::new(Spelling::Cpp).await;
    let rsnano = Bench::new(Spelling::RsNano).await;
    for (request, words) in cases {
        assert_eq!(cpp.call(request.clone()).await, json!({"error": words}), "{request}");
        let heard = rsnano.rpc(request.clone()).await;
        assert_eq!(heard.status, 422, "{request}");
        assert!(heard.head.contains("text/plain"), "{}", heard.head);
        assert!(serde_json::from_str::<Value>(&heard.body).is_err(), "{}", heard.body);
    }
    for body in ["", "{", "{\"action\":}"] {
        let heard = cpp.raw("POST", "/", body).await.unwrap();
        assert_eq!(heard.status, 200);
        assert!(heard.body.contains("Unable to parse JSON"), "{}", heard.body);
        assert_eq!(rsnano.raw("POST", "/", body).await.unwrap().status, 400);
    }
    let heard = cpp.raw("GET", "/", "").await.unwrap();
    assert!(heard.body.contains("Can only POST requests"));
    assert_eq!(rsnano.raw("GET", "/", "").await.unwrap().status, 405);
}

#[tokio::test]
async fn answers_are_printed_as_the_node_prints_them() {
    let cpp = Bench::new(Spelling::Cpp).await;
    let empty = json!({"action": "receivable", "account": cpp.account(), "count": "9"});
    let heard = cpp.rpc(empty.clone()).await;
    assert_eq!(heard.body, "{\n    \"blocks\": \"\"\n}\n");
    assert!(heard.head.contains("connection: close"), "one request a connection");
    assert!(heard.head.contains("content-type: application/json"));
    let history = json!({"action": "account_history", "account": cpp.account(), "count": "9"});
    assert_eq!(cpp.call(history.clone()).await["history"], "");
    let many = json!({"action": "accounts_receivable", "accounts": [cpp.account()], "count": 9});
    assert_eq!(cpp.call(many.clone()).await["blocks"], "");
    let rsnano = Bench::new(Spelling::RsNano).await;
    assert_eq!(rsnano.rpc(empty.clone()).await.body, r#"{"blocks":[]}"#);
    let mut sorted = empty;
    sorted["sorting"] = json!("true");
    assert_eq!(rsnano.rpc(sorted).await.body, r#"{"blocks":{}}"#);
    assert_eq!(rsnano.rpc(many).await.body, r#"{"blocks":{}}"#);
    assert_eq!(rsnano.call(history).await["history"], json!([]));
}

#[tokio::test]
async fn accounts_balances_with_one_bad_address() {
    let request =
        |account: Account| json!({"action": "accounts_balances", "accounts": [account, BAD]});
    let cpp = Bench::funded(Spelling::Cpp).await;
    let answer = cpp.call(request(cpp.account())).await;
    assert_eq!(answer["balances"][cpp.account().to_string()]["balance"], "100");
    assert_eq!(answer["errors"][BAD], "Bad account number");
    let rsnano = Bench::funded(Spelling::RsNano).await;
    assert_eq!(rsnano.rpc(request(rsnano.account())).await.status, 422);
    let unopened = Account::from_bytes([9; 32]);
    let answer = cpp.call(json!({"action": "accounts_balances", "accounts": [unopened]})).await;
    let zeros = json!({"balance": "0", "pending": "0", "receivable": "0"});
    assert_eq!(answer["balances"][unopened.to_string()], zeros);
}

#[tokio::test]
async fn account_info_says_what_is_confirmed() {
    for spelling in BOTH {
        let bench = Bench::funded(spelling).await;
        bench.node.hold_new(true);
        let send = bench.send(7);
        bench.process(&send).await;
        let gift = bench.node.faucet(bench.account(), Raw::new(3)).unwrap();
        let request = json!({
            "action": "account_info", "account": bench.account(), "include_confirmed": "true",
            "representative": "true", "receivable": "1", "weight": "true",
        });
        let info = bench.call(request).await;
        assert_eq!(info["frontier"], send.hash().to_string());
        assert_eq!(info["confirmed_frontier"], send.block.previous.to_string());
        let amounts = ["balance", "confirmed_balance", "receivable", "confirmed_receivable"];
        assert_eq!(amounts.map(|name| info[name].as_str().unwrap()), ["93", "100", "3", "0"]);
        assert_eq!((&info["block_count"], &info["confirmed_height"]), (&json!("2"), &json!("1")));
        let has_old_name = info.get("confirmation_height").is_some();
        assert_eq!(has_old_name, spelling == Spelling::RsNano);
        assert_eq!(info["account_version"], "0");
        let plain = bench.call(json!({"action": "account_info", "account": bench.account()})).await;
        assert_eq!(plain["confirmation_height"], "1");
        assert!(plain.get("confirmed_balance").is_none() && plain.get("receivable").is_none());
        // An election in progress hides a send from a C++ node's careless client.
        let careless = json!({
            "action": "receivable", "account": bench.account(), "count": "9",
            "include_only_confirmed": "false",
        });
        let shown = bench.call(careless.clone()).await["blocks"] == json!([gift]);
        assert_eq!(shown, spelling == Spelling::RsNano);
        let mut active = careless;
        active["include_active"] = json!("true");
        assert_eq!(bench.call(active).await["blocks"], json!([gift]));
        let stranger = Account::from_bytes([9; 32]);
        let answer = bench.call(json!({"action": "account_info", "account": stranger})).await;
        assert_eq!(answer, json!({"error": "Account not found"}));
    }
}

#[tokio::test]
async fn the_confirmed_representative_of_an_unconfirmed_account() {
    for spelling in BOTH {
        let bench = Bench::new(spelling).await;
        let source = bench.node.faucet_confirmed(bench.account(), Raw::new(5)).unwrap();
        bench.node.hold_new(true);
        let open = bench.block(|block| StateBlock {
            balance: Raw::new(5),
            link: Link::from(source),
            ..block
        });
        bench.process(&open).await;
        let info = bench
            .call(json!({
                "action": "account_info", "account": bench.account(),
                "include_confirmed": true, "representative": true,
            }))
            .await;
        let expected = match spelling {
            Spelling::Cpp => Account::BURN,
            Spelling::RsNano => genesis_account(),
        };
        assert_eq!(info["confirmed_representative"], expected.to_string());
        assert_eq!(info["confirmed_frontier"], "0".repeat(64));
    }
}

#[tokio::test]
async fn receivable_takes_one_shape_of_four() {
    let bench = Bench::new(Spelling::Cpp).await;
    for amount in [5, 9, 2] {
        bench.node.faucet_confirmed(bench.account(), Raw::new(amount)).unwrap();
    }
    let ask = async |more: Value| {
        let mut request = json!({"action": "receivable", "account": bench.account()});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.call(request).await
    };
    assert_eq!(ask(json!({"count": 2})).await["blocks"].as_array().unwrap().len(), 2);
    let amounts = ask(json!({"threshold": "5"})).await["blocks"].clone();
    assert_eq!(amounts.as_object().unwrap().len(), 2);
    let heard = bench
        .rpc(json!({
            "action": "receivable", "account": bench.account(), "sorting": "true", "count": "2",
        }))
        .await;
    let at = |amount: &str| heard.body.find(&format!(": \"{amount}\""));
    assert!(at("9") < at("5") && at("9").is_some() && at("2").is_none(), "{}", heard.body);
    let last = ask(json!({"sorting": "true", "offset": "2"})).await;
    assert_eq!(last["blocks"].as_object().unwrap().values().collect::<Vec<_>>(), ["2"]);
    let full = ask(json!({"source": "true", "min_version": "true"})).await;
    let first = full["blocks"].as_object().unwrap().values().next().unwrap();
    assert_eq!(first["source"], genesis_account().to_string());
    assert_eq!(first["min_version"], "0");
    for (field, value, words) in [
        ("count", json!("-1"), "Invalid count limit"),
        ("count", json!("x"), "Invalid count limit"),
        ("count", json!("99999999999999999999"), "Invalid count limit"),
        ("offset", json!("+1"), "Invalid offset"),
        ("threshold", json!("1.5"), "Bad threshold number"),
        ("threshold", json!(-1), "Bad threshold number"),
    ] {
        assert_eq!(ask(json!({ field: value })).await["error"], words, "{field} {value}");
    }
    assert_eq!(ask(json!({"count": "0"})).await["blocks"], "");
    let old = json!({"action": "pending", "account": bench.account()});
    assert_eq!(bench.call(old.clone()).await["deprecated"], "1");
    assert_eq!(Bench::new(Spelling::RsNano).await.rpc(old).await.status, 422);
}

#[tokio::test]
async fn process_reads_blocks_as_the_node_does() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let send = bench.send(1);
    let text = serde_json::to_string(&send).unwrap();
    let answer = bench.call(json!({"action": "process", "subtype": "send", "block": text})).await;
    assert_eq!(answer, json!({"hash": send.hash()}));
    let next = bench.send(1);
    let mut block = serde_json::to_value(next).unwrap();
    block["link"] = json!(genesis_account());
    let request = json!({"action": "process", "json_block": "true", "block": block});
    assert_eq!(bench.call(request.clone()).await, json!({"hash": next.hash()}));
    let not_text = json!({"action": "process", "block": block});
    assert_eq!(bench.call(not_text).await["error"], "Block is invalid");
    let mut broken = request.clone();
    broken["block"]["balance"] = json!("01");
    assert_eq!(bench.call(broken).await["error"], "Block is invalid");

    let rsnano = Bench::funded(Spelling::RsNano).await;
    assert_eq!(rsnano.rpc(request).await.status, 422, "a link is no address");
    let send = rsnano.send(1);
    let text = serde_json::to_string(&send).unwrap();
    assert_eq!(rsnano.rpc(json!({"action": "process", "block": text})).await.status, 422);
    assert_eq!(rsnano.rpc(json!({"action": "process", "block": send})).await.status, 422);
    assert_eq!(rsnano.process(&send).await, json!({"hash": send.hash()}));
    let info = rsnano.call(json!({"action": "block_info", "hash": send.hash()})).await;
    let work = info["contents"]["work"].as_str().unwrap();
    assert_eq!(work, work.to_uppercase());
    assert!(info["contents"].is_object());
}

#[tokio::test]
async fn the_ledger_refuses_in_the_same_words_everywhere() {
    for spelling in BOTH {
        let bench = Bench::funded(spelling).await;
        let spent = bench.send(1);
        bench.process(&spent).await;
        let ask = async |block: &Value, subtype: &str| {
            let request = json!({
                "action": "process", "json_block": "true", "subtype": subtype, "block": block,
            });
            bench.call(request).await["error"].as_str().unwrap().to_owned()
        };
        let json = |block| serde_json::to_value(block).unwrap();
        assert_eq!(bench.process(&spent).await["error"], "Old block");
        let again = ask(&json(spent), "send").await;
        assert_eq!(again, "Invalid block balance for given subtype");
        let next = bench.send(2);
        let mut forged = json(next);
        forged["signature"] = json!("0".repeat(128));
        assert_eq!(ask(&forged, "send").await, "Bad signature");
        let mut weak = json(next);
        weak["work"] = json!("0000000000000000");
        assert_eq!(ask(&weak, "send").await, "Block work is less than threshold");
        assert_eq!(ask(&json(next), "receive").await, again);
        assert_eq!(ask(&json(next), "change").await, again);
        assert_eq!(ask(&json(next), "open").await, "Invalid previous block for given subtype");
        let mut gap = json(next);
        gap["previous"] = json!("AB".repeat(32));
        assert_eq!(ask(&gap, "send").await, "Gap previous block");
        let fork = bench.block(|block| StateBlock { previous: spent.block.previous, ..block });
        assert_eq!(bench.process(&fork).await["error"], "Fork");
        let sourceless = bench.block(|block| StateBlock {
            balance: Raw::new(1000),
            link: Link::from_bytes([7; 32]),
            ..block
        });
        assert_eq!(bench.process(&sourceless).await["error"], "Gap source block");
        let nonsense = json!({
            "action": "process", "json_block": "true", "subtype": "gift", "block": next,
        });
        match spelling {
            Spelling::Cpp => {
                assert_eq!(bench.call(nonsense).await["error"], "Invalid block subtype");
            }
            Spelling::RsNano => assert_eq!(bench.rpc(nonsense).await.status, 422),
        }
        let started = json!({
            "action": "process", "json_block": "true", "async": "true", "block": fork,
        });
        assert_eq!(bench.call(started).await, json!({"started": "1"}));
    }
}

#[tokio::test]
async fn blocks_are_shown_whole() {
    let bench = Bench::funded(Spelling::Cpp).await;
    let send = bench.send(4);
    bench.process(&send).await;
    bench.node.confirm(&send.hash()).unwrap();
    let info = bench.call(json!({"action": "block_info", "hash": send.hash()})).await;
    let contents: Value = serde_json::from_str(info["contents"].as_str().unwrap()).unwrap();
    assert_eq!(contents, serde_json::to_value(send).unwrap());
    assert_eq!((&info["confirmed"], &info["subtype"]), (&json!("true"), &json!("send")));
    assert_eq!((&info["amount"], &info["height"]), (&json!("4"), &json!("2")));
    assert_eq!(info["successor"], "0".repeat(64));
    let genesis = paywarden::nano::Network::Dev.genesis_hash();
    let request = json!({
        "action": "blocks_info", "hashes": [genesis, send.hash(), "1".repeat(64)],
        "json_block": "true", "include_not_found": "true",
    });
    let infos = bench.call(request.clone()).await;
    assert_eq!(infos["blocks_not_found"], json!(["1".repeat(64)]));
    assert_eq!(infos["blocks"][genesis.to_string()]["contents"]["type"], "open");
    assert_eq!(infos["blocks"][send.hash().to_string()]["contents"]["type"], "state");
    let mut strict = request;
    strict["include_not_found"] = json!("false");
    assert_eq!(bench.call(strict).await["error"], "Block not found");
    let history = json!({"action": "account_history", "account": bench.account(), "count": "1"});
    let page = bench.call(history.clone()).await;
    assert_eq!(page["history"][0]["type"], "send");
    assert_eq!(page["history"][0]["account"], genesis_account().to_string());
    assert_eq!(page["previous"], send.block.previous.to_string());
    let mut raw = history;
    raw["raw"] = json!("true");
    raw["head"] = page["previous"].clone();
    raw["count"] = json!("9");
    let rest = bench.call(raw).await;
    assert_eq!(rest["history"].as_array().unwrap().len(), 1);
    assert_eq!(rest["history"][0]["subtype"], "receive");
    assert!(rest.get("previous").is_none());
}

#[tokio::test]
async fn work_is_spelled_two_ways() {
    let root = "AB".repeat(32);
    let cpp = Bench::new(Spelling::Cpp).await;
    let made = cpp
        .call(json!({
            "action": "work_generate", "hash": root, "difficulty": "fe00000000000000",
        }))
        .await;
    let difficulty = u64::from_str_radix(made["difficulty"].as_str().unwrap(), 16).unwrap();
    assert!(difficulty >= 0xfe00_0000_0000_0000);
    let check = json!({
        "action": "work_validate", "hash": root, "work": made["work"],
        "difficulty": "fe00000000000000",
    });
    let checked = cpp.call(check.clone()).await;
    assert_eq!((&checked["valid"], &checked["valid_receive"]), (&json!("1"), &json!("1")));
    for difficulty in ["efffffffffffffff", "ffffffffffffffff"] {
        let request = json!({"action": "work_generate", "hash": root, "difficulty": difficulty});
        let words = "Difficulty above config limit or below publish threshold";
        assert_eq!(cpp.call(request).await["error"], words);
    }
    let rsnano = Bench::new(Spelling::RsNano).await;
    let hex = json!({"action": "work_generate", "hash": root, "difficulty": "fe00000000000000"});
    assert_eq!(rsnano.rpc(hex).await.status, 422);
    let decimal = 0xfe00_0000_0000_0000_u64.to_string();
    let request = json!({"action": "work_generate", "hash": root, "difficulty": decimal});
    let made = rsnano.call(request).await;
    assert!(made["difficulty"].as_str().unwrap().parse::<u64>().is_ok());
    let work = made["work"].as_str().unwrap();
    assert_eq!(work, work.to_uppercase());
    assert_eq!(rsnano.call(check).await["valid_receive"], "1");
}

#[tokio::test]
async fn the_small_actions_answer() {
    for spelling in BOTH {
        let bench = Bench::funded(spelling).await;
        let account = bench.account();
        let ask = async |request: Value| bench.call(request).await;
        assert_eq!(ask(json!({"action": "version"})).await["network"], "dev");
        let count = ask(json!({"action": "block_count"})).await;
        assert_eq!(count, json!({"count": "3", "unchecked": "0", "cemented": "3"}));
        assert!(ask(json!({"action": "uptime"})).await["seconds"].is_string());
        assert!(ask(json!({"action": "telemetry"})).await["block_count"].is_string());
        let quorum = ask(json!({"action": "confirmation_quorum"})).await;
        assert!(quorum["quorum_delta"].as_str().unwrap().parse::<Raw>().is_ok());
        let raw = ask(json!({"action": "nano_to_raw", "amount": "2"})).await;
        assert_eq!(raw["amount"], format!("2{}", "0".repeat(30)));
        let back = json!({"action": "raw_to_nano", "amount": raw["amount"]});
        assert_eq!(ask(back).await["amount"], "2");
        let key = ask(json!({
            "action": "deterministic_key", "seed": "0".repeat(64), "index": "1",
        }))
        .await;
        let known = "nano_3rrf6cus8pye6o1kzi5n6wwjof8bjb7ff4xcgesi3njxid6x64pms6onw1f9";
        assert_eq!(key["account"], known);
        let expanded = ask(json!({"action": "key_expand", "key": key["private"]})).await;
        assert_eq!(expanded["account"], known);
        for (text, valid) in [(known, "1"), (BAD, "0")] {
            let request = json!({"action": "validate_account_number", "account": text});
            assert_eq!(ask(request).await["valid"], valid);
        }
        let frontiers = ask(json!({"action": "accounts_frontiers", "accounts": [account]})).await;
        let head = bench.node.head(&account).unwrap().hash;
        assert_eq!(frontiers["frontiers"][account.to_string()], head.to_string());
        let balance = ask(json!({"action": "account_balance", "account": account})).await;
        assert_eq!(balance["balance"], "100");
        let representative =
            ask(json!({"action": "account_representative", "account": account})).await;
        assert_eq!(representative["representative"], genesis_account().to_string());
        let gift = bench.node.faucet_confirmed(account, Raw::new(1)).unwrap();
        let exists = ask(json!({"action": "receivable_exists", "hash": gift})).await;
        assert_eq!(exists["exists"], "1");
        assert_eq!(ask(json!({"action": "block_confirm", "hash": gift})).await["started"], "1");
        let cancelled = ask(json!({"action": "work_cancel", "hash": gift})).await;
        assert_eq!(cancelled["success"], "");
    }
}
