//! The conformance suite of the store port, run against every engine there is.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::*;
use crate::books::{Body, MemoryRows, Rows as _, RowsMut as _, Scan, Table};
use crate::clock::{BoxFuture, Clock, Millis};
use crate::digest::Digest;
use crate::ids::WalletId;
use crate::ledger::{Verifier, VerifyMode};
use crate::limits;
use crate::nano::Network;
use crate::policy::Policy;

#[derive(Debug, Default)]
struct StepClock(AtomicU64);

impl Clock for StepClock {
    fn now(&self) -> Millis {
        Millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn sleep(&self, _: std::time::Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn guards(dir: &Path) -> Guards {
    Guards {
        clock: Arc::new(StepClock::default()),
        signer: LedgerSigner::from_bytes(&[5; 32]),
        anchor: Some(AnchorFile::open(&dir.join("anchor.log")).unwrap()),
        marker: Some(FreezeMarker::new(dir.join("frozen"))),
    }
}

fn open(dir: &Path, threaded: bool) -> Store {
    let engine = RedbEngine::open(&dir.join("wallet.redb")).unwrap();
    Store::open(Arc::new(engine), guards(dir), threaded).unwrap()
}

fn created() -> Event {
    let signer = LedgerSigner::from_bytes(&[5; 32]);
    Body::WalletCreated {
        wallet_id: WalletId(Uuid::from_u128(1)),
        network: Network::Sandbox,
        ledger_key: signer.public_pem(),
    }
    .into()
}

fn policy() -> Event {
    let policy = Policy::sandbox();
    let policy_hash = policy.hash();
    Body::PolicyLoaded { policy, policy_hash }.into()
}

async fn write(store: &Store, events: Vec<Event>) -> Result<Head, CommitError<()>> {
    let committed = store.commit::<(), (), _>(move |_| Ok((events, ()))).await?;
    Ok(committed.head)
}

fn verify(store: &Store) -> crate::ledger::Report {
    let keys = vec![LedgerSigner::from_bytes(&[5; 32]).trusted()];
    let mut verifier = Verifier::new(VerifyMode::Signatures, keys, vec![]);
    let snapshot = store.snapshot().unwrap();
    for stored in snapshot.events(1, usize::MAX).unwrap() {
        verifier.push(&stored.decode().unwrap());
    }
    verifier.finish()
}

#[tokio::test]
async fn what_is_committed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    let head = write(&store, vec![created(), policy()]).await.unwrap();
    assert_eq!((head.seq, store.head()), (2, head));
    store.close();
    drop(store);
    let store = open(dir.path(), true);
    assert_eq!(store.head(), head);
    assert!(store.read(|view| view.wallet()).unwrap().is_some());
    let report = verify(&store);
    assert!(report.ok, "{report:?}");
    let anchors = AnchorFile::read(&dir.path().join("anchor.log")).unwrap();
    assert_eq!(anchors.last().unwrap().head, head);
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    let refused = store.commit::<(), _, _>(|_| Err(Refusal::No("no"))).await;
    assert!(matches!(refused, Err(CommitError::Refused("no"))));
    assert_eq!(store.head(), Head::GENESIS);
}

#[tokio::test]
async fn events_that_do_not_fit_write_nothing_and_spare_the_rest_of_the_batch() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), false);
    let id = crate::ids::PaymentId(Uuid::from_u128(9));
    let settled = Event::of(id, Body::PaymentUnknown { reason: String::new() });
    let misfit = write(&store, vec![policy(), settled]).await;
    assert!(matches!(misfit, Err(CommitError::Store(StoreError::Misfit { .. }))));
    assert_eq!(store.head(), Head::GENESIS);
    assert!(store.read(|view| view.policy()).unwrap().is_none());
    assert_eq!(write(&store, vec![created()]).await.unwrap().seq, 1);
}

#[tokio::test]
async fn an_event_at_the_limit_fits_and_one_past_it_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), false);
    let frozen = |len: usize| -> Event { Body::WalletFrozen { reason: "x".repeat(len) }.into() };
    let empty = serde_json::to_vec(&frozen(0).body).unwrap().len();
    let most = limits::EVENT_BYTES - 512 - empty;
    let past = write(&store, vec![frozen(most + 1)]).await;
    assert!(matches!(past, Err(CommitError::Store(StoreError::Misfit { .. }))));
    write(&store, vec![frozen(most)]).await.unwrap();
}

#[tokio::test]
async fn many_callers_share_commits_and_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    let callers: Vec<_> = (0..600)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let freeze = store.commit::<bool, (), _>(|view| {
                    let frozen = view.freeze()?.is_some();
                    let event = Body::WalletFrozen { reason: "first".to_owned() }.into();
                    Ok((if frozen { vec![] } else { vec![event] }, !frozen))
                });
                freeze.await.unwrap().value
            })
        })
        .collect();
    let mut first = 0;
    for caller in callers {
        first += u32::from(caller.await.unwrap());
    }
    assert_eq!((first, store.head().seq), (1, 1));
}

#[tokio::test]
async fn the_books_are_the_fold_of_the_events() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    write(&store, vec![created(), policy()]).await.unwrap();
    write(&store, vec![Body::WalletFrozen { reason: "a".into() }.into()]).await.unwrap();
    write(&store, vec![Body::WalletUnfrozen {}.into()]).await.unwrap();
    let mut folded = MemoryRows::default();
    let snapshot = store.snapshot().unwrap();
    for stored in snapshot.events(1, 100).unwrap() {
        let event = stored.decode().unwrap();
        let at = event.time().unwrap();
        let typed = Event::from_ledger(&event).unwrap();
        crate::books::apply(&mut folded, event.seq, at, &typed).unwrap();
    }
    for table in Table::ALL {
        let scan = crate::books::Scan { prefix: &[], after: None, reverse: false, limit: 1000 };
        let kept = snapshot.rows().scan(table, &scan).unwrap();
        let folded: Vec<_> = folded.table(table).map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        assert_eq!(kept, folded, "{}", table.name());
    }
}

/// Pages and looks back from a key, whatever their bounds, read as in a map.
#[test]
fn scans_are_those_of_a_map() {
    let dir = tempfile::tempdir().unwrap();
    let engine = RedbEngine::open(&dir.path().join("wallet.redb")).unwrap();
    let mut model = MemoryRows::default();
    let mut batch = Batch::new(Head::GENESIS, Millis(0));
    let parts = [0, 1, 7, 254, 255];
    let keys: Vec<Vec<u8>> = parts
        .iter()
        .flat_map(|a| parts.iter().flat_map(move |b| [vec![*a], vec![*a, *b], vec![*a, *b, 255]]))
        .collect();
    for key in keys.iter().filter(|key| key.iter().map(|b| u32::from(*b)).sum::<u32>() % 2 == 0) {
        model.put(Table::MandateSpends, key, key.clone());
        batch.rows.insert((Table::MandateSpends, key.clone()), Some(key.clone()));
    }
    engine.persist(&batch).unwrap();
    let snapshot = engine.snapshot().unwrap();
    let bounds = || std::iter::once(None).chain(keys.iter().map(Some));
    for prefix in bounds() {
        for after in bounds() {
            for (reverse, limit) in [(false, 0), (false, 1), (false, 99), (true, 1), (true, 99)] {
                let prefix = prefix.map_or(&[][..], Vec::as_slice);
                let scan = Scan { prefix, after: after.map(Vec::as_slice), reverse, limit };
                let found = snapshot.rows().scan(Table::MandateSpends, &scan).unwrap();
                assert_eq!(found, model.scan(Table::MandateSpends, &scan).unwrap(), "{scan:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_freeze_marker_is_booked_before_anything_else_and_deleting_it_lifts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    let marker = FreezeMarker::new(dir.path().join("frozen"));
    marker.set("stop it").unwrap();
    assert_eq!(store.marker_reason().as_deref(), Some("stop it"));
    let seen = store
        .commit::<Option<String>, (), _>(|view| {
            Ok((vec![], view.freeze()?.map(|freeze| freeze.reason)))
        })
        .await
        .unwrap();
    assert_eq!((seen.value.as_deref(), seen.head.seq), (Some("stop it"), 1));
    marker.clear().unwrap();
    assert!(store.read(|view| view.freeze()).unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_replaced_is_not_written_past() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wallet.redb");
    let store = open(dir.path(), true);
    write(&store, vec![created()]).await.unwrap();
    std::fs::copy(&path, dir.path().join("copy")).unwrap();
    std::fs::rename(dir.path().join("copy"), &path).unwrap();
    for _ in 0..2 {
        let refused = write(&store, vec![policy()]).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Replaced))), "{refused:?}");
    }
    assert_eq!(store.head().seq, 1);
}

#[test]
fn a_marker_is_read_up_to_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let marker = FreezeMarker::new(dir.path().join("frozen"));
    for (len, seen) in [
        (limits::REASON_BYTES, limits::REASON_BYTES),
        (limits::REASON_BYTES + 1, limits::REASON_BYTES),
    ] {
        marker.set(&"x".repeat(len)).unwrap();
        assert_eq!(marker.reason().unwrap().len(), seen);
    }
    std::fs::write(dir.path().join("frozen"), [0xff, 0xfe]).unwrap();
    assert!(marker.reason().is_some(), "an unreadable marker freezes too");
}

#[test]
fn damaged_and_newer_files_are_named_and_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wallet.redb");
    drop(open(dir.path(), false));
    let good = std::fs::read(&path).unwrap();
    let mut images = vec![(b"not a store".repeat(1000), "garbage"), (good[..5000].to_vec(), "cut")];
    let mut flipped = good.clone();
    flipped[..4096].iter_mut().for_each(|byte| *byte ^= 0x5a);
    images.push((flipped, "header"));
    let mut flipped = good.clone();
    let pages = usize::try_from(journal::PAGES_AT).unwrap();
    flipped[pages..pages + 4096].iter_mut().for_each(|byte| *byte ^= 0x5a);
    images.push((flipped, "header of redb"));
    images.push((good[..pages - 1].to_vec(), "cut within the journal"));
    for (image, what) in images {
        std::fs::write(&path, &image).unwrap();
        let probed = probe_file(&path);
        assert!(matches!(probed, Err(StoreError::Corrupt { .. })), "{what}: {probed:?}");
        assert_eq!(std::fs::read(&path).unwrap(), image, "{what}");
    }
    std::fs::write(&path, &good).unwrap();
    let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    let file = ::redb::backends::FileBackend::new(file).unwrap();
    let (_, pages) = journal::split(file, 0).unwrap();
    let newer = ::redb::Builder::new().create_with_backend(pages).unwrap();
    let write = newer.begin_write().unwrap();
    let meta: ::redb::TableDefinition<'_, &str, u32> = ::redb::TableDefinition::new("meta");
    write.open_table(meta).unwrap().insert("format", FORMAT + 1).unwrap();
    write.commit().unwrap();
    drop(newer);
    let image = std::fs::read(&path).unwrap();
    let found = StoreError::Newer { found: FORMAT + 1, ours: FORMAT };
    assert_eq!(probe_file(&path), Err(found));
    assert_eq!(std::fs::read(&path).unwrap(), image);
}

#[test]
fn a_store_is_opened_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), false);
    let path = dir.path().join("wallet.redb");
    assert_eq!(RedbEngine::open(&path).err(), Some(StoreError::Busy));
    drop(store);
    RedbEngine::open(&path).unwrap();
}

#[test]
fn an_anchor_file_forgives_a_torn_last_line_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("anchor.log");
    assert!(AnchorFile::read(&path).unwrap().is_empty());
    let hash = "ab".repeat(32);
    std::fs::write(&path, format!("1:{hash} t\n2:{hash}")).unwrap();
    assert_eq!(AnchorFile::read(&path).unwrap().len(), 1);
    assert_eq!(AnchorFile::last(&path).unwrap().unwrap().head.seq, 1);
    std::fs::write(&path, format!("1:nonsense t\n2:{hash} t\n")).unwrap();
    assert!(AnchorFile::read(&path).is_err());
    std::fs::write(&path, "1:nonsense t\n").unwrap();
    assert!(AnchorFile::last(&path).is_err());
}

/// A power cut may leave a part of a line, or a hole that reads as zeros, longer than any line.
#[test]
fn an_anchor_file_goes_on_after_a_torn_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("anchor.log");
    let line = |seq: u64| format!("{seq}:{} t\n", "ab".repeat(32));
    for torn in ["", "3:ab", &"\0".repeat(1_000), &"\0".repeat(160)] {
        for whole in ["", &line(1), &(line(1) + &line(2))] {
            std::fs::write(&path, format!("{whole}{torn}")).unwrap();
            let lines = whole.lines().count() as u64;
            let last = AnchorFile::last(&path).unwrap().map(|anchor| anchor.head.seq);
            assert_eq!(last, Some(lines).filter(|lines| *lines > 0));
            let mut file = AnchorFile::open(&path).unwrap();
            file.append(format!("9:{}", "cd".repeat(32)).parse().unwrap(), Millis(0));
            assert_eq!(AnchorFile::read(&path).unwrap().len() as u64, lines + 1);
            assert_eq!(AnchorFile::last(&path).unwrap().unwrap().head.seq, 9);
        }
    }
}

/// Whatever the batches come to: the rotation may stand at the beginning, in the middle or at the end of one.
#[tokio::test]
async fn a_rotation_among_other_commits_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), true);
    write(&store, vec![created()]).await.unwrap();
    let (next, after) = ([6; 32], [7; 32]);
    let commits: Vec<_> = (0..40)
        .map(|at| {
            let store = store.clone();
            tokio::spawn(async move {
                match at {
                    13 => store.rotate_key(LedgerSigner::from_bytes(&next)).await.map(drop).is_ok(),
                    _ => write(&store, vec![policy(), policy()]).await.is_ok(),
                }
            })
        })
        .collect();
    for commit in commits {
        assert!(commit.await.unwrap());
    }
    assert_eq!(store.trusted_key(), LedgerSigner::from_bytes(&next).trusted());
    // Two that meet in one commit: one of them may be refused, and the other holds.
    let again = || store.rotate_key(LedgerSigner::from_bytes(&after));
    let other = store.rotate_key(LedgerSigner::from_bytes(&[8; 32]));
    let (first, second) = tokio::join!(again(), other);
    assert!(first.is_ok() || second.is_ok());
    let report = verify(&store);
    assert!(report.ok, "{report:?}");
    assert_eq!(report.rotations, 1 + u64::from(first.is_ok()) + u64::from(second.is_ok()));
    let pem = store.read(|view| view.wallet()).unwrap().unwrap().ledger_key;
    assert_eq!(pem, store.trusted_key().to_pem());
}

/// Any read of the books wants the time of the last event, and that it is the one it stands for.
#[test]
fn the_last_event_is_read_for_its_place_and_time_alone() {
    let stored = |seq, bytes: &str| StoredEvent {
        seq,
        hash: Digest::GENESIS,
        signature: None,
        bytes: bytes.as_bytes().to_vec(),
    };
    let whole = r#"{"at":"2026-11-21T04:00:00.123Z","data":{"a":[1]},"seq":7,"type":"x"}"#;
    assert_eq!(stored(7, whole).time(), Ok(Millis(1_795_233_600_123)));
    assert!(stored(8, whole).time().is_err(), "another one's place");
    assert!(stored(7, &whole[..40]).time().is_err(), "cut short");
    assert!(stored(7, &whole.replace("2026", "last")).time().is_err(), "no time");
    assert!(stored(7, &whole.replace(r#""seq":7,"#, "")).time().is_err(), "no place");
}
