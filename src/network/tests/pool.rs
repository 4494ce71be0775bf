//! Several nodes: dead, slow, lagging, lying, on another network.

use super::*;
use crate::limits;

/// How a node tells of the world of these tests: one account with two blocks, `older` and `newer`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Behaviour {
    /// Both blocks, both confirmed.
    Honest,
    /// The newer block is not confirmed yet.
    Unconfirmed,
    /// It has not seen the newer block.
    Lagging,
    /// It knows neither the account nor a block.
    Blind,
    /// It answers nothing.
    Dead,
    /// Everything it says is broken.
    Broken,
    /// It is on another network.
    Elsewhere,
}

fn older() -> SignedBlock {
    send(8)
}

fn newer() -> SignedBlock {
    let block = StateBlock { previous: older().hash(), balance: Raw::new(7), ..older().block };
    SignedBlock { block, signature: key().sign(&block.hash()), work: None }
}

impl Behaviour {
    fn answer(self, body: &str) -> Answer {
        let asked: Value = serde_json::from_str(body).unwrap();
        let genesis_asked = asked["account"] == json!(Network::Dev.genesis_account());
        let not_found = |what: &str| Answer::json(json!({ "error": what }).to_string());
        match (self, asked["action"].as_str().unwrap()) {
            (Self::Dead, _) => Answer::Bytes(Vec::new()),
            (Self::Elsewhere, "account_info") => not_found("Account not found"),
            (_, "account_info") if genesis_asked => Answer::json(genesis().to_string()),
            (Self::Broken, _) => Answer::json("<html>"),
            (Self::Blind, "account_info") => not_found("Account not found"),
            (Self::Blind, "block_info") => not_found("Block not found"),
            (_, "account_info") => Answer::json(self.account().to_string()),
            (_, "block_info") => match self.block(&asked["hash"]) {
                Some(block) => Answer::json(block.to_string()),
                None => not_found("Block not found"),
            },
            (_, "process") => Answer::json(json!({ "hash": newer().hash() }).to_string()),
            (_, "receivable") => Answer::json("{\"blocks\":\"\"}"),
            (_, other) => panic!("{other}"),
        }
    }

    fn account(self) -> Value {
        let (head, height, confirmed) = match self {
            Self::Lagging => (older(), 2, (older(), 2)),
            Self::Unconfirmed => (newer(), 3, (older(), 2)),
            _ => (newer(), 3, (newer(), 3)),
        };
        let mut info = genesis();
        info["frontier"] = json!(head.hash());
        info["balance"] = json!(head.block.balance);
        info["block_count"] = json!(height);
        info["confirmed_frontier"] = json!(confirmed.0.hash());
        info["confirmed_balance"] = json!(confirmed.0.block.balance);
        info["confirmed_height"] = json!(confirmed.1);
        info
    }

    fn block(self, hash: &Value) -> Option<Value> {
        let has_newer = self != Self::Lagging;
        let (block, confirmed) = match () {
            () if *hash == json!(older().hash()) => (older(), true),
            () if *hash == json!(newer().hash()) && has_newer => {
                (newer(), self != Self::Unconfirmed)
            }
            () => return None,
        };
        let next = (block == older() && has_newer).then(|| newer().hash());
        Some(json!({
            "amount": "1", "height": "2", "confirmed": confirmed, "contents": block,
            "subtype": "send", "successor": next
        }))
    }
}

struct World {
    pool: NodeClient,
    servers: Vec<Canned>,
}

async fn world(nodes: &[Behaviour]) -> World {
    let mut servers = Vec::new();
    for node in nodes.iter().copied() {
        servers.push(Canned::start(move |body| node.answer(body)).await);
    }
    let rpcs = servers.iter().map(|server| rpc(&server.url)).collect();
    World { pool: NodeClient::of(rpcs, clock(), Network::Dev).unwrap(), servers }
}

/// Whether the newer block is known, and confirmed.
async fn newer_seen(nodes: &[Behaviour]) -> Result<Option<bool>, NodeError> {
    let info = world(nodes).await.pool.block_info(newer().hash()).await?;
    Ok(info.map(|info| info.confirmed))
}

use Behaviour::{Blind, Broken, Dead, Elsewhere, Honest, Lagging, Unconfirmed};

#[tokio::test]
async fn a_lone_node_is_believed() {
    assert_eq!(newer_seen(&[Honest]).await, Ok(Some(true)));
    assert_eq!(newer_seen(&[Lagging]).await, Ok(None));
    let info = world(&[Honest]).await.pool.account_info(key().account()).await.unwrap().unwrap();
    assert_eq!(info.confirmed_frontier, Some(newer().hash()));
}

#[tokio::test]
async fn confirmed_is_what_two_call_confirmed() {
    assert_eq!(newer_seen(&[Honest, Honest]).await, Ok(Some(true)));
    for pair in [[Honest, Unconfirmed], [Unconfirmed, Honest], [Honest, Lagging], [Blind, Honest]] {
        assert_eq!(newer_seen(&pair).await, Ok(Some(false)), "{pair:?}");
    }
    for three in [[Honest, Honest, Lagging], [Dead, Honest, Honest], [Honest, Broken, Honest]] {
        assert_eq!(newer_seen(&three).await, Ok(Some(true)), "{three:?}");
    }
    assert_eq!(newer_seen(&[Honest, Blind, Unconfirmed]).await, Ok(Some(false)));
}

#[tokio::test]
async fn absent_is_what_all_who_answer_and_at_least_two_say() {
    assert_eq!(newer_seen(&[Lagging, Blind]).await, Ok(None));
    assert_eq!(newer_seen(&[Lagging, Blind, Dead]).await, Ok(None));
    assert_eq!(newer_seen(&[Lagging, Blind, Unconfirmed]).await, Ok(Some(false)));
}

#[tokio::test]
async fn one_of_two_is_no_agreement() {
    for one in [Dead, Broken, Elsewhere] {
        for pair in [[Honest, one], [one, Lagging]] {
            let error = newer_seen(&pair).await.unwrap_err();
            let words = error.to_string();
            assert!(words.contains("only 1 of 2 nodes answered"), "{pair:?}: {words}");
            assert!(matches!(error, NodeError::Unreachable { .. }), "{pair:?}");
            let info = world(&pair).await.pool.account_info(key().account()).await;
            assert!(unreachable(info), "{pair:?}");
        }
    }
    assert!(unreachable(newer_seen(&[Dead, Dead]).await));
}

#[tokio::test]
async fn what_follows_a_block_is_what_two_name() {
    let successor = async |nodes: &[Behaviour]| {
        let info = world(nodes).await.pool.block_info(older().hash()).await.unwrap().unwrap();
        assert!(info.confirmed, "{nodes:?}");
        info.successor
    };
    assert_eq!(successor(&[Honest, Unconfirmed]).await, Some(newer().hash()));
    assert_eq!(successor(&[Honest, Lagging]).await, None);
    assert_eq!(successor(&[Lagging, Honest, Honest]).await, Some(newer().hash()));
}

#[tokio::test]
async fn the_head_is_what_two_describe_alike() {
    let head = async |nodes: &[Behaviour]| {
        let found = world(nodes).await.pool.account_info(key().account()).await.unwrap();
        found.map(|info| (info.frontier, info.confirmed_frontier, info.confirmed_height))
    };
    let (older, newer) = (older().hash(), newer().hash());
    let sure = Some((newer, Some(newer), 3));
    assert_eq!(head(&[Honest, Honest]).await, sure);
    assert_eq!(head(&[Honest, Lagging, Honest]).await, sure);
    assert_eq!(head(&[Lagging, Honest, Lagging, Honest]).await, sure, "the higher of two pairs");
    assert_eq!(head(&[Lagging, Lagging, Blind]).await, Some((older, Some(older), 2)));
    // Nobody agrees on the head; what two call confirmed is below it.
    assert_eq!(head(&[Unconfirmed, Lagging]).await, Some((newer, Some(older), 2)));
    assert_eq!(head(&[Honest, Lagging]).await, Some((newer, None, 0)));
    assert_eq!(head(&[Honest, Unconfirmed]).await.unwrap().1, None);
    assert_eq!(head(&[Blind, Honest]).await, Some((newer, None, 0)));
    assert_eq!(head(&[Blind, Blind]).await, None);
}

#[tokio::test]
async fn what_only_says_where_to_look_comes_from_the_first_that_answers() {
    let world = world(&[Dead, Broken, Honest, Honest]).await;
    assert_eq!(world.pool.receivable(key().account(), Raw::ZERO, 9).await, Ok(Vec::new()));
    assert!(world.servers[3].bodies().is_empty());
}

#[tokio::test]
async fn a_block_is_published_to_every_node() {
    let everywhere = world(&[Honest, Dead, Lagging]).await;
    let published = everywhere.pool.process(&newer(), Some(Subtype::Send)).await;
    assert_eq!(published, Ok(newer().hash()));
    for place in [0, 2] {
        let bodies = everywhere.servers[place].bodies();
        assert!(bodies.iter().any(|body| body.contains("\"process\"")), "{place}");
    }
    assert!(unreachable(world(&[Dead, Dead]).await.pool.process(&newer(), None).await));
}

#[tokio::test]
async fn a_node_of_another_network_is_asked_nothing_else() {
    let world = world(&[Elsewhere]).await;
    let error = world.pool.process(&newer(), None).await.unwrap_err();
    assert!(error.to_string().contains("is not on the dev network"), "{error}");
    assert_eq!(world.servers[0].bodies().len(), 1);
    let mut other = genesis();
    other["open_block"] = json!(Network::Live.genesis_hash());
    let (rpc, _server) = saying(other.to_string()).await;
    assert_eq!(rpc.is_on(Network::Dev).await, Ok(false));
    assert_eq!(saying(genesis().to_string()).await.0.is_on(Network::Dev).await, Ok(true));
}

#[tokio::test]
async fn a_node_that_keeps_failing_is_left_alone_for_a_while() {
    let world = world(&[Dead]).await;
    for _ in 0..limits::NODE_FAILURES {
        assert!(unreachable(world.pool.block_info(newer().hash()).await));
    }
    let asked = world.servers[0].bodies().len();
    let error = world.pool.block_info(newer().hash()).await.unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(world.servers[0].bodies().len(), asked);
    let probes = world.pool.probe().await;
    assert_eq!(probes.len(), 1);
    assert!(unreachable(probes[0].about.clone()));
}

#[tokio::test]
async fn a_slow_node_holds_nobody_up_once_two_have_answered() {
    let mut servers = vec![Canned::start(|_| Answer::Silence).await];
    for _ in 0..2 {
        servers.push(Canned::start(|body| Honest.answer(body)).await);
    }
    let patient = Bounds { timeout: Duration::from_secs(60), body_bytes: 20_000 };
    let rpcs =
        servers.iter().map(|server| Rpc::with_bounds(client(), endpoint(&server.url), patient));
    let pool = NodeClient::of(rpcs.collect(), clock(), Network::Dev).unwrap();
    let before = clock().now();
    assert!(pool.block_info(newer().hash()).await.unwrap().unwrap().confirmed);
    assert!(pool.process(&newer(), None).await.is_ok());
    assert!(clock().now().since(before) < Duration::from_secs(30));
}

#[test]
fn the_list_of_nodes_has_its_bounds() {
    let nodes = |count: usize| {
        let urls = (0..count).map(|n| endpoint(&format!("http://127.0.0.1:{}/", 7_000 + n)));
        NodeClient::new(urls.collect(), &client(), clock(), Network::Dev)
    };
    assert_eq!(nodes(0).unwrap_err(), NodesError::None);
    assert!(nodes(limits::NODES).is_ok());
    let found = limits::NODES + 1;
    assert_eq!(nodes(found).unwrap_err(), NodesError::TooMany { found });
    let twice = vec![endpoint("http://localhost:7076"), endpoint("http://localhost:7076/")];
    let refused = NodeClient::new(twice, &client(), clock(), Network::Dev).unwrap_err();
    assert!(matches!(refused, NodesError::Twice { .. }));
    let secret = vec![endpoint("http://bob:hunter2@localhost:7076/hunter2?k=hunter2")];
    let pool = NodeClient::new(secret, &client(), clock(), Network::Dev).unwrap();
    assert!(!format!("{pool:?}").contains("hunter2"));
}
