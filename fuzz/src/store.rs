//! The redb engine against rows in memory: any batches, reopened after any death.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use paywarden::books::{MemoryRows, Rows, RowsMut, Scan, Table};
use paywarden::clock::Millis;
use paywarden::digest::Digest;
use paywarden::ledger::Head;
use paywarden::sandbox::disk::{Disk, Image, Trouble};
use paywarden::store::{Batch, Engine, RedbEngine, StoredEvent};

/// A store that was just made.
static EMPTY: LazyLock<Image> = LazyLock::new(|| {
    let disk = Disk::new(Image::default());
    drop(RedbEngine::with_backend(disk.clone()).expect("a new store"));
    disk.wreck().killed()
});

/// Four bytes are one operation: put, delete, commit, look, die between commits or within one. After each the rows are
/// those of the model; after a death in a commit, those before it or those after it.
pub fn operations(bytes: &[u8]) {
    let mut store = Store::open(EMPTY.clone());
    let mut model = MemoryRows::default();
    let mut batch = Changes::new();
    for step in bytes.chunks_exact(4).take(STEPS) {
        let [what, place, key, value] = *step else { continue };
        let row = (Table::ALL[usize::from(place) % TABLES], key_of(key));
        match what % 10 {
            0..4 => drop(batch.insert(row, Some(vec![value; usize::from(value) * 8]))),
            4 | 5 => drop(batch.insert(row, None)),
            6 => {
                let done = store.batch(std::mem::take(&mut batch), value);
                store.engine.persist(&done).expect("nothing is wrong with the disk");
                store.head = done.head();
                change(&mut model, &done);
            }
            7 => look(&store, &model, step),
            8 => {
                batch = Changes::new();
                let head = store.head;
                store = Store::open(store.left(value));
                assert_eq!(store.head, head, "nothing that was answered is lost");
                look(&store, &model, step);
            }
            _ => {
                let done = store.batch(std::mem::take(&mut batch), key);
                let head = store.head;
                store
                    .disk
                    .trouble(Trouble::DeathAt(store.disk.operations() + 1 + u64::from(place) % 24));
                let persisted = store.engine.persist(&done);
                store = Store::open(store.left(value));
                let mut after = model.clone();
                change(&mut after, &done);
                if persisted.is_ok() || rows_of(&store) == rows(&after) {
                    model = after;
                }
                let heads = [done.head(), if persisted.is_ok() { done.head() } else { head }];
                assert!(heads.contains(&store.head), "{:?} of {heads:?}", store.head);
                look(&store, &model, step);
            }
        }
    }
    look(&store, &model, &[0; 4]);
}

type Changes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

struct Store {
    disk: Disk,
    engine: RedbEngine,
    head: Head,
}

impl Store {
    fn open(image: Image) -> Self {
        let disk = Disk::new(image);
        let engine = RedbEngine::with_room(disk.clone(), ROOM).expect("what a crash left opens");
        let (head, _) = engine.snapshot().and_then(|now| now.head()).expect("it has a head");
        Self { disk, engine, head }
    }

    /// These changes, mostly with an event, as all batches of a wallet are.
    fn batch(&self, rows: Changes, dice: u8) -> Batch {
        let mut batch = Batch { rows, ..Batch::new(self.head, Millis(0)) };
        if !dice.is_multiple_of(5) {
            let seq = self.head.seq + 1;
            let text = format!(r#"{{"at":"2026-01-01T00:00:00.000Z","seq":{seq}}}"#).into_bytes();
            let hash = Digest::of(&[&text[..], &[dice]].concat());
            batch.events.push(StoredEvent { seq, hash, signature: None, bytes: text });
        }
        batch
    }

    /// What a death leaves of it.
    fn left(&self, kind: u8) -> Image {
        let wreck = self.disk.wreck();
        match kind % 4 {
            0 => wreck.killed(),
            1 => wreck.power_cut(),
            _ => wreck.torn(kind.into()),
        }
    }
}

/// Few keys, so that they meet, some of them prefixes of others.
fn key_of(byte: u8) -> Vec<u8> {
    vec![b'k'; 1 + usize::from(byte) % 7]
}

fn change(model: &mut MemoryRows, batch: &Batch) {
    for ((table, key), value) in &batch.rows {
        match value {
            Some(value) => model.put(*table, key, value.clone()),
            None => model.delete(*table, key),
        }
    }
}

/// One scan as the step has it, one row, and everything.
fn look(store: &Store, model: &MemoryRows, step: &[u8]) {
    let snapshot = store.engine.snapshot().expect("it can be read");
    let (prefix, after) = (key_of(step[1]), key_of(step[2]));
    let scan = Scan {
        prefix: &prefix,
        after: step[3].is_multiple_of(2).then_some(&after),
        reverse: step[3].is_multiple_of(3),
        limit: usize::from(step[3] % 5),
    };
    for table in &Table::ALL[..TABLES] {
        let found = snapshot.rows().scan(*table, &scan).expect("it can be read");
        assert_eq!(found, model.scan(*table, &scan).expect("memory"), "{table:?} {scan:?}");
        let row = snapshot.rows().get(*table, &prefix).expect("it can be read");
        assert_eq!(row, model.get(*table, &prefix).expect("memory"));
    }
    assert_eq!(rows_of(store), rows(model));
}

type AllRows = Vec<(Table, Vec<u8>, Vec<u8>)>;

fn rows_of(store: &Store) -> AllRows {
    let snapshot = store.engine.snapshot().expect("it can be read");
    all(snapshot.rows())
}

fn rows(model: &MemoryRows) -> AllRows {
    all(model)
}

fn all(rows: &dyn Rows) -> AllRows {
    let scan = Scan { prefix: &[], after: None, reverse: false, limit: usize::MAX };
    let of = |table: &Table| {
        let found = rows.scan(*table, &scan).expect("it can be read");
        found.into_iter().map(|(key, value)| (*table, key, value)).collect::<Vec<_>>()
    };
    Table::ALL[..TABLES].iter().flat_map(of).collect()
}

const TABLES: usize = 3;
/// Of the journal: a few commits fill it.
const ROOM: usize = 16 * 1024;
const STEPS: usize = 64;
