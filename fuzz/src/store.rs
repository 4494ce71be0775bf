//! The redb engine against rows in memory: any batches, reopened after any death.

use std::sync::LazyLock;

use paywarden::books::{MemoryRows, Rows, RowsMut, Scan, Table};
use paywarden::sandbox::disk::{Disk, Image, Trouble};
use paywarden::store::{Batch, Engine, RedbEngine};

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
    let mut batch = Batch::default();
    for step in bytes.chunks_exact(4).take(STEPS) {
        let [what, place, key, value] = *step else { continue };
        let row = (Table::ALL[usize::from(place) % TABLES], key_of(key));
        match what % 10 {
            0..4 => drop(batch.rows.insert(row, Some(vec![value; usize::from(value) * 8]))),
            4 | 5 => drop(batch.rows.insert(row, None)),
            6 => {
                let done = std::mem::take(&mut batch);
                store.engine.persist(&done).expect("nothing is wrong with the disk");
                change(&mut model, &done);
            }
            7 => look(&store, &model, step),
            8 => {
                batch = Batch::default();
                store = Store::open(store.left(value));
                look(&store, &model, step);
            }
            _ => {
                let done = std::mem::take(&mut batch);
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
                look(&store, &model, step);
            }
        }
    }
    look(&store, &model, &[0; 4]);
}

struct Store {
    disk: Disk,
    engine: RedbEngine,
}

impl Store {
    fn open(image: Image) -> Self {
        let disk = Disk::new(image);
        let engine = RedbEngine::with_backend(disk.clone()).expect("what a crash left opens");
        Self { disk, engine }
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
const STEPS: usize = 64;
