//! P8: many holders of one seed sign on the same block. At most one settles; the others give back what they held only
//! after the rival is confirmed, and raise the alarm.

use paywarden::engine::Engine;
use paywarden::money::{Currency, Raw};
use paywarden::nano::{PrivateKey, SignedBlock};
use paywarden::payment::Status;
use paywarden::sandbox::disk::Disk;
use paywarden::sandbox::nano::solve;

use crate::crash::{Scene, XNO, base, is_full_run, key, open, order, rest, run};

const SIGNERS: usize = 5;

#[test]
fn p8_of_many_signers_on_one_block_at_most_one_settles() {
    let races = if is_full_run() { 10_000 } else { 100 };
    let ends = run(async {
        let mut ends = [0_usize; SIGNERS];
        let (image, world) = base(Scene::Send).await;
        for race in 0..races {
            let world = world.fork();
            let signers: Vec<Engine> =
                (0..SIGNERS).map(|_| open(&Disk::new(image.clone()), &world).unwrap()).collect();
            let winner = race % SIGNERS;
            race_to(winner, race, &signers, &world).await;
            ends[winner] += 1;
        }
        ends
    });
    println!("P8: {races} races of {SIGNERS} signers, one settled each; won by place: {ends:?}");
}

async fn race_to(winner: usize, race: usize, signers: &[Engine], world: &crate::crash::World) {
    let case = format!("race {race}, won by {winner}");
    world.node.hold_new(true);
    let mut blocks: Vec<SignedBlock> = Vec::new();
    for (place, signer) in signers.iter().enumerate() {
        let mut order = order(XNO);
        order.destination = PrivateKey::from_bytes([place as u8 + 1; 32]).account();
        signer.pay(order).await.unwrap_or_else(|e| panic!("{case}: {e}"));
        blocks.push(intent(signer).unwrap_or_else(|| panic!("{case}: nothing signed")));
    }
    // All have published; the network holds one of them, unconfirmed.
    for _ in 0..3 {
        for signer in signers {
            let _ = signer.drive_lane(key().account()).await.unwrap();
        }
    }
    for (place, signer) in signers.iter().enumerate() {
        let (status, held) = standing(signer);
        assert_eq!(status, Status::Pending, "{case}: {place} ended before the network did");
        assert_eq!(held, XNO, "{case}: {place} gave back before the rival was confirmed");
    }
    // The election may end for another block than the first to arrive.
    let mut elected = blocks[winner];
    elected.work = Some(solve(&elected.block.root()));
    world.node.elect(&elected).unwrap();
    world.node.hold_new(false);
    world.node.confirm(&elected.hash()).unwrap();
    for signer in signers {
        rest(signer, world).await;
    }
    for (place, signer) in signers.iter().enumerate() {
        let (status, held) = standing(signer);
        assert_eq!(held, 0, "{case}: {place} holds on");
        let lane = signer.store().read(|view| view.lane(&key().account())).unwrap().unwrap();
        if place == winner {
            assert_eq!(status, Status::Settled, "{case}");
            assert_eq!(lane.balance, Raw::new(9 * XNO), "{case}");
        } else {
            assert_eq!(status, Status::Failed, "{case}: {place}");
            assert!(lane.frozen.is_some(), "{case}: {place} raised no alarm");
        }
        assert!(signer.audit(true, vec![]).await.unwrap().report.ok, "{case}: {place}");
    }
}

fn intent(signer: &Engine) -> Option<SignedBlock> {
    let read = signer.store().read(|view| {
        let id = view.idempotency(None, "once")?.map(|row| row.payment_id);
        let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
        Ok(payment.and_then(|payment| payment.state.block().map(|intent| intent.block)))
    });
    read.unwrap()
}

fn standing(signer: &Engine) -> (Status, u128) {
    let read = signer.store().read(|view| {
        let id = view.idempotency(None, "once")?.expect("the payment was asked for").payment_id;
        let payment = view.payment(id)?.expect("the payment is known");
        Ok((payment.state.status(), view.budget(Currency::XNO)?.reserved))
    });
    read.unwrap()
}
