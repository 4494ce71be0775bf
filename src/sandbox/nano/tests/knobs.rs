//! The faucet, and the rest of what only a test sees.

use super::*;

#[tokio::test]
async fn the_faucet_pays_like_anybody_else() {
    let (world, alice) = (World::new(), Holder::new(1));
    let hash = world.node.faucet(alice.account(), Raw::ONE_XNO).unwrap();
    assert!(!world.node.block(&hash).unwrap().confirmed);
    let send = world.node.block(&hash).unwrap();
    assert!(send.contents.verify(), "signed with the dev genesis key");
    assert_eq!((send.amount, send.subtype), (Raw::ONE_XNO, Subtype::Send));
    world.pass(DELAY);
    assert!(world.node.block(&hash).unwrap().confirmed);
    let at_once = world.node.faucet_confirmed(alice.account(), raw(1)).unwrap();
    assert!(world.node.block(&at_once).unwrap().confirmed);
}

#[test]
fn the_faucet_pays_at_most_what_is_left_and_never_nothing() {
    let (world, alice) = (World::new(), Holder::new(1));
    let refused = world.node.faucet(alice.account(), Raw::ZERO);
    assert!(matches!(refused, Err(SandboxError::Faucet(Raw::ZERO))));
    world.node.faucet(alice.account(), raw(u128::MAX - 7)).unwrap();
    let refused = world.node.faucet(alice.account(), raw(8));
    assert!(matches!(refused, Err(SandboxError::Faucet(_))));
    world.node.faucet(alice.account(), raw(7)).unwrap();
    assert_eq!(world.node.head(&genesis_account()).unwrap().balance, Raw::ZERO);
}

#[test]
fn clones_are_the_same_node() {
    let (world, alice) = (World::new(), Holder::new(1));
    let other = world.node.clone();
    let hash = other.faucet(alice.account(), raw(1)).unwrap();
    assert!(world.node.contains(&hash));
    assert_eq!((world.node.block_count(), world.node.confirmed_count()), (2, 1));
    assert!(format!("{:?}", world.node).contains("blocks: 2"));
}

#[test]
fn the_truth_about_an_unopened_account_is_empty() {
    let (world, alice) = (World::new(), Holder::new(1));
    let account = alice.account();
    assert_eq!(world.node.head(&account), None);
    assert_eq!(world.node.confirmed_balance(&account), Raw::ZERO);
    assert!(world.node.blocks_of(&account).is_empty());
    assert!(world.node.history(&account).is_empty());
    assert!(world.node.block(&hash(9)).is_none());
}

/// The same steps give the same blocks, byte for byte.
#[tokio::test]
async fn two_worlds_are_alike() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (world, alice) = World::with_account(1, raw(100)).await;
        let send = alice.send(&world.node, genesis_account(), raw(1));
        world.publish(&send).await.unwrap();
        runs.push((send, world.node.history(&genesis_account())));
    }
    assert_eq!(runs[0], runs[1]);
}
