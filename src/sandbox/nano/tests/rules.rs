//! Every rule of the ledger and of `process`, with the words of a real node.

use crate::nano::{DEV_GENESIS_PRIVATE_KEY, Difficulty, Network, Signature, Work, work};

use super::super::check::{Proofs, check_block};
use super::super::ledger::Ledger;
use super::*;

#[tokio::test]
async fn the_dev_genesis_holds_the_supply() {
    let world = World::new();
    let info = world.node.account_info(genesis_account()).await.unwrap().unwrap();
    assert_eq!(genesis_account().to_string(), GENESIS);
    assert_eq!(info.frontier, Network::Dev.genesis_hash());
    assert_eq!(Some(info.frontier), info.confirmed_frontier);
    assert_eq!((info.balance, info.confirmed_balance), (Raw::MAX, Raw::MAX));
    assert_eq!((info.block_count, info.confirmed_height), (1, 1));
    assert_eq!(world.node.confirmed_count(), 1);
}

#[tokio::test]
async fn send_receive_and_change_are_derived_from_the_balance() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let bob = Holder::new(2);
    let send = alice.send(&world.node, bob.account(), raw(30));
    assert_eq!(world.node.process(&send, Some(Subtype::Send)).await, Ok(send.hash()));
    let open = bob.receive(&world.node, send.hash(), raw(30));
    assert_eq!(world.node.process(&open, Some(Subtype::Open)).await, Ok(open.hash()));
    let change = bob.change(&world.node, alice.account());
    assert_eq!(world.node.process(&change, Some(Subtype::Change)).await, Ok(change.hash()));

    let kinds = |account| {
        let history = world.node.history(&account);
        history.iter().map(|entry| (entry.subtype, entry.amount.get())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(alice.account()), [(Subtype::Send, 30), (Subtype::Receive, 100)]);
    assert_eq!(kinds(bob.account()), [(Subtype::Change, 0), (Subtype::Receive, 30)]);
    let newest = world.node.history(&alice.account())[0];
    assert_eq!((newest.counterparty, newest.height), (bob.account(), 2));
    assert_eq!(world.node.history(&bob.account())[1].counterparty, alice.account());
}

#[tokio::test]
async fn our_own_block_again_is_old_unless_the_subtype_is_said() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let send = alice.send(&world.node, genesis_account(), raw(30));
    world.node.process(&send, Some(Subtype::Send)).await.unwrap();
    assert_eq!(world.refusal(&send, None).await, "Old block");
    let trap = world.refusal(&send, Some(Subtype::Send)).await;
    assert_eq!(trap, "Invalid block balance for given subtype");

    let change = alice.change(&world.node, alice.account());
    world.node.process(&change, Some(Subtype::Change)).await.unwrap();
    assert_eq!(world.refusal(&change, Some(Subtype::Change)).await, "Old block");
    let later = alice.send(&world.node, genesis_account(), raw(1));
    world.publish(&later).await.unwrap();
    let trap = world.refusal(&change, Some(Subtype::Change)).await;
    assert_eq!(trap, "Invalid block balance for given subtype");
}

#[tokio::test]
async fn signatures_are_checked_after_the_hash_and_before_the_place() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let mut send = alice.send(&world.node, genesis_account(), raw(30));
    let good = send.signature;
    send.signature = Signature::from_bytes([7; 64]);
    assert_eq!(world.refusal(&send, None).await, "Bad signature");
    send.signature = good;
    world.publish(&send).await.unwrap();
    send.signature = Signature::from_bytes([7; 64]);
    assert_eq!(world.refusal(&send, None).await, "Old block");

    let stranger = Holder::new(9);
    let mut block = alice.next(&world.node);
    block.previous = hash(3);
    assert_eq!(world.refusal(&stranger.seal(block), None).await, "Bad signature");
}

#[tokio::test]
async fn another_block_in_the_same_place_is_a_fork() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let first = alice.send(&world.node, genesis_account(), raw(1));
    let second = alice.send(&world.node, genesis_account(), raw(2));
    world.publish(&first).await.unwrap();
    assert_eq!(world.refusal(&second, None).await, "Fork");
    assert!(world.node.block_info(second.hash()).await.unwrap().is_none());

    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    let mut reopen = alice.next(&world.node);
    (reopen.previous, reopen.balance) = (BlockHash::ZERO, raw(5));
    reopen.link = Link::from(source);
    assert_eq!(world.refusal(&alice.seal(reopen), None).await, "Fork");
}

#[tokio::test]
async fn an_unknown_previous_is_a_gap() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let mut block = alice.next(&world.node);
    (block.previous, block.balance) = (hash(3), raw(99));
    let block = alice.seal(block);
    assert_eq!(world.refusal(&block, None).await, "Gap previous block");
    assert_eq!(world.refusal(&block, Some(Subtype::Send)).await, "Gap previous block");

    let nobody = Holder::new(8);
    let mut block = nobody.next(&world.node);
    block.previous = world.node.head(&alice.account()).unwrap().hash;
    assert_eq!(world.refusal(&nobody.seal(block), None).await, "Gap previous block");
}

#[tokio::test]
async fn an_unknown_source_is_a_gap() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let receive = alice.receive(&world.node, hash(3), raw(1));
    assert_eq!(world.refusal(&receive, Some(Subtype::Receive)).await, "Gap source block");
    let nobody = Holder::new(8);
    let open = nobody.change(&world.node, genesis_account());
    assert_eq!(world.refusal(&open, None).await, "Gap source block");
}

#[tokio::test]
async fn a_send_is_received_once_and_by_its_destination() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    let thief = Holder::new(8).receive(&world.node, source, raw(5));
    assert_eq!(world.refusal(&thief, None).await, "Unreceivable");
    world.publish(&alice.receive(&world.node, source, raw(5))).await.unwrap();
    let again = alice.receive(&world.node, source, raw(5));
    assert_eq!(world.refusal(&again, None).await, "Unreceivable");
    let no_send = alice.receive(&world.node, world.node.blocks_of(&alice.account())[0], raw(5));
    assert_eq!(world.refusal(&no_send, None).await, "Unreceivable");
}

#[tokio::test]
async fn the_balance_moves_by_what_was_sent() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    for wrong in [0, 4, 6] {
        let receive = alice.receive(&world.node, source, raw(wrong));
        let words = world.refusal(&receive, Some(Subtype::Receive)).await;
        assert_eq!(words, "Balance and amount delta do not match");
    }
    let mut minted = alice.next(&world.node);
    minted.balance = raw(101);
    let words = world.refusal(&alice.seal(minted), None).await;
    assert_eq!(words, "Balance and amount delta do not match");
}

/// The two traps of the protocol: nothing but `subtype` tells these sends from a receive and a change.
#[tokio::test]
async fn a_falling_balance_is_a_send_whatever_the_link_is() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    let mut stale = alice.next(&world.node);
    (stale.balance, stale.link) = (raw(5), Link::from(source));
    let stale = alice.seal(stale);
    let words = world.refusal(&stale, Some(Subtype::Receive)).await;
    assert_eq!(words, "Invalid block balance for given subtype");
    world.publish(&stale).await.unwrap();
    let sent = world.node.history(&alice.account())[0];
    assert_eq!((sent.subtype, sent.amount), (Subtype::Send, raw(95)));

    let mut burn = alice.next(&world.node);
    burn.balance = raw(4);
    world.publish(&alice.seal(burn)).await.unwrap();
    let sent = world.node.history(&alice.account())[0];
    assert_eq!((sent.counterparty, sent.amount), (Account::BURN, raw(1)));
}

#[tokio::test]
async fn a_subtype_that_contradicts_the_block_is_refused() {
    const BALANCE: &str = "Invalid block balance for given subtype";
    const PREVIOUS: &str = "Invalid previous block for given subtype";
    let (world, alice) = World::with_account(1, raw(100)).await;
    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    let send = alice.send(&world.node, genesis_account(), raw(1));
    let receive = alice.receive(&world.node, source, raw(5));
    let change = alice.change(&world.node, alice.account());
    let nobody = Holder::new(8).change(&world.node, genesis_account());
    let cases = [
        (&send, Subtype::Receive, BALANCE),
        (&send, Subtype::Change, BALANCE),
        (&send, Subtype::Epoch, BALANCE),
        (&send, Subtype::Open, PREVIOUS),
        (&receive, Subtype::Send, BALANCE),
        (&receive, Subtype::Change, BALANCE),
        (&receive, Subtype::Open, PREVIOUS),
        (&change, Subtype::Send, BALANCE),
        (&change, Subtype::Epoch, "Invalid epoch link"),
        (&nobody, Subtype::Send, BALANCE),
        (&nobody, Subtype::Change, PREVIOUS),
    ];
    for (block, subtype, words) in cases {
        assert_eq!(world.refusal(block, Some(subtype)).await, words, "{subtype:?}");
    }
    world.node.process(&receive, Some(Subtype::Receive)).await.unwrap();
}

#[tokio::test]
async fn work_is_checked_at_the_entry_and_by_the_ledger() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let limits = Network::Dev.thresholds();
    let mut send = alice.send(&world.node, genesis_account(), raw(1));
    send.work = Some(work_between(&send, Difficulty(0), limits.entry));
    assert_eq!(world.refusal(&send, None).await, "Block work is less than threshold");
    send.work = Some(work_between(&send, limits.entry, limits.epoch_1));
    assert_eq!(world.refusal(&send, None).await, "Block work is insufficient");
    send.work = None;
    assert_eq!(world.refusal(&send, Some(Subtype::Send)).await, "Block is invalid");
    send.work = Some(solve(&send.block.root()));
    world.publish(&send).await.unwrap();
}

/// The subtype comes before the work, the work before the signature, and the ledger's work check last.
#[tokio::test]
async fn the_first_broken_rule_is_the_one_named() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let limits = Network::Dev.thresholds();
    let mut send = alice.send(&world.node, genesis_account(), raw(1));
    send.signature = Signature::from_bytes([7; 64]);
    send.work = Some(work_between(&send, Difficulty(0), limits.entry));
    let words = world.refusal(&send, Some(Subtype::Receive)).await;
    assert_eq!(words, "Invalid block balance for given subtype");
    assert_eq!(world.refusal(&send, None).await, "Block work is less than threshold");
    send.work = Some(work_between(&send, limits.entry, limits.epoch_1));
    assert_eq!(world.refusal(&send, None).await, "Bad signature");

    let mut gap = alice.next(&world.node);
    (gap.previous, gap.link) = (hash(3), Link::from(hash(4)));
    let mut gap = alice.seal(gap);
    gap.work = Some(work_between(&gap, Difficulty(0), limits.entry));
    let words = world.refusal(&gap, Some(Subtype::Send)).await;
    assert_eq!(words, "Gap previous block", "where a subtype is said, also before its balance");
    assert_eq!(world.refusal(&gap, None).await, "Block work is less than threshold");
    gap.work = Some(solve(&gap.block.root()));
    assert_eq!(world.refusal(&gap, None).await, "Gap previous block");
}

/// Nobody can sign for key zero, so only a journal could hold such a block.
#[test]
fn the_burn_account_cannot_be_opened() {
    let holder = Holder::new(1);
    let world = World::new();
    let mut block = holder.next(&world.node);
    (block.account, block.link) = (Account::BURN, Link::from(hash(4)));
    let refused = check_block(&Ledger::genesis(), &holder.seal(block), Proofs::Trust);
    assert_eq!(refused.err().unwrap().to_string(), "Block attempts to open the burn account");
}

#[tokio::test]
async fn epoch_blocks_arrive_without_the_owner_and_lower_the_work_of_receives() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let early = epoch_block(&world, &alice, Link::EPOCH_2);
    let words = world.refusal(&early, None).await;
    assert_eq!(words, "This block cannot follow the previous block");
    for link in [Link::EPOCH_1, Link::EPOCH_2] {
        let epoch = epoch_block(&world, &alice, link);
        assert_eq!(world.node.process(&epoch, Some(Subtype::Epoch)).await, Ok(epoch.hash()));
        let newest = world.node.history(&alice.account())[0];
        assert_eq!((newest.subtype, newest.balance), (Subtype::Epoch, raw(100)));
    }
    let again = epoch_block(&world, &alice, Link::EPOCH_1);
    let words = world.refusal(&again, None).await;
    assert_eq!(words, "This block cannot follow the previous block");

    let limits = Network::Dev.thresholds();
    let source = world.node.faucet(alice.account(), raw(5)).unwrap();
    let mut receive = alice.receive(&world.node, source, raw(5));
    receive.work = Some(work_between(&receive, limits.epoch_2_receive, limits.epoch_1));
    world.publish(&receive).await.unwrap();
    let mut send = alice.send(&world.node, genesis_account(), raw(5));
    send.work = Some(work_between(&send, limits.epoch_1, limits.epoch_2_send));
    assert_eq!(world.refusal(&send, None).await, "Block work is insufficient");
    send.work = Some(work_between(&send, limits.epoch_2_send, Difficulty(u64::MAX)));
    world.publish(&send).await.unwrap();

    // An account takes on the epoch of what it receives.
    let bob = Holder::new(2);
    let mut send = alice.send(&world.node, bob.account(), raw(7));
    send.work = Some(work_between(&send, limits.epoch_2_send, Difficulty(u64::MAX)));
    world.publish(&send).await.unwrap();
    let mut open = bob.receive(&world.node, send.hash(), raw(7));
    open.work = Some(work_between(&open, limits.epoch_2_receive, limits.epoch_1));
    world.publish(&open).await.unwrap();
}

#[tokio::test]
async fn an_epoch_block_is_signed_by_the_epoch_signer_and_changes_nothing_else() {
    let (world, alice) = World::with_account(1, raw(100)).await;
    let own = alice.seal(epoch_block(&world, &alice, Link::EPOCH_1).block);
    assert_eq!(world.refusal(&own, None).await, "Bad signature");
    let mut block = own.block;
    block.representative = alice.account();
    assert_eq!(world.refusal(&sign_epoch(block), None).await, "Error processing block");
    let mut block = own.block;
    block.previous = hash(3);
    assert_eq!(world.refusal(&sign_epoch(block), None).await, "Gap previous block");
    assert_eq!(world.refusal(&alice.seal(block), None).await, "Gap previous block");
    assert_eq!(world.refusal(&Holder::new(8).seal(block), None).await, "Bad signature");
    // With a falling balance it is a plain send to the account that the link spells.
    let mut block = own.block;
    block.balance = raw(99);
    world.publish(&alice.seal(block)).await.unwrap();
    assert_eq!(world.node.history(&alice.account())[0].subtype, Subtype::Send);
}

#[tokio::test]
async fn an_epoch_block_opens_an_account_that_something_waits_for() {
    let (world, bob) = (World::new(), Holder::new(2));
    let mut block = epoch_block(&world, &bob, Link::EPOCH_2).block;
    assert_eq!(world.refusal(&sign_epoch(block), None).await, "Error processing block");
    block.representative = Account::BURN;
    let open = sign_epoch(block);
    assert_eq!(world.refusal(&open, None).await, "Gap pending for open epoch block");
    let source = world.node.faucet(bob.account(), raw(5)).unwrap();
    world.publish(&open).await.unwrap();
    world.publish(&bob.receive(&world.node, source, raw(5))).await.unwrap();
    assert_eq!(world.node.head(&bob.account()).unwrap().balance, raw(5));
}

fn epoch_block(world: &World, holder: &Holder, link: Link) -> SignedBlock {
    sign_epoch(StateBlock { link, ..holder.next(&world.node) })
}

fn sign_epoch(block: StateBlock) -> SignedBlock {
    seal(&PrivateKey::from_bytes(DEV_GENESIS_PRIVATE_KEY), block)
}

/// The first work whose value is at least `low` and below `high`.
fn work_between(signed: &SignedBlock, low: Difficulty, high: Difficulty) -> Work {
    let root = signed.block.root();
    (0..).map(Work).find(|nonce| (low.0..high.0).contains(&work::value(*nonce, &root))).unwrap()
}

const GENESIS: &str = "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo";
