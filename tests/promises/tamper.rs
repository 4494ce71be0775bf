//! P5 for the store itself: whichever byte of the file is changed, it does not open, or the check of the ledger fails, or
//! everything in it is as it was.
//!
//! CI takes a sample of the bytes; `PAYWARDEN_TAMPER_EVERY=1` takes every one.

use paywarden::books::{Scan, Table};
use paywarden::engine::Engine;
use paywarden::ledger::Head;
use paywarden::payment::IdempotencyKey;
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::store::StoredEvent;
use redb::StorageBackend as _;
use uuid::Uuid;

use crate::crash::{Scene, World, base, open, order, rest, run};
use crate::dice::{Dice, number};

/// A prime, so that the sample meets every place of a page in time.
const EVERY: u64 = 1_009;
const PAGE: u64 = 4_096;
const PAYMENTS: u128 = 12;

#[test]
fn p5_no_byte_of_the_store_can_be_changed_unseen() {
    let (closed, killed, world) = run(with_payments());
    change_everywhere("closed", &closed, &world);
    // Its last payments are in the journal alone.
    change_everywhere("killed", &killed, &world);
}

fn change_everywhere(name: &str, image: &Image, world: &World) {
    let (every, seed) = (number("PAYWARDEN_TAMPER_EVERY", EVERY), number("PAYWARDEN_SEED", 0x7a3));
    // The head as it stands in the anchor file: without it, a store that has lost its last events looks whole.
    let head = open(&Disk::new(image.clone()), world).unwrap().store().head();
    let whole = run(content(image, world, head)).expect("an untouched store is whole");
    let mut dice = Dice(seed);
    let (mut refused, mut same) = (0, 0);
    // Pages that were never written are the same in every store, and not worth most of the sample.
    let pages = (0..image.len() / PAGE).filter(|page| is_used(image, *page));
    let places = pages.flat_map(|page| page * PAGE..(page + 1) * PAGE);
    let places: Vec<u64> = places.step_by(usize::try_from(every).unwrap()).collect();
    let mut missed = Vec::new();
    for place in &places {
        let changed = changed(image, *place, 1 << dice.below(8));
        match run(content(&changed, world, head)) {
            None => refused += 1,
            Some(content) if content == whole => same += 1,
            Some(_) => missed.push(*place),
        }
    }
    println!(
        "P5: {} of {} bytes of a store that was {name} changed: {refused} refused or found by verify, {same} without effect, {} missed, seed {seed:#x}",
        places.len(),
        image.len(),
        missed.len(),
    );
    assert!(missed.is_empty(), "changed unseen: {missed:?}");
}

/// A store with payments, as it is once it was closed, and as a kill leaves it.
async fn with_payments() -> (Image, Image, World) {
    let (image, world) = base(Scene::Send).await;
    let disk = Disk::new(image);
    let engine = open(&disk, &world).unwrap();
    for number in 1..=PAYMENTS {
        let mut order = order(number * 1_000_003);
        order.call_id = Uuid::from_u128(number);
        order.memo = Some(format!("payment number {number}"));
        order.idempotency_key = Some(IdempotencyKey::try_from(format!("key {number}")).unwrap());
        engine.pay(order).await.unwrap();
        rest(&engine, &world).await;
    }
    let killed = disk.wreck().killed();
    drop(engine);
    (disk.wreck().killed(), killed, world)
}

/// Everything in the store, if it opens and holds.
async fn content(image: &Image, world: &World, head: Head) -> Option<(Vec<StoredEvent>, Vec<Row>)> {
    let engine = open(&Disk::new(image.clone()), world).ok()?;
    let audit = engine.audit(true, vec![head]).await.ok()?;
    audit.report.ok.then(|| read(&engine)).flatten()
}

type Row = (Table, Vec<u8>, Vec<u8>);

fn read(engine: &Engine) -> Option<(Vec<StoredEvent>, Vec<Row>)> {
    let snapshot = engine.store().snapshot().ok()?;
    let events = snapshot.events(1, usize::MAX).ok()?;
    let scan = Scan { prefix: &[], after: None, reverse: false, limit: usize::MAX };
    let mut rows = Vec::new();
    for table in Table::ALL {
        let found = snapshot.rows().scan(table, &scan).ok()?;
        rows.extend(found.into_iter().map(|(key, value)| (table, key, value)));
    }
    Some((events, rows))
}

fn is_used(image: &Image, page: u64) -> bool {
    let start = page * PAGE;
    let mut bytes = [0; PAGE as usize];
    image.read(start, &mut bytes).unwrap();
    bytes.iter().any(|byte| *byte != 0)
}

fn changed(image: &Image, place: u64, bit: u8) -> Image {
    let mut byte = [0];
    image.read(place, &mut byte).unwrap();
    let disk = Disk::new(image.clone());
    disk.write(place, &[byte[0] ^ bit]).unwrap();
    disk.wreck().killed()
}
