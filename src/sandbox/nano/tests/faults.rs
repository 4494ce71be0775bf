//! Every fault: what the wallet hears, and what the ledger holds afterwards.

use super::*;

#[tokio::test]
async fn each_fault_of_process_says_and_does_what_it_promises() {
    use Applied::{Later, No, Yes};
    let timed_out = || Err(unreachable("timed out"));
    let garbled = || Err(NodeError::Garbled { detail: "expected value at line 1 column 1".into() });
    let refused = |words: &str| Err(NodeError::Refused { message: words.into() });
    let cases = [
        (Fault::Nothing, None, Yes),
        (Fault::LostRequest, Some(timed_out()), No),
        (Fault::LostReply, Some(timed_out()), Yes),
        (Fault::Delayed(DELAY), Some(timed_out()), Later),
        (Fault::Garbage, Some(garbled()), Yes),
        (Fault::Http500, Some(Err(unreachable("HTTP 500"))), No),
        (
            Fault::Refused("Work generation is disabled".into()),
            Some(refused("Work generation is disabled")),
            No,
        ),
        (Fault::Gap, Some(refused("Gap previous block")), No),
        (Fault::Denial, None, No),
        (Fault::Stale { blocks: 0 }, None, Yes),
        (Fault::Slow(TICK), None, Yes),
        (
            Fault::HalfAnswer,
            Some(Err(NodeError::Garbled {
                detail: "EOF while parsing a value at line 1 column 2".into(),
            })),
            Yes,
        ),
    ];
    for (fault, answer, applied) in cases {
        let (world, alice) = World::with_account(1, raw(100)).await;
        let send = alice.send(&world.node, genesis_account(), raw(1));
        let name = format!("{fault:?}");
        world.node.script([fault]);
        let heard = world.node.process(&send, Some(Subtype::Send)).await;
        assert_eq!(heard, answer.unwrap_or(Ok(send.hash())), "{name}");
        assert_eq!(world.node.queued_faults(), 0, "{name}");
        assert_eq!(world.node.contains(&send.hash()), applied == Yes, "{name}");
        world.pass(DELAY);
        assert_eq!(world.node.contains(&send.hash()), applied != No, "{name}");
        let again = world.publish(&send).await;
        assert_eq!(again.is_ok(), applied == No, "{name}: the fault is used up");
    }
}

#[tokio::test]
async fn each_fault_of_a_read_call_says_what_it_promises() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let (node, account) = (&world.node, alice.account());
    node.faucet_confirmed(account, raw(5)).unwrap();
    let hash = node.blocks_of(&account)[0];
    for fault in [Fault::LostRequest, Fault::LostReply, Fault::Delayed(DELAY), Fault::Http500] {
        for call in [Call::AccountInfo, Call::BlockInfo, Call::Receivable] {
            node.queue(call, fault.clone());
        }
        assert!(matches!(node.account_info(account).await, Err(NodeError::Unreachable { .. })));
        assert!(matches!(node.block_info(hash).await, Err(NodeError::Unreachable { .. })));
        let heard = node.receivable(account, Raw::ZERO, 9).await;
        assert!(matches!(heard, Err(NodeError::Unreachable { .. })));
    }
    node.queue(Call::AccountInfo, Fault::Garbage);
    assert!(matches!(node.account_info(account).await, Err(NodeError::Garbled { .. })));
    node.queue(Call::BlockInfo, Fault::Refused("Block not found".into()));
    let words = NodeError::Refused { message: "Block not found".into() };
    assert_eq!(node.block_info(hash).await, Err(words));
    for call in [Call::AccountInfo, Call::BlockInfo, Call::Receivable] {
        node.queue(call, Fault::Denial);
    }
    assert_eq!(node.account_info(account).await, Ok(None));
    assert_eq!(node.block_info(hash).await, Ok(None));
    assert_eq!(node.receivable(account, Raw::ZERO, 9).await, Ok(Vec::new()));
    assert_eq!(node.queued_faults(), 0);
    assert!(node.account_info(account).await.unwrap().is_some());
    assert!(node.block_info(hash).await.unwrap().is_some());
    assert_eq!(node.receivable(account, Raw::ZERO, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_queued_fault_waits_for_a_call_it_fits() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    world.node.script([Fault::Nothing, Fault::LostRequest]);
    world.node.queue(Call::Any, Fault::Http500);
    let answer = world.node.account_info(alice.account()).await;
    assert_eq!(answer, Err(unreachable("HTTP 500")), "any call");
    let first = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&first).await.unwrap();
    let second = alice.send(&world.node, genesis_account(), raw(1));
    assert_eq!(world.publish(&second).await, Err(unreachable("timed out")));
    world.publish(&second).await.unwrap();
}

#[tokio::test]
async fn a_standing_fault_stays_and_comes_after_queued_ones() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let account = alice.account();
    world.node.stand(Call::AccountInfo, Fault::Http500);
    world.node.queue(Call::AccountInfo, Fault::Nothing);
    assert!(world.node.account_info(account).await.is_ok());
    for _ in 0..3 {
        assert!(world.node.account_info(account).await.is_err());
    }
    assert!(world.node.receivable(account, Raw::ZERO, 9).await.is_ok());
    world.node.clear_faults();
    assert!(world.node.account_info(account).await.is_ok());
}

#[tokio::test]
async fn another_holder_of_the_key_is_first_with_a_send() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    let ours = alice.send(&world.node, bob.account(), raw(30));
    world.node.script([Fault::Fork(Rival::key(PrivateKey::from_bytes([1; 32])))]);
    assert_eq!(world.refusal_with_rival(&ours).await, "Fork");
    let rival = world.node.history(&alice.account())[0];
    assert_eq!((rival.subtype, rival.amount), (Subtype::Send, raw(30)));
    assert_eq!(rival.counterparty, genesis_account());
    world.pass(DELAY);
    assert!(world.node.head(&alice.account()).unwrap().confirmed);

    let ours = alice.send(&world.node, genesis_account(), raw(30));
    world.node.script([Fault::Fork(Rival::key(PrivateKey::from_bytes([1; 32])))]);
    assert_eq!(world.refusal_with_rival(&ours).await, "Fork");
    assert_eq!(world.node.history(&alice.account())[0].counterparty, Account::BURN);
}

#[tokio::test]
async fn another_holder_of_the_key_is_first_with_a_change_or_an_open() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let rival = || Fault::Fork(Rival::key(PrivateKey::from_bytes([1; 32])));
    let source = world.node.faucet_confirmed(alice.account(), raw(5)).unwrap();
    for ours in
        [alice.receive(&world.node, source, raw(5)), alice.change(&world.node, alice.account())]
    {
        let head = world.node.head(&alice.account()).unwrap();
        let ours = alice.seal(StateBlock { previous: head.hash, ..ours.block });
        world.node.script([rival()]);
        assert_eq!(world.refusal_with_rival(&ours).await, "Fork");
        let newest = world.node.history(&alice.account())[0];
        assert_eq!((newest.subtype, newest.balance), (Subtype::Change, raw(100)));
    }

    let bob = Holder::new(2);
    let source = world.node.faucet_confirmed(bob.account(), raw(5)).unwrap();
    let open = bob.receive(&world.node, source, raw(5));
    world.node.script([Fault::Fork(Rival::key(PrivateKey::from_bytes([2; 32])))]);
    assert_eq!(world.refusal_with_rival(&open).await, "Fork");
    assert_eq!(world.node.head(&bob.account()).unwrap().balance, raw(5));
    assert!(!world.node.contains(&open.hash()));
}

#[tokio::test]
async fn a_test_may_make_the_rival() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let ours = alice.send(&world.node, genesis_account(), raw(30));
    world.node.script([Fault::Fork(Rival::made(|ours| {
        Holder::new(1).seal(StateBlock { balance: Raw::ZERO, ..ours.block })
    }))]);
    assert_eq!(world.refusal_with_rival(&ours).await, "Fork");
    assert_eq!(world.node.head(&alice.account()).unwrap().balance, Raw::ZERO);
    // A rival that comes too late is a fork itself, and ours is simply old.
    let ours = alice.change(&world.node, alice.account());
    world.publish(&ours).await.unwrap();
    world.node.script([Fault::Fork(Rival::key(PrivateKey::from_bytes([1; 32])))]);
    assert_eq!(world.refusal(&ours, None).await, "Old block");
}

#[tokio::test]
async fn a_foreign_block_may_arrive_before_any_answer() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let foreign = alice.send(&world.node, genesis_account(), raw(1));
    world.node.queue(Call::AccountInfo, Fault::Insert(Box::new(foreign)));
    let info = world.node.account_info(alice.account()).await.unwrap().unwrap();
    assert_eq!(info.frontier, foreign.hash());
    let stale = alice.send(&world.node, genesis_account(), raw(2));
    let foreign = alice.send(&world.node, genesis_account(), raw(3));
    world.node.queue(Call::Process, Fault::Insert(Box::new(foreign)));
    assert_eq!(world.refusal_with_rival(&stale).await, "Fork");
}

#[tokio::test]
async fn a_lying_node_says_another_balance_of_one_account() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let account = alice.account();
    world.node.queue(Call::AccountInfo, Fault::Balance { account, balance: raw(9_999) });
    assert!(world.node.account_info(genesis_account()).await.unwrap().is_some());
    assert_eq!(world.node.queued_faults(), 1, "the lie is about another account");
    let lie = world.node.account_info(account).await.unwrap().unwrap();
    assert_eq!((lie.balance, lie.confirmed_balance), (raw(9_999), raw(9_999)));
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.node.stand(Call::AccountInfo, Fault::Balance { account, balance: raw(9_999) });
    let lie = world.node.account_info(account).await.unwrap().unwrap();
    assert_eq!((lie.balance, lie.confirmed_balance), (raw(9_999), raw(100)));
    assert_eq!(lie.frontier, send.hash());
}

#[tokio::test]
async fn a_lying_node_says_an_older_frontier_of_one_account() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let account = alice.account();
    let opened = world.node.head(&account).unwrap().hash;
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.pass(DELAY);
    world.node.queue(Call::AccountInfo, Fault::Frontier { account, blocks_back: 1 });
    let lie = world.node.account_info(account).await.unwrap().unwrap();
    assert_eq!((lie.frontier, lie.confirmed_frontier), (opened, Some(opened)));
    assert_eq!((lie.balance, lie.confirmed_balance, lie.block_count), (raw(100), raw(100), 1));
    world.node.queue(Call::AccountInfo, Fault::Frontier { account, blocks_back: 2 });
    assert_eq!(world.node.account_info(account).await, Ok(None));
}

#[tokio::test]
async fn a_stale_node_answers_as_of_some_blocks_ago() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let opened = world.node.head(&alice.account()).unwrap().hash;
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.pass(DELAY);
    world.node.stand(Call::Any, Fault::Stale { blocks: 1 });
    let info = world.node.account_info(alice.account()).await.unwrap().unwrap();
    assert_eq!((info.frontier, info.confirmed_frontier), (opened, Some(opened)));
    assert_eq!(world.node.block_info(send.hash()).await, Ok(None));
    let before = world.node.block_info(opened).await.unwrap().unwrap();
    assert_eq!(before.successor, None);
    assert_eq!(world.node.receivable(genesis_account(), Raw::ZERO, 9).await, Ok(Vec::new()));

    // It welcomes our old block as new, and cannot follow a new one; the network knows better.
    assert_eq!(world.publish(&send).await, Ok(send.hash()));
    let next = alice.send(&world.node, genesis_account(), raw(1));
    let gap = NodeError::Refused { message: "Gap previous block".into() };
    assert_eq!(world.publish(&next).await, Err(gap));
    assert!(world.node.contains(&next.hash()));
    world.node.clear_faults();
    world.node.queue(Call::AccountInfo, Fault::Stale { blocks: 1_000 });
    assert_eq!(world.node.account_info(alice.account()).await, Ok(None));
    world.node.queue(Call::AccountInfo, Fault::Stale { blocks: 1_000 });
    let genesis = world.node.account_info(genesis_account()).await.unwrap().unwrap();
    assert_eq!(genesis.balance, Raw::MAX, "nobody is older than genesis");
}

#[tokio::test]
async fn a_node_that_is_down_answers_nothing_and_the_network_goes_on() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let account = alice.account();
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.node.script([Fault::LostReply]);
    world.node.down_for(DELAY);
    world.pass(DELAY - TICK);
    let refused = unreachable("connection refused");
    assert_eq!(world.publish(&send).await, Err(refused.clone()));
    assert_eq!(world.node.account_info(account).await, Err(refused.clone()));
    assert_eq!(world.node.block_info(send.hash()).await, Err(refused.clone()));
    assert_eq!(world.node.receivable(account, Raw::ZERO, 9).await, Err(refused.clone()));
    assert_eq!(world.node.queued_faults(), 1, "no call came through to meet it");
    world.pass(TICK);
    assert!(world.node.block_info(send.hash()).await.unwrap().unwrap().confirmed);

    world.node.down();
    world.pass(Duration::from_secs(86_400));
    assert_eq!(world.node.account_info(account).await, Err(refused));
    world.node.up();
    assert!(world.node.account_info(account).await.is_ok());
}

#[tokio::test]
async fn a_delayed_request_meets_the_ledger_of_its_arrival() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let late = alice.send(&world.node, genesis_account(), raw(1));
    let early = alice.send(&world.node, genesis_account(), raw(2));
    world.node.script([Fault::Delayed(DELAY * 2), Fault::Delayed(DELAY)]);
    assert!(world.publish(&late).await.is_err());
    assert!(world.publish(&early).await.is_err());
    world.pass(DELAY * 2);
    assert!(world.node.contains(&early.hash()));
    assert!(!world.node.contains(&late.hash()), "it arrived as a fork");
    assert!(world.node.head(&alice.account()).unwrap().confirmed, "its age counts from arrival");
}

#[tokio::test]
async fn latency_passes_before_the_node_looks() {
    let clock = VirtualClock::default();
    let config = Config { latency: TICK * 20, ..config() };
    let node = SandboxNode::new(config, shared(&clock));
    let start = clock.now();
    node.account_info(genesis_account()).await.unwrap();
    node.receivable(genesis_account(), Raw::ZERO, 1).await.unwrap();
    assert_eq!(clock.now().since(start), TICK * 40);
}

impl World {
    /// As [`World::refusal`], where a rival does enter the ledger.
    async fn refusal_with_rival(&self, block: &SignedBlock) -> String {
        match self.publish(block).await {
            Err(NodeError::Refused { message }) => message,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Applied {
    No,
    Yes,
    Later,
}

fn unreachable(detail: &str) -> NodeError {
    NodeError::Unreachable { detail: detail.into() }
}
