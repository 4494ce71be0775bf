//! What is cemented when, what a read call shows of it, and what leaves by roll-back.

use proptest::prelude::*;

use crate::clock::Millis;

use super::*;

#[tokio::test]
async fn a_block_is_cemented_at_the_delay_and_not_before() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let before = world.node.confirmed_count();
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.pass(DELAY - TICK);
    let info = world.node.account_info(alice.account()).await.unwrap().unwrap();
    assert_eq!((info.frontier, info.balance, info.block_count), (send.hash(), raw(99), 2));
    assert_eq!(info.confirmed_frontier, info.open_block);
    assert_eq!((info.confirmed_height, info.confirmed_balance), (1, raw(100)));
    assert!(!world.node.block_info(send.hash()).await.unwrap().unwrap().confirmed);
    assert_eq!(world.node.confirmed_count(), before);

    world.pass(TICK);
    let info = world.node.account_info(alice.account()).await.unwrap().unwrap();
    assert_eq!((info.confirmed_frontier, info.confirmed_height), (Some(send.hash()), 2));
    assert_eq!(info.confirmed_balance, raw(99));
    assert!(world.node.block_info(send.hash()).await.unwrap().unwrap().confirmed);
    assert_eq!(world.node.confirmed_count(), before + 1);
    assert_eq!(world.node.confirmed_balance(&alice.account()), raw(99));
}

#[tokio::test]
async fn a_receive_is_not_cemented_before_its_send() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    world.node.hold(&send.hash()).unwrap();
    let open = bob.receive(&world.node, send.hash(), raw(30));
    world.publish(&open).await.unwrap();
    world.pass(DELAY * 10);
    let head = world.node.head(&bob.account()).unwrap();
    assert_eq!((head.hash, head.confirmed), (open.hash(), false));
    let info = world.node.account_info(bob.account()).await.unwrap().unwrap();
    assert_eq!((info.confirmed_frontier, info.confirmed_height), (None, 0));
    assert_eq!(info.confirmed_balance, Raw::ZERO);
    world.node.release(&send.hash()).unwrap();
    assert!(world.node.head(&bob.account()).unwrap().confirmed);
    assert!(world.node.head(&alice.account()).unwrap().confirmed);
}

#[tokio::test]
async fn a_block_is_not_cemented_before_its_previous() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    world.node.hold_new(true);
    let first = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&first).await.unwrap();
    world.node.hold_new(false);
    let second = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&second).await.unwrap();
    world.pass(DELAY);
    assert!(!world.node.head(&alice.account()).unwrap().confirmed);
    world.node.confirm(&first.hash()).unwrap();
    assert!(world.node.head(&alice.account()).unwrap().confirmed);
}

#[tokio::test]
async fn cementing_by_hand_takes_all_dependencies_along() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    world.node.hold_new(true);
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    let after = alice.send(&world.node, bob.account(), raw(1));
    world.publish(&after).await.unwrap();
    let open = bob.receive(&world.node, send.hash(), raw(30));
    world.publish(&open).await.unwrap();
    world.node.confirm(&open.hash()).unwrap();
    assert!(world.node.block(&send.hash()).unwrap().confirmed);
    assert!(world.node.block(&open.hash()).unwrap().confirmed);
    assert!(!world.node.block(&after.hash()).unwrap().confirmed);
    assert!(matches!(world.node.confirm(&hash(9)), Err(SandboxError::Unknown(_))));
    assert!(matches!(world.node.hold(&hash(9)), Err(SandboxError::Unknown(_))));
    assert!(matches!(world.node.release(&hash(9)), Err(SandboxError::Unknown(_))));
}

#[tokio::test]
async fn a_clock_that_jumps_back_delays_no_block_for_long() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let now = world.clock.now();
    let send = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&send).await.unwrap();
    world.clock.set(Millis(now.0 - 50));
    assert!(!world.node.head(&alice.account()).unwrap().confirmed);
    world.clock.set(Millis(now.0 - 31_536_000_000));
    assert!(world.node.head(&alice.account()).unwrap().confirmed);
    world.clock.set(now);
    assert!(world.node.head(&alice.account()).unwrap().confirmed, "cemented stays cemented");
}

#[tokio::test]
async fn only_confirmed_sends_are_receivable() {
    let (world, alice) = (World::new(), Holder::new(1));
    let account = alice.account();
    assert_eq!(world.node.account_info(account).await, Ok(None));
    let mut sends = Vec::new();
    for amount in [5, 10, 20] {
        let hash = world.node.faucet(account, raw(amount)).unwrap();
        sends.push((hash, raw(amount)));
    }
    assert_eq!(world.node.receivable(account, Raw::ZERO, 64).await, Ok(Vec::new()));
    world.pass(DELAY);
    assert_eq!(world.node.account_info(account).await, Ok(None), "unopened though funded");
    sends.sort();
    let found = world.node.receivable(account, Raw::ZERO, 64).await.unwrap();
    let pairs: Vec<_> = found.iter().map(|send| (send.hash, send.amount)).collect();
    assert_eq!(pairs, sends);
    assert!(found.iter().all(|send| send.source == genesis_account()));

    let at_least = |minimum| world.node.receivable(account, raw(minimum), 64);
    assert_eq!(at_least(10).await.unwrap().len(), 2);
    assert_eq!(at_least(11).await.unwrap().len(), 1);
    assert_eq!(at_least(21).await.unwrap().len(), 0);
    assert_eq!(world.node.receivable(account, Raw::ZERO, 2).await.unwrap(), found[..2]);
    assert_eq!(world.node.receivable(account, Raw::ZERO, 0).await, Ok(Vec::new()));
}

#[tokio::test]
async fn account_info_sums_what_waits() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    world.node.faucet_confirmed(alice.account(), raw(7)).unwrap();
    world.node.faucet(alice.account(), raw(8)).unwrap();
    let info = world.node.account_info(alice.account()).await.unwrap().unwrap();
    assert_eq!((info.receivable, info.confirmed_receivable), (raw(15), raw(7)));
    assert_eq!(info.representative, genesis_account());
}

#[tokio::test]
async fn block_info_tells_height_successor_and_kind() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let first = world.node.blocks_of(&alice.account())[0];
    let send = alice.send(&world.node, genesis_account(), raw(40));
    world.publish(&send).await.unwrap();
    let opened = world.node.block_info(first).await.unwrap().unwrap();
    assert_eq!((opened.height, opened.successor), (1, Some(send.hash())));
    assert_eq!((opened.subtype, opened.amount), (Subtype::Receive, raw(100)));
    assert!(opened.confirmed);
    let sent = world.node.block_info(send.hash()).await.unwrap().unwrap();
    assert_eq!((sent.height, sent.successor, sent.confirmed), (2, None, false));
    assert_eq!((sent.subtype, sent.amount), (Subtype::Send, raw(40)));
    assert_eq!(sent.contents, send);
    assert_eq!(world.node.block_info(hash(9)).await, Ok(None));
    let genesis = world.node.blocks_of(&genesis_account())[0];
    let garbled = world.node.block_info(genesis).await;
    assert!(matches!(garbled, Err(NodeError::Garbled { .. })), "a legacy block has no state form");
}

#[tokio::test]
async fn a_roll_back_takes_descendants_of_other_accounts_along() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    let opened = world.node.head(&alice.account()).unwrap();
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    let apart = world.node.faucet(bob.account(), raw(9)).unwrap();
    let open = bob.receive(&world.node, send.hash(), raw(30));
    world.publish(&open).await.unwrap();
    let second = bob.receive(&world.node, apart, raw(9));
    world.publish(&second).await.unwrap();
    let back = bob.send(&world.node, alice.account(), raw(2));
    world.publish(&back).await.unwrap();

    let gone = world.node.roll_back(&open.hash()).unwrap();
    assert_eq!(gone, [back.hash(), second.hash(), open.hash()]);
    assert_eq!(world.node.head(&bob.account()), None);
    world.pass(DELAY);
    let waiting = world.node.receivable(bob.account(), Raw::ZERO, 64).await.unwrap();
    assert_eq!(waiting.len(), 2, "the sends wait again");
    assert!(matches!(world.node.roll_back(&open.hash()), Err(SandboxError::Unknown(_))));
    assert!(matches!(world.node.roll_back(&send.hash()), Err(SandboxError::Confirmed(_))));
    assert_eq!(world.node.blocks_of(&alice.account()), [opened.hash, send.hash()]);
    world.publish(&open).await.unwrap();
}

#[tokio::test]
async fn a_rolled_back_send_is_no_longer_receivable() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    assert_eq!(world.node.roll_back(&send.hash()).unwrap(), [send.hash()]);
    assert_eq!(world.node.head(&alice.account()).unwrap().balance, raw(100));
    let open = bob.receive(&world.node, send.hash(), raw(30));
    assert_eq!(world.refusal(&open, None).await, "Gap source block");
    world.publish(&send).await.unwrap();
    world.publish(&open).await.unwrap();

    let send = alice.send(&world.node, genesis_account(), raw(5));
    world.publish(&send).await.unwrap();
    world.node.roll_back(&send.hash()).unwrap();
    let info = world.node.account_info(genesis_account()).await.unwrap().unwrap();
    assert_eq!(info.receivable, Raw::ZERO);
}

#[tokio::test]
async fn the_past_has_no_more_cemented_blocks_than_blocks() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let send = alice.send(&world.node, genesis_account(), raw(5));
    world.publish(&send).await.unwrap();
    world.node.confirm(&send.hash()).unwrap();
    let state = world.node.state();
    assert_eq!(state.ledger.confirmed_height(&alice.account()), 2);
    let past = state.ledger.as_of(1);
    assert_eq!(past.confirmed_height(&alice.account()), 1);
    assert_eq!(past.confirmed_count(), state.ledger.confirmed_count() - 1);
}

#[tokio::test]
async fn an_elected_rival_takes_the_place_of_an_unconfirmed_block() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let ours = alice.send(&world.node, genesis_account(), raw(1));
    let rival = alice.send(&world.node, genesis_account(), raw(2));
    world.publish(&ours).await.unwrap();
    assert!(matches!(world.node.insert(&rival), Err(SandboxError::Refused(Refusal::Fork))));
    assert_eq!(world.node.elect(&rival).unwrap(), rival.hash());
    assert_eq!(world.node.elect(&rival).unwrap(), rival.hash(), "nothing to do");
    assert!(!world.node.contains(&ours.hash()));
    assert_eq!(world.refusal(&ours, None).await, "Fork");
    world.pass(DELAY);
    assert!(matches!(world.node.elect(&ours), Err(SandboxError::Confirmed(_))));
    assert_eq!(world.node.elect(&rival).unwrap(), rival.hash(), "still nothing to do");
    assert_eq!(world.node.head(&alice.account()).unwrap().balance, raw(98));
}

#[tokio::test]
async fn an_elected_rival_may_take_the_first_place_of_a_chain() {
    let (world, bob) = (World::new(), Holder::new(2));
    let source = world.node.faucet_confirmed(bob.account(), raw(5)).unwrap();
    let ours = bob.receive(&world.node, source, raw(5));
    let rival = seal(
        &PrivateKey::from_bytes([2; 32]),
        StateBlock { representative: bob.account(), ..ours.block },
    );
    world.publish(&ours).await.unwrap();
    world.node.elect(&rival).unwrap();
    assert_eq!(world.node.blocks_of(&bob.account()), [rival.hash()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens, no raw is made or lost, and cemented blocks stay.
    #[test]
    fn the_supply_is_the_supply(steps in prop::collection::vec((0_u8..7, 0_u8..3, 1_u128..50), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let holders = [Holder::new(1), Holder::new(2), Holder::new(3)];
            let mut cemented = Vec::new();
            for (action, who, amount) in steps {
                step(&world, &holders, action, usize::from(who), raw(amount)).await;
                let all = all_accounts(&holders);
                let mut supply = Raw::ZERO;
                for account in &all {
                    let info = world.node.account_info(*account).await.unwrap();
                    let held = info.map_or(Raw::ZERO, |info| info.balance);
                    supply = supply.checked_add(held).unwrap();
                }
                supply = supply.checked_add(waiting(&world, &all)).unwrap();
                assert_eq!(supply, Raw::MAX);
                let hashes = all.iter().flat_map(|account| world.node.blocks_of(account));
                let hashes: Vec<_> = hashes.collect();
                assert!(cemented.iter().all(|hash| hashes.contains(hash)));
                cemented = hashes;
                cemented.retain(|hash| world.node.block(hash).unwrap().confirmed);
                assert_eq!(cemented.len(), world.node.confirmed_count());
            }
        });
    }
}

/// One thing that a holder or the network may do; those that do not apply are skipped.
async fn step(world: &World, holders: &[Holder; 3], action: u8, who: usize, amount: Raw) {
    let (node, holder) = (&world.node, &holders[who]);
    let balance = node.head(&holder.account()).map_or(Raw::ZERO, |head| head.balance);
    match action {
        0 => drop(node.faucet(holder.account(), amount)),
        1 if balance >= amount => {
            let to = holders[(who + 1) % 3].account();
            world.publish(&holder.send(node, to, amount)).await.unwrap();
        }
        2 => {
            for send in node.receivable(holder.account(), Raw::ZERO, 1).await.unwrap() {
                world.publish(&holder.receive(node, send.hash, send.amount)).await.unwrap();
            }
        }
        3 => world.pass(Duration::from_millis(u64::try_from(amount.get()).unwrap() * 4)),
        4 => {
            if let Some(head) = node.head(&holder.account()) {
                let _ = node.roll_back(&head.hash);
            }
        }
        5 => {
            if let Some(hash) = node.blocks_of(&holder.account()).first() {
                let _ = node.roll_back(hash);
            }
        }
        6 => node.hold_new(amount.get().is_multiple_of(2)),
        _ => {}
    }
}

fn all_accounts(holders: &[Holder; 3]) -> Vec<Account> {
    holders.iter().map(Holder::account).chain([genesis_account()]).collect()
}

/// Sends that are in the chains and that no block of the chains receives.
fn waiting(world: &World, accounts: &[Account]) -> Raw {
    let blocks: Vec<_> = accounts
        .iter()
        .flat_map(|account| world.node.blocks_of(account))
        .map(|hash| (hash, world.node.block(&hash).unwrap()))
        .collect();
    let received: Vec<_> = blocks
        .iter()
        .filter(|(_, info)| info.subtype == Subtype::Receive)
        .map(|(_, info)| info.contents.block.link.as_hash())
        .collect();
    blocks
        .iter()
        .filter(|(hash, info)| info.subtype == Subtype::Send && !received.contains(hash))
        .fold(Raw::ZERO, |sum, (_, info)| sum.checked_add(info.amount).unwrap())
}
