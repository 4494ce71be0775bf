//! P1 for every other kind of payment: a wallet dies at every storage operation of a top-up, of payments at Nicky and
//! Nanswap, of a purchase paid with a proof (x402 in a token, a checkout, MPP) and of one paid with a block in the
//! seller's hands (x402 in Nano); what it left is opened again, dies again, and comes to the one right end.
//!
//! `PAYWARDEN_PROMISES_FULL=1` takes every operation, every image and a second death each time; CI takes a sample.

mod seller;
mod town;

use paywarden::engine::Engine;
use paywarden::sandbox::disk::{Disk, Image, Trouble, Wreck};

use crate::crash::{World, check_published, is_full_run, run};
use crate::plant::Plant;
use town::Town;

/// What is paid, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Credits: ifenpay publishes the block.
    TopUp,
    /// A request at Nicky, which is told of the block afterwards.
    Nicky,
    /// An order at Nanswap Pay, which is watched afterwards.
    Nanswap,
    /// A purchase whose proof the seller, or whoever it asks, turns into money.
    Proof,
    /// A purchase whose block the seller publishes.
    Cheque,
}

/// What the payee does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Payee {
    /// As it should.
    Fine,
    /// Takes the money, and its first answers are lost.
    LostAnswer,
    /// Does not get what is sent to it at first.
    LostRequest,
    /// Says no, and takes the money all the same.
    Liar,
    /// Cannot be reached until the wallet has died and come back.
    Away,
    /// Never takes the money.
    Never,
}

impl Kind {
    fn payees(self) -> &'static [Payee] {
        match self {
            Self::TopUp => &[Payee::Fine, Payee::LostAnswer, Payee::LostRequest, Payee::Never],
            Self::Nicky | Self::Nanswap => &[Payee::Fine, Payee::Away],
            Self::Proof | Self::Cheque => &[
                Payee::Fine,
                Payee::LostAnswer,
                Payee::LostRequest,
                Payee::Liar,
                Payee::Away,
                Payee::Never,
            ],
        }
    }

    /// Whether it goes over loopback ports, and takes its time.
    fn is_slow(self) -> bool {
        matches!(self, Self::TopUp | Self::Nicky | Self::Nanswap)
    }
}

/// What of the disk is left after a death.
#[derive(Clone, Copy, Debug)]
enum Left {
    Killed,
    PowerCut,
    Torn(u64),
}

impl Left {
    fn of(self, wreck: &Wreck) -> Image {
        match self {
            Self::Killed => wreck.killed(),
            Self::PowerCut => wreck.power_cut(),
            Self::Torn(seed) => wreck.torn(seed),
        }
    }
}

/// One life cut short, perhaps two.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    payee: Payee,
    death_at: u64,
    left: Left,
    second_at: Option<u64>,
}

#[test]
fn p1_top_ups_survive_a_crash_anywhere() {
    crash_everywhere(&[Kind::TopUp]);
}

#[test]
fn p1_payments_at_providers_survive_a_crash_anywhere() {
    crash_everywhere(&[Kind::Nicky, Kind::Nanswap]);
}

#[test]
fn p1_purchases_survive_a_crash_anywhere() {
    crash_everywhere(&[Kind::Proof, Kind::Cheque]);
}

/// As for sends: each of these mistakes must be found.
#[test]
fn p1m_planted_mistakes_are_found_in_other_payments() {
    for (plant, kind, payee) in [
        (Plant::BroadcastBeforeCommit, Kind::Proof, Payee::Fine),
        (Plant::BroadcastBeforeCommit, Kind::Cheque, Payee::Fine),
        (Plant::BroadcastBeforeCommit, Kind::TopUp, Payee::Fine),
        (Plant::ReleaseOnRefusal, Kind::Proof, Payee::Liar),
    ] {
        let lives = std::thread::spawn(move || {
            let (base, world) = run(town::base());
            let world = world.planted(plant);
            for death_at in 1..100 {
                let left = Left::PowerCut;
                let case = Case { kind, payee, death_at, left, second_at: None };
                run(die(case, &base, &world));
            }
        });
        let found = lives.join().expect_err("the planted mistake is found");
        let words = found.downcast_ref::<String>().cloned().unwrap_or_default();
        println!("P1m: {plant:?} found in {kind:?}: {words}");
    }
}

fn crash_everywhere(kinds: &[Kind]) {
    for kind in kinds {
        let (mut cases, mut nested, mut operations) = (0, 0, 0);
        for payee in kind.payees() {
            let (base, world) = run(town::base());
            for death_at in (1..).step_by(stride(*kind)) {
                // A sample moves with the payee, so that all of them together meet more places.
                let death_at = death_at + (*payee as u64) % stride(*kind) as u64;
                let mut was_reached = false;
                for (left, second_at) in deaths(death_at) {
                    let case = Case { kind: *kind, payee: *payee, death_at, left, second_at };
                    was_reached |= run(die(case, &base, &world));
                    cases += 1;
                    nested += u64::from(second_at.is_some());
                }
                if !was_reached {
                    break;
                }
                operations = operations.max(death_at);
            }
        }
        println!(
            "P1: {kind:?}: {cases} crashes at up to {operations} operations, {nested} of them with a second one, all recovered"
        );
        assert!(cases > 10 && nested > 5);
    }
}

fn stride(kind: Kind) -> usize {
    match (is_full_run(), kind.is_slow()) {
        (true, _) => 1,
        (false, true) => 13,
        (false, false) => 4,
    }
}

/// Which images of a death are taken up, and where the second one follows.
fn deaths(death_at: u64) -> Vec<(Left, Option<u64>)> {
    let lefts = [Left::Killed, Left::PowerCut, Left::Torn(death_at), Left::Torn(death_at + 1_000)];
    let second = |place: u64| Some(1 + (death_at * 7 + place * 11) % 90);
    if is_full_run() {
        let each = lefts.into_iter().zip(0..);
        return each.flat_map(|(left, place)| [(left, None), (left, second(place))]).collect();
    }
    let turn = death_at as usize;
    vec![(lefts[turn % lefts.len()], turn.is_multiple_of(2).then(|| second(1)).flatten())]
}

/// Whether the wallet got as far as to die where it was to.
async fn die(case: Case, base: &Image, world: &World) -> bool {
    let name = format!("{case:?}");
    let town = Town::new(case.kind, case.payee, world).await;
    let disk = Disk::new(base.clone());
    disk.trouble(Trouble::DeathAt(case.death_at));
    if let Ok(engine) = town.open(&disk) {
        let _ = town.act(&engine).await;
        town.rest(&engine).await;
    }
    check_published(&disk, &town.world, &name);
    let was_reached = disk.operations() >= case.death_at;
    let mut image = case.left.of(&disk.wreck());
    if let Some(second_at) = case.second_at {
        let disk = Disk::new(image);
        disk.trouble(Trouble::DeathAt(second_at));
        if let Ok(engine) = town.open(&disk) {
            town.rest(&engine).await;
            let _ = town.act(&engine).await;
            town.rest(&engine).await;
        }
        check_published(&disk, &town.world, &name);
        image = case.left.of(&disk.wreck());
    }
    town.is_back();
    let engine = town.open(&Disk::new(image)).unwrap_or_else(|error| panic!("{name}: {error}"));
    finish(&town, &engine, &name).await;
    was_reached
}

async fn finish(town: &Town, engine: &Engine, name: &str) {
    town.rest(engine).await;
    let mut failures = Vec::new();
    // A caller asks again, whatever it was told before.
    for _ in 0..3 {
        failures.extend(town.act(engine).await.err());
        town.rest(engine).await;
    }
    assert!(failures.len() < 3, "{name}: the caller gets no answer: {failures:?}");
    town.check(engine, name).await;
}
