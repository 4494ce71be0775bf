//! ifenpay in the place of a node: what the port says of it and of the node behind it, and what it must not believe.

use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Link, Network, StateBlock, Subtype};
use paywarden::network::{Node, NodeError, Place};
use paywarden::rails::nano as rail;
use paywarden::sandbox::ifenpay::{Endpoint, Fault};
use paywarden::wallet::FrontierError;
use serde_json::json;

use crate::bench::{Bench, patch, xno};

fn garbled<T: std::fmt::Debug>(answer: Result<T, NodeError>) -> bool {
    matches!(answer, Err(NodeError::Garbled { .. }))
}

#[tokio::test]
async fn it_says_what_the_node_behind_it_says() {
    let bench = Bench::funded().await;
    let (gateway, node, alice) = (bench.gateway(), &bench.node, bench.account());
    let nobody = Account::from_bytes([9; 32]);
    assert_eq!(gateway.account_info(nobody).await, Ok(None));
    let waiting = node.faucet_confirmed(alice, xno("2")).unwrap();
    let told = gateway.account_info(alice).await.unwrap().unwrap();
    let mut here = node.account_info(alice).await.unwrap().unwrap();
    // It does not say which part is confirmed.
    here.confirmed_receivable = Raw::ZERO;
    assert_eq!(told, here);
    let receivable = gateway.receivable(alice, Raw::ZERO, 64).await;
    assert_eq!(receivable, node.receivable(alice, Raw::ZERO, 64).await);
    assert_eq!(gateway.receivable(alice, xno("3"), 64).await, Ok(Vec::new()));
    let looked_up = bench.simulator().requests(Endpoint::BlockInfo);
    assert_eq!(gateway.receivable(alice, Raw::ZERO, 64).await.unwrap().len(), 1);
    assert_eq!(bench.simulator().requests(Endpoint::BlockInfo), looked_up, "looked up once");
    let accounts = [alice, nobody];
    let balances = gateway.accounts_balances(&accounts).await;
    assert_eq!(balances, node.accounts_balances(&accounts).await);
    for hash in [told.frontier, waiting, BlockHash::from_bytes([5; 32])] {
        let here = node.block_info(hash).await.unwrap();
        let here = here.map(|info| paywarden::network::BlockInfo { successor: None, ..info });
        assert_eq!(gateway.block_info(hash).await, Ok(here));
    }
    assert!(garbled(gateway.block_info(Network::Dev.genesis_hash()).await), "no state block");
    let page = gateway.account_history(alice, None, 5).await.unwrap();
    let here = node.account_history(alice, None, 5).await.unwrap();
    let plain = |page: &paywarden::network::HistoryPage| {
        page.blocks.iter().map(|b| (b.hash, b.counterparty, b.amount, b.height)).collect::<Vec<_>>()
    };
    assert_eq!((plain(&page), page.previous), (plain(&here), here.previous));
}

#[tokio::test]
async fn what_follows_a_block_is_found_by_walking_back() {
    let bench = Bench::funded().await;
    let (gateway, alice) = (bench.gateway(), bench.account());
    let open = bench.node.head(&alice).unwrap().hash;
    let place = |previous| gateway.place_after(alice, previous);
    assert_eq!(place(open).await, Ok(Some(Place::Free)));
    assert_eq!(place(BlockHash::ZERO).await, Ok(Some(Place::Taken(open))));
    let nobody = Account::from_bytes([9; 32]);
    assert_eq!(gateway.place_after(nobody, BlockHash::ZERO).await, Ok(Some(Place::Free)));
    assert_eq!(gateway.place_after(nobody, open).await, Ok(None));
    let mut hashes = Vec::new();
    for _ in 0..paywarden::limits::GATEWAY_WALK {
        let send = bench.send(nobody, Raw::new(1));
        hashes.push(bench.node.insert(&send).unwrap());
    }
    assert_eq!(place(open).await, Ok(Some(Place::Taken(hashes[0]))));
    assert_eq!(place(hashes[0]).await, Ok(Some(Place::Taken(hashes[1]))));
    assert!(garbled(place(BlockHash::ZERO).await), "one block too far");
    assert!(garbled(place(BlockHash::from_bytes([5; 32])).await));
}

#[tokio::test]
async fn a_head_that_is_not_confirmed_is_not_built_on() {
    let bench = Bench::funded().await;
    let (gateway, alice) = (bench.gateway(), bench.account());
    let open = bench.node.head(&alice).unwrap();
    bench.node.hold_new(true);
    let send = bench.send(Account::from_bytes([9; 32]), xno("1"));
    let hash = gateway.process(&send, Some(Subtype::Send)).await.unwrap();
    let info = gateway.account_info(alice).await.unwrap().unwrap();
    assert_eq!((info.frontier, info.block_count), (hash, 2));
    assert_eq!((info.confirmed_frontier, info.confirmed_height), (Some(open.hash), 1));
    assert_eq!((info.balance, info.confirmed_balance), (xno("9"), xno("10")));
    let frontier = rail::frontier(&gateway, Network::Sandbox, alice).await;
    let unconfirmed = rail::LookError::Frontier(FrontierError::Unconfirmed);
    assert_eq!(frontier.unwrap_err(), unconfirmed);
    bench.node.confirm(&hash).unwrap();
    let frontier = rail::frontier(&gateway, Network::Sandbox, alice).await.unwrap();
    assert_eq!((frontier.hash(), frontier.balance()), (hash, xno("9")));
}

#[tokio::test]
async fn a_lie_about_the_head_makes_nobody_sign() {
    let bench = Bench::funded().await;
    let (gateway, simulator, alice) = (bench.gateway(), bench.simulator(), bench.account());
    let genesis = Network::Dev.genesis_account();
    let (head, info) = (Endpoint::AccountInfo, Endpoint::BlockInfo);
    for (endpoint, fields) in [
        (head, json!({ "balance": xno("1") })),
        (head, json!({ "balance": "-1" })),
        (head, json!({ "frontier": BlockHash::ZERO })),
        (head, json!({ "frontier": BlockHash::from_bytes([5; 32]) })),
        (head, json!({ "frontier": bench.node.head(&genesis).unwrap().hash })),
        (head, json!({ "frontier": null })),
        (info, json!({ "contents": bench.block(|block| block) })),
        (info, json!({ "confirmed": "perhaps" })),
        (info, json!({ "height": "-1" })),
    ] {
        simulator.stand(endpoint, patch(fields.clone()));
        let frontier = rail::frontier(&gateway, Network::Sandbox, alice).await;
        assert!(frontier.is_err(), "{fields}: {frontier:?}");
        simulator.clear_faults();
    }
    // A representative that it makes up is not taken over: the head's own is.
    simulator.stand(head, patch(json!({ "representative": alice })));
    let frontier = rail::frontier(&gateway, Network::Sandbox, alice).await.unwrap();
    assert_eq!(frontier.representative(), Some(genesis));
}

#[tokio::test]
async fn an_error_is_no_unopened_account() {
    let bench = Bench::funded().await;
    let (gateway, simulator, alice) = (bench.gateway(), bench.simulator(), bench.account());
    let refused = |status, code: &str, message: &str| Fault::Refused {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    for fault in [
        Fault::Status500,
        Fault::SuccessFalse,
        Fault::DataNull,
        Fault::Html502,
        refused(401, "FORBIDDEN", "Account not found"),
        refused(500, "RPC_REQUEST_ERROR", "Failed to send RPC request: Account not found"),
        refused(500, "RPC_RESPONSE_ERROR", "RPC response indicates an error: Fork"),
    ] {
        simulator.stand(Endpoint::AccountInfo, fault.clone());
        assert!(gateway.account_info(alice).await.is_err(), "{fault:?}");
        let place = gateway.place_after(alice, BlockHash::ZERO).await;
        assert!(place.is_err(), "{fault:?}");
        simulator.clear_faults();
    }
}

#[tokio::test]
async fn a_block_is_published_and_what_comes_back_proves_nothing() {
    let bench = Bench::funded().await;
    let (gateway, simulator, alice) = (bench.gateway(), bench.simulator(), bench.account());
    let nobody = Account::from_bytes([9; 32]);
    for fault in [Fault::LostAnswer, Fault::Malformed, patch(json!({ "success": false }))] {
        let send = bench.send(nobody, Raw::new(1));
        simulator.queue(Endpoint::BlockPublish, fault);
        assert!(gateway.process(&send, Some(Subtype::Send)).await.is_err());
        assert!(gateway.block_info(send.hash()).await.unwrap().is_some());
    }
    // What the block does is told by the block before it.
    let send = bench.send(nobody, Raw::new(1));
    assert_eq!(gateway.process(&send, None).await, Ok(send.hash()));
    // A node refuses a block it has when it is told what the block does.
    let again = gateway.process(&send, None).await;
    assert!(matches!(again, Err(NodeError::Refused { .. })), "{again:?}");
    let source = bench.node.faucet_confirmed(alice, xno("1")).unwrap();
    let receive = bench.block(|block| StateBlock {
        balance: block.balance.checked_add(xno("1")).unwrap(),
        link: Link::from(source),
        ..block
    });
    assert_eq!(gateway.process(&receive, None).await, Ok(receive.hash()));
    simulator.stand(Endpoint::BlockInfo, patch(json!({ "subtype": null })));
    let shown = |hash| gateway.block_info(hash);
    assert_eq!(shown(receive.hash()).await.unwrap().unwrap().subtype, Subtype::Receive);
    assert_eq!(shown(send.hash()).await.unwrap().unwrap().subtype, Subtype::Send);
}

#[tokio::test]
async fn dust_and_lies_about_what_waits_are_seen_through() {
    let bench = Bench::funded().await;
    let (gateway, simulator, alice) = (bench.gateway(), bench.simulator(), bench.account());
    let elsewhere = bench.node.faucet_confirmed(Account::from_bytes([9; 32]), xno("1")).unwrap();
    let pending = Endpoint::WalletPending;
    let list = |hashes: &[BlockHash]| patch(json!({ "blocks": { alice.to_string(): hashes } }));
    simulator.queue(pending, list(&[elsewhere]));
    assert_eq!(gateway.receivable(alice, Raw::ZERO, 64).await, Ok(Vec::new()));
    simulator.queue(pending, list(&[BlockHash::from_bytes([5; 32])]));
    assert!(garbled(gateway.receivable(alice, Raw::ZERO, 64).await));
    let ours = bench.node.faucet_confirmed(alice, xno("1")).unwrap();
    simulator.queue(pending, list(&[ours, ours]));
    assert_eq!(gateway.receivable(alice, Raw::ZERO, 64).await.unwrap().len(), 1);
    for (blocks, fits) in [(json!(""), true), (json!({}), true), (json!("x"), false)] {
        simulator.queue(pending, patch(json!({ "blocks": blocks })));
        let found = gateway.receivable(alice, Raw::ZERO, 64).await;
        assert_eq!(found == Ok(Vec::new()), fits, "{blocks}: {found:?}");
    }
    bench.node.hold_new(true);
    let unconfirmed = bench.node.faucet(alice, xno("1")).unwrap();
    simulator.queue(pending, list(&[unconfirmed]));
    assert_eq!(gateway.receivable(alice, Raw::ZERO, 64).await, Ok(Vec::new()));
    bench.node.confirm(&unconfirmed).unwrap();
    assert_eq!(gateway.receivable(alice, Raw::ZERO, 64).await.unwrap().len(), 2);
}
