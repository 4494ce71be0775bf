//! The wallet's network client against the sandbox served over HTTP, in the words of both nodes: what comes over the
//! wire is what the simulated node answers in the same process.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::Arc;

use paywarden::clock::{Millis, SystemClock};
use paywarden::fetch::{BaseUrl, Client, PlainText, Settings, SocketUrl};
use paywarden::money::Raw;
use paywarden::nano::{
    Account, BlockHash, Link, Network, PrivateKey, SignedBlock, StateBlock, Subtype,
};
use paywarden::network::{
    Confirmation, Confirmations, Node, NodeClient, NodeError, Websocket, WorkPeer, WorkSource,
};
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling, seal};
use paywarden::sandbox::{Ports, Service, Serving, serve};

struct World {
    sandbox: SandboxNode,
    serving: Serving,
    node: NodeClient,
}

async fn world(spelling: Spelling) -> World {
    let sandbox = SandboxNode::new(Config::default(), Arc::new(SystemClock));
    let serving = serve(sandbox.clone(), spelling, Ports::Free).await.unwrap();
    let urls = vec![url(&serving).into()];
    let node = NodeClient::new(urls, &client(), Arc::new(SystemClock), Network::Sandbox).unwrap();
    World { sandbox, serving, node }
}

fn client() -> Client {
    Client::new(Settings::default())
}

fn url(serving: &Serving) -> BaseUrl {
    BaseUrl::parse(serving.url(Service::NodeRpc), PlainText::Loopback).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_bytes([7; 32])
}

fn open(source: BlockHash, balance: Raw) -> SignedBlock {
    let account = key().account();
    let previous = BlockHash::ZERO;
    let link = Link::from(source);
    seal(&key(), StateBlock { account, previous, representative: account, balance, link })
}

/// What the port answers over the wire and in the same process.
async fn same(world: &World, account: Account, hashes: &[BlockHash]) {
    let (wire, here) = (&world.node, &world.sandbox);
    assert_eq!(wire.account_info(account).await, here.account_info(account).await);
    for minimum in [Raw::ZERO, Raw::ONE_XNO, Raw::MAX] {
        for count in [1, 64] {
            let here = here.receivable(account, minimum, count).await;
            assert_eq!(wire.receivable(account, minimum, count).await, here);
        }
        let accounts = [account, Account::from_bytes([9; 32])];
        let here = here.accounts_receivable(&accounts, minimum, 64).await;
        assert_eq!(wire.accounts_receivable(&accounts, minimum, 64).await, here);
    }
    let accounts = [account, Network::Dev.genesis_account(), Account::from_bytes([9; 32])];
    let balances = wire.accounts_balances(&accounts).await;
    assert_eq!(balances, here.accounts_balances(&accounts).await);
    for hash in hashes {
        assert_eq!(wire.block_info(*hash).await, here.block_info(*hash).await);
    }
}

#[tokio::test]
async fn a_wallet_sees_the_same_over_either_nodes_wire() {
    for spelling in [Spelling::Cpp, Spelling::RsNano] {
        let world = world(spelling).await;
        let account = key().account();
        let nowhere = BlockHash::from_bytes([5; 32]);
        same(&world, account, &[nowhere]).await;
        let amount = Raw::new(3 * Raw::ONE_XNO.get());
        let sends = [
            world.sandbox.faucet_confirmed(account, amount).unwrap(),
            world.sandbox.faucet_confirmed(account, amount).unwrap(),
        ];
        same(&world, account, &sends).await;
        let block = open(sends[0], amount);
        let hash = block.hash();
        assert_eq!(world.node.process(&block, Some(Subtype::Open)).await, Ok(hash));
        same(&world, account, &[hash, sends[0]]).await;
        world.sandbox.confirm(&hash).unwrap();
        same(&world, account, &[hash, sends[0], nowhere]).await;
        let again = world.node.process(&block, None).await;
        let old = "Old block".to_owned();
        assert_eq!(again, Err(NodeError::Refused { message: old }), "{spelling:?}");
        let page = world.node.account_history(account, None, 1).await.unwrap();
        let mut here = world.sandbox.account_history(account, None, 1).await.unwrap();
        for block in &mut here.blocks {
            // A node tells whole seconds.
            block.local_timestamp =
                block.local_timestamp.map(|time| Millis(time.0 / 1_000 * 1_000));
        }
        assert_eq!(page, here);
        let genesis = world.node.block_info(Network::Dev.genesis_hash()).await;
        assert!(matches!(genesis, Err(NodeError::Garbled { .. })), "{genesis:?}");
        let probe = world.node.probe().await.remove(0);
        assert!(probe.about.unwrap().block_count >= 4);
    }
}

#[tokio::test]
async fn a_confirmation_is_heard_over_either_nodes_websocket() {
    for spelling in [Spelling::Cpp, Spelling::RsNano] {
        let world = world(spelling).await;
        let text = world.serving.url(Service::NodeWebsocket);
        let url = SocketUrl::parse(text, PlainText::Loopback).unwrap();
        let websocket = Websocket::start(url, Arc::new(SystemClock));
        let mut heard = websocket.subscribe();
        for (nth, account) in
            [key().account(), Account::from_bytes([9; 32])].into_iter().enumerate()
        {
            websocket.follow(&[account]);
            assert_eq!(heard.next().await, Some(Confirmation::Gap), "{spelling:?} {nth}");
            let hash = world.sandbox.faucet(account, Raw::ONE_XNO).unwrap();
            let expected = Confirmation::Block {
                account: Network::Dev.genesis_account(),
                hash,
                amount: Raw::ONE_XNO,
                subtype: Some(Subtype::Send),
                destination: Some(account),
            };
            assert_eq!(heard.next().await, Some(expected), "{spelling:?}");
        }
    }
}

#[tokio::test]
async fn work_is_made_by_either_node() {
    for spelling in [Spelling::Cpp, Spelling::RsNano] {
        let world = world(spelling).await;
        let peer = WorkPeer::new(url(&world.serving).into(), client());
        let root = key().account().into();
        let difficulty = Network::Dev.thresholds().epoch_2_send;
        let work = peer.generate(root, difficulty).await.unwrap();
        assert!(difficulty.is_met_by(work, &root), "{spelling:?}");
    }
}
