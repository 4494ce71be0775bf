//! P7: whatever a node answers to the first calls of a payment, in any order, the payment comes to its one right end.
//!
//! Every script of up to four turns is played twice: on the calls that publish, and on all calls alike.

use paywarden::money::{Currency, Raw};
use paywarden::nano::{Link, StateBlock};
use paywarden::payment::{State, Status};
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::sandbox::nano::{Call, Fault, Rival, seal};

use crate::crash::{Scene, World, XNO, base, is_full_run, key, open, order, payee, rest, run};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    Ok,
    LostRequest,
    LostReply,
    Fork,
    Gap,
    Http500,
    Garbage,
    Lie,
}

const TURNS: [Turn; 8] = [
    Turn::Ok,
    Turn::LostRequest,
    Turn::LostReply,
    Turn::Fork,
    Turn::Gap,
    Turn::Http500,
    Turn::Garbage,
    Turn::Lie,
];

/// Which calls the turns are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Publishing,
    Everything,
}

/// How often a caller asks again with the same key.
const ASKED: usize = 8;

#[test]
fn p7_every_script_of_a_node_ends_right() {
    // On every call alike the last length is for the full run: it tells nothing that three turns do not.
    let stages = [(Stage::Publishing, 4), (Stage::Everything, if is_full_run() { 4 } else { 3 })];
    let played: Vec<_> = stages
        .into_iter()
        .map(|(stage, longest)| std::thread::spawn(move || run(play_all(stage, longest))))
        .collect();
    let played: usize = played.into_iter().map(|stage| stage.join().unwrap()).sum();
    println!("P7: {played} scripts of a node, each with its one right end");
    assert!(played > 5_000);
}

async fn play_all(stage: Stage, longest: usize) -> usize {
    let (image, world) = base(Scene::Send).await;
    let mut played = 0;
    for length in 1..=longest {
        for number in 0..TURNS.len().pow(length as u32) {
            let turns: Vec<Turn> = (0..length)
                .map(|place| TURNS[number / TURNS.len().pow(place as u32) % TURNS.len()])
                .collect();
            play(stage, &turns, image.clone(), world.fork()).await;
            played += 1;
        }
    }
    played
}

async fn play(stage: Stage, turns: &[Turn], image: Image, world: World) {
    let case = format!("{stage:?} {turns:?}");
    let engine = open(&Disk::new(image), &world).unwrap();
    let account = key().account();
    let base = world.node.confirmed_balance(&account);
    for turn in turns {
        let call = if stage == Stage::Publishing { Call::Process } else { Call::Any };
        world.node.queue(call, fault(*turn, stage, &world));
    }
    let mut answered = false;
    for _ in 0..ASKED {
        answered = answered || engine.pay(order(XNO)).await.is_ok();
        rest(&engine, &world).await;
        if answered && world.node.queued_faults() == 0 {
            break;
        }
    }
    // Turns that no call has met.
    world.node.clear_faults();
    rest(&engine, &world).await;

    let read = engine.store().read(|view| {
        let id = view.idempotency(None, "once")?.map(|row| row.payment_id);
        let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
        Ok((view.lane(&account)?.unwrap(), view.budget(Currency::XNO)?, payment))
    });
    let (lane, budget, payment) = read.unwrap();
    let foreign = sent_elsewhere(&world) > 0;
    let sent = sends_to_payee(&world);
    assert!(sent <= 1, "{case}: paid {sent} times");
    // Behind a frozen lane a payment that was never signed waits for the owner, and holds what it needs.
    let waits = lane.frozen.is_some()
        && payment.as_ref().is_some_and(|it| matches!(it.state, State::Reserved { .. }));
    let held = if waits { XNO } else { 0 };
    assert_eq!(budget.reserved, held, "{case}: a reservation is stuck");
    assert_eq!(lane.reserved, Raw::new(held), "{case}: the lane's reservation is stuck");
    assert!(lane.open.is_none() && lane.queued == u32::from(waits), "{case}: stuck");
    let settled = payment.as_ref().is_some_and(|payment| {
        assert!(waits || payment.state.is_final(), "{case}: {:?}", payment.state);
        payment.state.status() == Status::Settled
    });
    assert_eq!(settled, sent == 1, "{case}: books and network differ");
    // What another holder of the seed sent is spent too, once the wallet has seen it.
    let elsewhere = if lane.frozen.is_some() { sent_elsewhere(&world) } else { 0 };
    assert_eq!(budget.settled, if settled { XNO } else { 0 } + elsewhere, "{case}");
    if foreign {
        assert!(lane.frozen.is_some(), "{case}: no alarm");
    } else {
        assert!(lane.frozen.is_none(), "{case}: frozen for nothing: {:?}", lane.frozen);
        assert!(answered && settled, "{case}: not paid, and nothing stood in the way");
        assert_eq!(lane.balance, world.node.confirmed_balance(&account), "{case}");
        assert_eq!(lane.balance, base.checked_sub(Raw::new(XNO)).unwrap(), "{case}");
    }
    assert!(engine.audit(true, vec![]).await.unwrap().report.ok, "{case}");
}

/// The fault a turn stands for. What means nothing for a call that only asks is put so that it does.
fn fault(turn: Turn, stage: Stage, world: &World) -> Fault {
    match turn {
        Turn::Ok => Fault::Nothing,
        Turn::LostRequest => Fault::LostRequest,
        Turn::LostReply => Fault::LostReply,
        Turn::Fork if stage == Stage::Publishing => Fault::Fork(Rival::key(key())),
        Turn::Fork => Fault::Insert(Box::new(foreign_block(world))),
        Turn::Gap if stage == Stage::Publishing => Fault::Gap,
        Turn::Gap => Fault::Refused("Gap previous block".to_owned()),
        Turn::Http500 => Fault::Http500,
        Turn::Garbage => Fault::Garbage,
        Turn::Lie => Fault::Denial,
    }
}

/// What another holder of the key would put on the head as it is now.
fn foreign_block(world: &World) -> paywarden::nano::SignedBlock {
    let head = world.node.head(&key().account()).unwrap();
    let before = world.node.block(&head.hash).unwrap().contents.block;
    let block = StateBlock {
        previous: head.hash,
        balance: before.balance.checked_sub(Raw::new(7)).unwrap(),
        link: Link::from(paywarden::nano::Network::Sandbox.genesis_account()),
        ..before
    };
    seal(&key(), block)
}

fn sends_to_payee(world: &World) -> usize {
    confirmed(world).filter(|block| block.link == Link::from(payee())).count()
}

/// What went where the wallet never sends to.
fn sent_elsewhere(world: &World) -> u128 {
    let genesis = Link::from(paywarden::nano::Network::Sandbox.genesis_account());
    let hashes = world.node.blocks_of(&key().account()).into_iter();
    let blocks = hashes.filter_map(|hash| world.node.block(&hash));
    let ours = blocks.filter(|info| info.contents.block.link == genesis);
    ours.map(|info| info.amount.get()).sum()
}

fn confirmed(world: &World) -> impl Iterator<Item = StateBlock> {
    let hashes = world.node.blocks_of(&key().account()).into_iter();
    hashes.filter_map(|hash| world.node.block(&hash)).map(|info| info.contents.block)
}
