use proptest::prelude::*;

use super::*;
use crate::books::Table;
use crate::clock::Millis;
use crate::digest::Digest;
use crate::sandbox::disk::{Disk, Image, Trouble};
use crate::store::RedbEngine;
use crate::store::engine::{Engine as _, StoredEvent};

const ROW: &[u8] = b"key";
const ROOM: usize = limits::JOURNAL_BYTES;

/// One event, and one row of so many bytes.
fn batch(after: Head, bytes: usize) -> Batch {
    let mut batch = Batch::new(after, Millis(7));
    let seq = after.seq + 1;
    let text = format!(r#"{{"at":"2026-01-01T00:00:00.000Z","seq":{seq}}}"#).into_bytes();
    let hash = Digest::of(&text);
    batch.events.push(StoredEvent { seq, hash, signature: None, bytes: text });
    batch.rows.insert((Table::Singles, ROW.to_vec()), Some(vec![seq as u8; bytes]));
    batch.rows.insert((Table::Blocks, b"gone".to_vec()), None);
    batch
}

fn journal(disk: &Disk) -> Journal {
    split(disk.clone(), ROOM).unwrap().0.expect("a new file has one")
}

/// A file with `count` records, and their batches.
fn written(count: usize) -> (Disk, Vec<Batch>) {
    let disk = Disk::new(Image::default());
    let journal = journal(&disk);
    let mut batches: Vec<Batch> = Vec::new();
    for _ in 0..count {
        let head = batches.last().map_or(Head::GENESIS, Batch::head);
        batches.push(batch(head, 3_000 * batches.len()));
        assert!(journal.append(batches.last().unwrap()).unwrap());
    }
    (disk, batches)
}

fn flip(disk: &Disk, at: u64) {
    let mut byte = [0];
    disk.read(at, &mut byte).unwrap();
    disk.write(at, &[!byte[0]]).unwrap();
}

#[test]
fn what_was_appended_is_read_from_the_head_on() {
    let (disk, batches) = written(4);
    let journal = journal(&disk);
    assert_eq!(journal.take_up(Head::GENESIS).unwrap(), batches);
    assert_eq!(journal.take_up(batches[1].head()).unwrap(), batches[2..], "redb has the first two");
    assert!(journal.take_up(batches[3].head()).unwrap().is_empty(), "redb has them all");
}

#[test]
fn a_record_that_was_torn_is_the_last_and_a_damaged_one_before_others_is_named() {
    let places = [0, 4, 36, 40, 48, 80, 200];
    for place in places {
        let (disk, batches) = written(1);
        flip(&disk, RECORDS_AT + place);
        assert!(journal(&disk).take_up(Head::GENESIS).unwrap().is_empty(), "{place}");
        let (disk, _) = written(2);
        flip(&disk, RECORDS_AT + place);
        let found = journal(&disk).take_up(Head::GENESIS);
        assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{place}: {found:?}");
        let (disk, _) = written(2);
        flip(&disk, RECORDS_AT + PAGE_BYTES as u64 + place);
        assert_eq!(journal(&disk).take_up(Head::GENESIS).unwrap(), batches, "{place}");
    }
}

#[test]
fn records_from_before_it_began_anew_are_not_read() {
    let (disk, batches) = written(4);
    let journal = journal(&disk);
    let fresh = batch(batches[3].head(), 0);
    assert!(journal.append(&fresh).unwrap());
    assert_eq!(journal.take_up(batches[3].head()).unwrap(), [fresh]);
}

/// A process that was killed again and again before redb's turn came goes on in the same journal.
#[test]
fn the_next_record_goes_behind_those_that_were_taken_up() {
    let (disk, mut batches) = written(3);
    for _ in 0..3 {
        let journal = journal(&disk);
        assert_eq!(journal.take_up(batches[0].head()).unwrap(), batches[1..]);
        batches.push(batch(batches.last().unwrap().head(), 100));
        let syncs = disk.syncs();
        assert!(journal.append(batches.last().unwrap()).unwrap());
        assert_eq!(disk.syncs(), syncs + 1);
    }
    assert_eq!(journal(&disk).take_up(Head::GENESIS).unwrap(), batches);
}

#[test]
fn what_was_taken_up_was_synced_first() {
    let (disk, batches) = written(1);
    let fresh = batch(batches[0].head(), 10);
    let place = RECORDS_AT + record::encode(&batches[0]).len() as u64;
    disk.write(place, &record::encode(&fresh)).unwrap();
    assert_eq!(journal(&disk).take_up(batches[0].head()).unwrap(), std::slice::from_ref(&fresh));
    let cut = Disk::new(disk.wreck().power_cut());
    assert_eq!(journal(&cut).take_up(batches[0].head()).unwrap(), [fresh]);
}

/// A sync that failed leaves bytes that can be read and that no later sync writes.
#[test]
fn a_record_whose_sync_failed_is_written_again_before_it_is_believed() {
    let (disk, batches) = written(1);
    let known = journal(&disk);
    assert_eq!(known.take_up(Head::GENESIS).unwrap(), batches);
    let (lost, next) = (batch(batches[0].head(), 10), Head::GENESIS);
    disk.trouble(Trouble::ErrorAt(disk.operations() + 2));
    assert!(known.append(&lost).is_err());
    let again = journal(&disk);
    assert_eq!(again.take_up(next).unwrap(), [batches[0].clone(), lost.clone()]);
    let after = batch(lost.head(), 20);
    assert!(again.append(&after).unwrap());
    let cut = journal(&Disk::new(disk.wreck().power_cut()));
    assert_eq!(cut.take_up(next).unwrap(), [batches[0].clone(), lost, after]);
}

#[test]
fn after_a_failed_sync_nothing_is_written_not_even_to_close() {
    let disk = Disk::new(Image::default());
    let engine = RedbEngine::with_backend(disk.clone()).unwrap();
    let first = batch(Head::GENESIS, 10);
    engine.persist(&first).unwrap();
    disk.trouble(Trouble::ErrorAt(disk.operations() + 2));
    assert!(engine.persist(&batch(first.head(), 10)).is_err());
    let (before, syncs) = (disk.wreck().killed(), disk.syncs());
    drop(engine);
    assert!(disk.wreck().killed() == before && disk.syncs() == syncs);
    let engine = RedbEngine::with_backend(Disk::new(disk.wreck().power_cut())).unwrap();
    assert_eq!(engine.snapshot().unwrap().head().unwrap().0, first.head());
}

#[test]
fn a_later_layout_is_newer_and_not_damaged() {
    let (disk, _) = written(1);
    disk.write(15, b"3").unwrap();
    assert_eq!(split(disk, ROOM).err(), Some(StoreError::Newer { found: 3, ours: FORMAT }));
}

#[test]
fn a_gap_between_redb_and_the_journal_is_named() {
    let (disk, batches) = written(2);
    flip(&disk, RECORDS_AT);
    let later = journal(&disk).take_up(batches[0].head());
    assert!(matches!(later, Err(StoreError::Corrupt { .. })), "{later:?}");
}

#[test]
fn a_record_fills_the_room_and_one_byte_more_does_not_fit() {
    let fits = |bytes: usize| {
        let journal = journal(&Disk::new(Image::default()));
        let large = batch(Head::GENESIS, bytes);
        journal.append(&large).unwrap() && journal.take_up(Head::GENESIS).unwrap() == [large]
    };
    let sizes: Vec<usize> = (0..=limits::JOURNAL_BYTES).collect();
    let over = |bytes: &usize| {
        record::encode(&batch(Head::GENESIS, *bytes)).len() <= limits::JOURNAL_BYTES
    };
    let past = sizes.partition_point(over);
    assert!(fits(past - 1) && !fits(past));
}

#[test]
fn what_brings_no_event_cannot_be_told_from_a_record_of_before_and_is_not_taken() {
    let journal = journal(&Disk::new(Image::default()));
    assert!(!journal.append(&Batch::new(Head::GENESIS, Millis(0))).unwrap());
}

#[test]
fn a_file_is_laid_out_whole_or_anew() {
    let disk = Disk::new(Image::default());
    let steps = {
        drop(split(disk.clone(), ROOM).unwrap());
        disk.operations()
    };
    for step in 1..=steps {
        let disk = Disk::new(Image::default());
        disk.trouble(Trouble::DeathAt(step));
        let died = split(disk.clone(), ROOM);
        for image in [disk.wreck().killed(), disk.wreck().power_cut(), disk.wreck().torn(step)] {
            let (journal, _) = split(Disk::new(image), ROOM).unwrap();
            assert!(journal.is_some(), "step {step}: {died:?}");
        }
    }
}

#[test]
fn a_file_of_another_kind_is_left_as_it_is_and_one_cut_within_its_journal_is_named() {
    let disk = Disk::new(Image::default());
    disk.set_len(5_000).unwrap();
    let (journal, _) = split(disk.clone(), ROOM).unwrap();
    assert!(journal.is_none() && disk.len().unwrap() == 5_000);
    let (disk, _) = written(1);
    disk.set_len(PAGES_AT - 1).unwrap();
    assert!(matches!(split(disk, ROOM), Err(StoreError::Corrupt { .. })));
}

#[test]
fn a_commit_is_one_sync_and_what_a_power_cut_leaves_has_them_all() {
    let disk = Disk::new(Image::default());
    let engine = RedbEngine::with_backend(disk.clone()).unwrap();
    let (mut head, mut rounds) = (Head::GENESIS, 0);
    for _ in 0..300 {
        let before = disk.syncs();
        let batch = batch(head, 20_000);
        engine.persist(&batch).unwrap();
        head = batch.head();
        match disk.syncs() - before {
            1 => {}
            // The journal was full: redb's own, with all that went before.
            2 => rounds += 1,
            more => panic!("{more} syncs for one commit"),
        }
        if !head.seq.is_multiple_of(7) {
            continue;
        }
        let left = Disk::new(disk.wreck().power_cut());
        // Twice: the first is killed once it has caught up.
        for _ in 0..2 {
            let found = RedbEngine::with_backend(left.clone()).unwrap();
            let snapshot = found.snapshot().unwrap();
            assert_eq!(snapshot.head().unwrap().0, head);
            let row = snapshot.rows().get(Table::Singles, ROW).unwrap();
            assert_eq!(row, Some(vec![head.seq as u8; 20_000]));
            drop(snapshot);
            std::mem::forget(found);
        }
    }
    let records = limits::JOURNAL_BYTES / record::encode(&batch(head, 20_000)).len();
    assert_eq!(rounds, 300 / (records + 1));
}

proptest! {
    #[test]
    fn any_bytes_are_a_record_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..9_000) {
        let _ = record::at(&bytes).map(|record| record.decode());
        let whole = record::encode(&batch(Head::GENESIS, 5_000));
        let mut torn = whole.clone();
        torn.truncate(cut);
        if let Some(batch) = record::at(&torn).and_then(|record| record.decode()) {
            prop_assert_eq!(record::encode(&batch), whole);
        }
    }
}
