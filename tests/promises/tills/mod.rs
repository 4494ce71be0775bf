//! P1 for purchases by the clients that make them: a wallet dies at every storage operation of `request_payment` at a
//! seller of x402 (in a token, in Nano), of `pay_checkout`, and of `request_payment` for a payment token, while the wire
//! to the shop or to whoever moves the money loses and garbles what goes over it; what it left is opened again, dies
//! again, and comes to the one right end.
//!
//! `PAYWARDEN_PROMISES_FULL=1` takes every operation, every image and a second death each time; CI takes a sample.

#[path = "../../support/grant.rs"]
mod grant;
mod mistake;
mod purse;
mod street;
mod wire;
mod witness;

use paywarden::sandbox::disk::Image;
use tokio::runtime::Runtime;

use crate::crash::{World, is_full_run};
use crate::kinds::lives::{Death, Left, Tally, at_every_operation, die};
use crate::plant::Plant;
use mistake::Mistake;
use street::{Scene, Street, Wires};
use wire::Fault;

/// What is bought, and how it is paid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shop {
    /// A URL, with an authorisation over tokens.
    X402Evm,
    /// A URL, with a block of the account for sellers, which is funded for it.
    X402Nano,
    /// A checkout, with a token of the owner's card.
    Checkout,
    /// A URL, with a token of the owner's card.
    Mpp,
}

/// What goes wrong on the wires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Script {
    Fine,
    /// With the first two times something is handed over.
    Shop(Fault),
    /// With the first two questions to the chain, or to Stripe.
    Bank(Fault),
    /// Nothing that is handed over ever arrives.
    Never,
}

const SCRIPTS: [Script; 13] = [
    Script::Fine,
    Script::Shop(Fault::LostRequest),
    Script::Shop(Fault::LostReply),
    Script::Shop(Fault::Http500),
    Script::Shop(Fault::Garbage),
    Script::Shop(Fault::LateGarbage),
    Script::Shop(Fault::Refused),
    Script::Shop(Fault::LateRefused),
    Script::Never,
    Script::Bank(Fault::LostRequest),
    Script::Bank(Fault::LostReply),
    Script::Bank(Fault::Http500),
    Script::Bank(Fault::Garbage),
];

#[test]
fn p1_x402_in_a_token_survives_a_crash_anywhere() {
    crash_everywhere(Shop::X402Evm);
}

#[test]
fn p1_x402_in_nano_survives_a_crash_anywhere() {
    crash_everywhere(Shop::X402Nano);
}

#[test]
fn p1_checkouts_survive_a_crash_anywhere() {
    crash_everywhere(Shop::Checkout);
}

#[test]
fn p1_mpp_survives_a_crash_anywhere() {
    crash_everywhere(Shop::Mpp);
}

/// Each of these mistakes must be found.
#[test]
fn p1m_planted_mistakes_are_found_at_every_till() {
    let early = Plant::ReleaseBeforeTheEnd;
    let lost = Script::Shop(Fault::LostReply);
    for (mistake, plant, shop, script) in [
        (Mistake::NewNonce, Plant::Nothing, Shop::X402Evm, lost),
        (Mistake::CompleteTwice, Plant::Nothing, Shop::Checkout, Script::Fine),
        (Mistake::Nothing, early, Shop::X402Evm, lost),
        (Mistake::Nothing, early, Shop::Checkout, lost),
        (Mistake::Nothing, early, Shop::Mpp, lost),
        (Mistake::Nothing, Plant::BroadcastBeforeCommit, Shop::X402Nano, Script::Fine),
        (Mistake::Nothing, Plant::BroadcastBeforeCommit, Shop::Mpp, Script::Fine),
    ] {
        let lives = std::thread::spawn(move || {
            let lane = Lives::new(shop);
            let world = lane.world.fork().planted(plant);
            for at in (1..100).step_by(3) {
                let death = Death { at, left: Left::PowerCut, second_at: None };
                lane.live(script, mistake, &world, death);
            }
        });
        let found = lives.join().expect_err("the planted mistake is found");
        let words = found.downcast_ref::<String>().cloned().unwrap_or_default();
        println!("P1m: {mistake:?} {plant:?} found at {shop:?}: {words}");
    }
}

fn crash_everywhere(shop: Shop) {
    let lives = Lives::new(shop);
    let mut tally = Tally::default();
    for (place, script) in (0..).zip(SCRIPTS) {
        // Nobody but the network moves money in Nano.
        if shop == Shop::X402Nano && matches!(script, Script::Bank(_)) {
            continue;
        }
        // A sample moves with the script, so that all of them together meet more places.
        let stride = stride(shop);
        tally += at_every_operation(stride, 1 + place % stride as u64, |death| {
            lives.live(script, Mistake::Nothing, &lives.world, death)
        });
    }
    tally.print(&format!("{shop:?}"));
}

fn stride(shop: Shop) -> usize {
    match (is_full_run(), shop) {
        (true, _) => 1,
        (false, Shop::X402Nano) => 11,
        (false, _) => 5,
    }
}

/// Wallets that follow each other on the same wires.
struct Lives {
    runtime: Runtime,
    shop: Shop,
    wires: Wires,
    base: Image,
    world: World,
}

impl Lives {
    fn new(shop: Shop) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (wires, (base, world)) = runtime.block_on(async {
            let wires = Wires::new().await;
            let base = street::base(shop, &wires).await;
            (wires, base)
        });
        Self { runtime, shop, wires, base, world }
    }

    fn live(&self, script: Script, mistake: Mistake, world: &World, death: Death) -> bool {
        self.runtime.block_on(async {
            let scene = Scene { shop: self.shop, script, mistake };
            let street = Street::new(scene, world, &self.wires).await;
            let name = format!("{:?} {script:?} {death:?}", self.shop);
            die(&street, death, &self.base, &name).await
        })
    }
}
