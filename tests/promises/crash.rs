//! P1 and P11 in their plainest form: a wallet on a simulated disk dies, or its disk fails, at every storage operation
//! of a send, a receive, an approved send and a change of representative; what it left is opened again and must come to the
//! one right end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use paywarden::books::{Body, Channel, Event, OpenBlock};
use paywarden::clock::Clock;
use paywarden::engine::{Begun, Engine, Order, Pace, Parts, Resolution, Rhythm};
use paywarden::ids::WalletId;
use paywarden::money::{Currency, Raw};
use paywarden::nano::{Account, Network, PrivateKey, Seed};
use paywarden::payment::IdempotencyKey;
use paywarden::policy::Policy;
use paywarden::sandbox::clock::VirtualClock;
use paywarden::sandbox::disk::{Disk, Image, Trouble};
use paywarden::store::{Guards, LedgerSigner, Store, StoreError};
use paywarden::wallet::{Keystore, WorkPool};
use uuid::Uuid;

use crate::plant::Plant;
pub(crate) use crate::world::World;
use crate::world::{SCRIPTS, Script};

pub(crate) const SEED: [u8; 32] = [0x42; 32];
pub(crate) const XNO: u128 = Raw::ONE_XNO.get();
/// Torn images of each crash, and every how many crashes a second one follows. `PAYWARDEN_PROMISES_FULL=1` takes more.
const TORN: u64 = 2;
const NESTED_EVERY: u64 = 3;
const STEPS: usize = 400;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scene {
    Send,
    Approved,
    Receive,
    Change,
}

const SCENES: [Scene; 4] = [Scene::Send, Scene::Approved, Scene::Receive, Scene::Change];

pub(crate) fn key() -> PrivateKey {
    Seed::from_bytes(SEED).derive(0)
}

pub(crate) fn payee() -> Account {
    PrivateKey::from_bytes([9; 32]).account()
}

/// Who is to vote in [`Scene::Change`].
fn voter() -> Account {
    PrivateKey::from_bytes([8; 32]).account()
}

pub(crate) fn open(disk: &Disk, world: &World) -> Result<Engine, StoreError> {
    open_by(disk, world, Arc::new(world.clock.clone()))
}

/// A wallet that waits by `clock`.
pub(crate) fn open_by(
    disk: &Disk,
    world: &World,
    clock: Arc<dyn Clock>,
) -> Result<Engine, StoreError> {
    let store = Store::open(world.plant.engine(disk)?, guards(world.clock.clone()), false)?;
    let keystore = Keystore::new(Network::Sandbox, &Seed::from_bytes(SEED), 1);
    for lane in store.read(|view| view.lanes())? {
        keystore.derive(lane.index);
    }
    Ok(Engine::new(Parts {
        store,
        node: world.plant.node(&world.node),
        confirmations: None,
        keystore: Arc::new(keystore),
        key_file: None,
        work: WorkPool::new(Network::Sandbox.thresholds().epoch_2_send, 0, None),
        clock,
        rhythm: Rhythm::SANDBOX,
        representative: Network::Sandbox.genesis_account(),
        step: world.plant.step(),
        anchor: None,
        ledger_key: None,
    }))
}

fn guards(clock: VirtualClock) -> Guards {
    let signer = LedgerSigner::from_bytes(&[5; 32]);
    Guards { clock: Arc::new(clock), signer, anchor: None, marker: None }
}

/// What an image of the disk holds.
pub(crate) fn stored(image: &Image) -> Store {
    let engine = Plant::Nothing.engine(&Disk::new(image.clone())).unwrap();
    Store::open(engine, guards(VirtualClock::default()), false).unwrap()
}

/// Lets the lane come to rest; an error of the store ends it, as death would.
pub(crate) async fn rest(engine: &Engine, world: &World) {
    let account = key().account();
    for _ in 0..STEPS {
        world.tick(engine);
        let Ok(pace) = engine.drive_lane(account).await else { return };
        let Ok(lane) = engine.store().read(|view| view.lane(&account)) else { return };
        let lane = lane.expect("the account is known");
        let receivable = world.node.head(&account).is_some() && waiting(world) > 0;
        let busy = lane.open.is_some() || lane.queued > 0 || receivable || world.is_early();
        if (!busy || lane.frozen.is_some()) && pace != Pace::Again {
            return;
        }
        if let Pace::After(pause) = pace {
            world.clock.advance(pause.min(Duration::from_secs(1)));
        }
    }
}

/// Confirmed sends to the wallet that it has not received.
fn waiting(world: &World) -> usize {
    use paywarden::network::Node as _;
    let ask = world.node.receivable(key().account(), Raw::new(1), 16);
    let mut ask = std::pin::pin!(ask);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match ask.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Ok(list)) => list.len(),
        _ => 1,
    }
}

pub(crate) fn order(amount: u128) -> Order {
    Order {
        call_id: Uuid::from_u128(amount),
        operation: "wallet.send",
        agent_id: None,
        destination: payee(),
        label: None,
        amount: Raw::new(amount).into(),
        mandate_id: None,
        memo: None,
        account: key().account(),
        publish_via: paywarden::payment::PublishVia::Node,
        purpose: None,
        idempotency_key: Some(IdempotencyKey::try_from("once".to_owned()).unwrap()),
    }
}

/// A wallet with 10 XNO; for [`Scene::Approved`] with a payment that waits.
pub(crate) async fn base(scene: Scene) -> (Image, World) {
    let world = World::new();
    let disk = Disk::new(Image::default());
    let engine = open(&disk, &world).unwrap();
    let policy = Policy::sandbox();
    let policy_hash = policy.hash();
    let ledger_key = LedgerSigner::from_bytes(&[5; 32]).public_pem();
    let wallet_id = WalletId(Uuid::from_u128(1));
    let events: Vec<Event> = vec![
        Body::WalletCreated { wallet_id, network: Network::Sandbox, ledger_key }.into(),
        Body::PolicyLoaded { policy, policy_hash }.into(),
        Body::AccountAdded { index: 0, account: key().account() }.into(),
    ];
    engine.store().commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    world.node.faucet_confirmed(key().account(), Raw::new(10 * XNO)).unwrap();
    rest(&engine, &world).await;
    while world.node.head(&key().account()).is_none() {
        rest(&engine, &world).await;
        world.clock.advance(Duration::from_millis(50));
    }
    rest(&engine, &world).await;
    if scene == Scene::Approved {
        engine.pay(order(3 * XNO)).await.unwrap();
    }
    if scene == Scene::Receive {
        world.node.faucet_confirmed(key().account(), Raw::new(2 * XNO)).unwrap();
    }
    (disk.wreck().killed(), world)
}

/// What the caller does, and does again after a failure; true once it has an answer.
async fn act(scene: Scene, engine: &Engine) -> bool {
    match scene {
        Scene::Send => engine.pay(order(XNO)).await.is_ok(),
        Scene::Approved => {
            let Ok(waiting) = engine.approvals() else { return false };
            let Some(question) = waiting.first() else { return true };
            let (approved, channel, reason) = (true, Channel::Cli, None);
            let (approval_id, call_id) = (question.id, None);
            let yes = Resolution { approval_id, approved, channel, reason, call_id };
            engine.answer_approval(yes).await.is_ok()
        }
        Scene::Receive => true,
        Scene::Change => match engine.begin_change(key().account(), voter()).await {
            Ok(begun) => begun != Begun::Busy,
            Err(failure) => failure.code == "WALLET_FROZEN",
        },
    }
}

/// The one right end, whatever happened on the way.
async fn check(scene: Scene, script: Script, engine: &Engine, world: &World, case: &str) {
    let account = key().account();
    let read = engine.store().read(|view| {
        let lane = view.lane(&account)?.unwrap();
        let id = view.idempotency(None, "once")?.map(|row| row.payment_id);
        let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
        Ok((lane, view.budget(Currency::XNO)?, payment))
    });
    let (lane, budget, payment) = read.unwrap();
    let sent: BTreeMap<_, _> =
        world.node.blocks_of(&payee()).into_iter().map(|hash| (hash, ())).collect();
    assert!(sent.is_empty(), "{case}: nobody receives for the payee");
    let amount = match scene {
        Scene::Send => XNO,
        Scene::Approved => 3 * XNO,
        Scene::Receive | Scene::Change => 0,
    };
    let rival = script == Script::RivalWins;
    if scene == Scene::Receive {
        if !rival {
            assert_eq!(lane.balance, Raw::new(12 * XNO), "{case}: received once");
        }
    } else if scene == Scene::Change {
        if !rival {
            let head = world.node.block(&lane.head).unwrap();
            assert_eq!(head.contents.block.representative, voter(), "{case}: changed");
        }
    } else {
        let payment = payment.unwrap_or_else(|| panic!("{case}: the payment is lost"));
        assert!(payment.state.is_final(), "{case}: stuck in {:?}", payment.state);
        let settled = payment.state.status() == paywarden::payment::Status::Settled;
        assert_eq!(settled, !rival, "{case}: {:?}", payment.state);
        let spent = if settled { amount } else { 0 };
        assert!(rival || budget.settled == spent, "{case}: {budget:?}");
        if !rival {
            assert_eq!(lane.balance, Raw::new(10 * XNO - spent), "{case}: paid once");
        }
    }
    assert_eq!(budget.reserved, 0, "{case}: a reservation is stuck");
    assert_eq!(lane.reserved, Raw::ZERO, "{case}: the lane's reservation is stuck");
    assert!(lane.open.is_none() && lane.queued == 0, "{case}: the lane is stuck");
    if rival {
        assert!(lane.frozen.is_some(), "{case}: no alarm");
    } else {
        assert_eq!(
            lane.balance,
            world.node.confirmed_balance(&account),
            "{case}: books and network"
        );
        assert_eq!(Some(lane.head), world.node.blocks_of(&account).last().copied(), "{case}");
    }
    let audit = engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "{case}: {:?}", audit.report);
}

/// Nothing may be on the network that is not durable.
pub(crate) fn check_published(disk: &Disk, world: &World, case: &str) {
    let after = Disk::new(disk.wreck().power_cut());
    let engine = open(&after, world).unwrap_or_else(|e| panic!("{case}: {e}"));
    for hash in world.node.blocks_of(&key().account()) {
        let foreign = world.node.block(&hash).is_some_and(|info| {
            info.contents.block.link
                == paywarden::nano::Link::from(Network::Sandbox.genesis_account())
                || info.contents.block.link.is_zero()
                || info.contents.block.link.is_epoch()
                || ![voter(), Network::Sandbox.genesis_account()]
                    .contains(&info.contents.block.representative)
        });
        let known = engine.store().read(|view| view.is_our_block(&hash)).unwrap();
        assert!(known || foreign, "{case}: {hash} left before it was durable");
    }
}

async fn finish(scene: Scene, script: Script, image: Image, world: &World, case: &str) {
    let disk = Disk::new(image);
    let engine = open(&disk, world).unwrap_or_else(|e| panic!("{case}: {e}"));
    world.node.up();
    rest(&engine, world).await;
    // A caller asks again when the node could not be asked.
    let mut answered = false;
    for _ in 0..3 {
        answered = answered || act(scene, &engine).await;
    }
    assert!(answered, "{case}: the caller gets no answer");
    rest(&engine, world).await;
    check(scene, script, &engine, world, case).await;
}

async fn crash_everywhere(scene: Scene, script: Script, plant: Plant) -> (u64, u64) {
    let (image, mut world) = base(scene).await;
    world.play(script, plant);
    let (mut cases, mut nested) = (0, 0);
    for k in 1.. {
        let world = world.fork();
        let disk = Disk::new(image.clone());
        disk.trouble(Trouble::DeathAt(k));
        if let Ok(engine) = open(&disk, &world) {
            act(scene, &engine).await;
            rest(&engine, &world).await;
        }
        let name = format!("{scene:?} {script:?} k={k}");
        check_published(&disk, &world, &name);
        let wreck = disk.wreck();
        let torn = (0..torn_images()).map(|seed| (format!("torn {seed}"), wreck.torn(seed + k)));
        let whole =
            [("killed".to_owned(), wreck.killed()), ("power cut".to_owned(), wreck.power_cut())];
        for (kind, left) in whole.into_iter().chain(torn) {
            let case = format!("{name} {kind}");
            finish(scene, script, left.clone(), &world.fork(), &case).await;
            cases += 1;
            if cases % nested_every() != 0 {
                continue;
            }
            // A second death during recovery, at a place that moves with the case.
            let world = world.fork();
            let second = Disk::new(left);
            second.trouble(Trouble::DeathAt(1 + (k * 7 + cases) % 90));
            if let Ok(engine) = open(&second, &world) {
                world.node.up();
                rest(&engine, &world).await;
                act(scene, &engine).await;
                rest(&engine, &world).await;
            }
            let case = format!("{case}, then again");
            finish(scene, script, second.wreck().killed(), &world.fork(), &case).await;
            finish(scene, script, second.wreck().power_cut(), &world, &case).await;
            nested += 2;
        }
        if disk.operations() < k {
            break;
        }
    }
    (cases, nested)
}

#[expect(clippy::disallowed_methods, reason = "the knob of the full run")]
pub(crate) fn is_full_run() -> bool {
    std::env::var("PAYWARDEN_PROMISES_FULL").is_ok_and(|value| value == "1")
}

fn torn_images() -> u64 {
    if is_full_run() { 8 * TORN } else { TORN }
}

fn nested_every() -> u64 {
    if is_full_run() { 1 } else { NESTED_EVERY }
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn p1_a_crash_anywhere_loses_and_doubles_nothing() {
    let halves: Vec<_> = [&SCRIPTS[..6], &SCRIPTS[6..]]
        .into_iter()
        .map(|scripts| {
            std::thread::spawn(move || {
                let mut sums = (0, 0);
                for script in scripts {
                    for scene in SCENES {
                        let (cases, nested) = run(crash_everywhere(scene, *script, Plant::Nothing));
                        sums = (sums.0 + cases, sums.1 + nested);
                    }
                }
                sums
            })
        })
        .collect();
    let sums: Vec<(u64, u64)> = halves.into_iter().map(|half| half.join().unwrap()).collect();
    let (cases, nested) = sums.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    println!("P1: {cases} crashes, {nested} second crashes, all recovered");
    assert!(cases > 1_000 && nested > 1_000);
}

/// P1 must fail when it should: each of these mistakes is one that wallets have made.
#[test]
fn p1m_every_planted_mistake_is_found() {
    for (plant, script) in [
        (Plant::BroadcastBeforeCommit, Script::Fine),
        (Plant::ResignAfterTimeout, Script::Delay),
        (Plant::TwoTransactionsToClose, Script::Fine),
        (Plant::ReleaseOnUncementedRival, Script::RivalLoses),
        (Plant::BuildOnUncementedFrontier, Script::EpochLeaves),
    ] {
        let sound = std::thread::spawn(move || {
            run(crash_everywhere(Scene::Send, script, plant));
        });
        let found = sound.join().expect_err("the planted mistake is found");
        let words = found.downcast_ref::<String>().cloned().unwrap_or_default();
        println!("P1m: {plant:?} found: {words}");
    }
}

/// Another process goes on with the disk that failed once, and then the power is cut.
fn go_on(scene: Scene, disk: &Disk, world: &World, case: &str) {
    let case = format!("{case}, gone on");
    run(async {
        let engine = open(disk, world).unwrap_or_else(|e| panic!("{case}: {e}"));
        rest(&engine, world).await;
        act(scene, &engine).await;
        rest(&engine, world).await;
    });
    check_published(disk, world, &case);
    run(finish(scene, Script::Fine, disk.wreck().power_cut(), world, &case));
}

#[test]
fn p11_a_failing_disk_anywhere_lets_nothing_leave_early() {
    let mut cases = 0;
    for scene in SCENES {
        for full in [false, true] {
            let (image, world) = run(base(scene));
            for k in 1.. {
                let world = world.fork();
                let disk = Disk::new(image.clone());
                disk.trouble(if full { Trouble::FullFrom(k) } else { Trouble::ErrorAt(k) });
                let case = format!("{scene:?} full={full} k={k}");
                run(async {
                    if let Ok(engine) = open(&disk, &world) {
                        act(scene, &engine).await;
                        rest(&engine, &world).await;
                    }
                });
                check_published(&disk, &world, &case);
                let again = world.fork();
                run(finish(scene, Script::Fine, disk.wreck().killed(), &world.fork(), &case));
                run(finish(scene, Script::Fine, disk.wreck().power_cut(), &world, &case));
                cases += 2;
                let is_last = disk.operations() < k;
                // Where the first process did not come so far, the disk has not failed yet.
                if !full && !is_last {
                    go_on(scene, &disk, &again, &case);
                    cases += 1;
                }
                if is_last {
                    break;
                }
            }
        }
    }
    println!("P11: {cases} failing disks, nothing left early");
}

#[test]
fn a_lane_shows_whose_block_is_open() {
    let (image, world) = run(base(Scene::Send));
    world.node.hold_new(true);
    let disk = Disk::new(image);
    let engine = open(&disk, &world).unwrap();
    let paid = run(engine.pay(order(XNO))).unwrap();
    let lane = engine.store().read(|view| view.lane(&key().account())).unwrap().unwrap();
    assert_eq!(lane.open, Some(OpenBlock::Payment(paid.payment.id())));
}
