//! P1 for every other kind of payment: a wallet dies at every storage operation of a top-up, of payments at Nicky and
//! Nanswap, of a purchase paid with a proof (x402 in a token, a checkout, MPP) and of one paid with a block in the
//! seller's hands (x402 in Nano); what it left is opened again, dies again, and comes to the one right end.
//!
//! `PAYWARDEN_PROMISES_FULL=1` takes every operation, every image and a second death each time; CI takes a sample.

pub(crate) mod lives;
mod seller;
pub(crate) mod town;

use paywarden::sandbox::disk::Image;

use crate::crash::{World, is_full_run, run};
use crate::plant::Plant;
use lives::{Death, Left, Tally, at_every_operation, die};
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
            for at in 1..100 {
                let death = Death { at, left: Left::PowerCut, second_at: None };
                run(live(kind, payee, death, &base, &world));
            }
        });
        let found = lives.join().expect_err("the planted mistake is found");
        let words = found.downcast_ref::<String>().cloned().unwrap_or_default();
        println!("P1m: {plant:?} found in {kind:?}: {words}");
    }
}

fn crash_everywhere(kinds: &[Kind]) {
    for kind in kinds {
        let mut tally = Tally::default();
        for payee in kind.payees() {
            let (base, world) = run(town::base());
            // A sample moves with the payee, so that all of them together meet more places.
            let first = 1 + (*payee as u64) % stride(*kind) as u64;
            tally += at_every_operation(stride(*kind), first, |death| {
                run(live(*kind, *payee, death, &base, &world))
            });
        }
        tally.print(&format!("{kind:?}"));
    }
}

fn stride(kind: Kind) -> usize {
    match (is_full_run(), kind.is_slow()) {
        (true, _) => 1,
        (false, true) => 13,
        (false, false) => 4,
    }
}

async fn live(kind: Kind, payee: Payee, death: Death, base: &Image, world: &World) -> bool {
    let town = Town::new(kind, payee, world).await;
    die(&town, death, base, &format!("{kind:?} {payee:?} {death:?}")).await
}
