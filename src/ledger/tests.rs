//! What a verifier must notice.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Map, Value};

use super::*;
use crate::clock::Millis;

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn trusted() -> TrustedKey {
    TrustedKey::new(signing_key().verifying_key())
}

/// `count` events; every third closes a commit and is signed, the last one always.
fn chain(count: u64) -> Vec<Event> {
    let (key, id) = (signing_key(), trusted().id().clone());
    let mut chain = Chain::new(Head::GENESIS, Millis(0));
    (1..=count)
        .map(|seq| {
            let signed = seq % 3 == 0 || seq == count;
            let data = Map::from_iter([("n".to_owned(), Value::from(seq))]);
            let payment = (seq % 2 == 0).then(|| format!("p{seq}"));
            let key_id = signed.then_some(&id);
            let sealed = chain.append(Millis(seq * 1000), "t", payment, data, key_id).unwrap();
            let mut event = sealed.event;
            if signed {
                event.signature = Some(EventSignature(key.sign(&event.hash.0).to_bytes()));
            }
            event
        })
        .collect()
}

fn verify(events: &[Event], expected: Vec<Head>) -> Report {
    let mut verifier = Verifier::new(VerifyMode::Signatures, vec![trusted()], expected);
    events.iter().for_each(|event| verifier.push(event));
    verifier.finish()
}

fn head(events: &[Event]) -> Head {
    events.last().map_or(Head::GENESIS, |event| Head { seq: event.seq, hash: event.hash })
}

#[test]
fn a_whole_chain_holds() {
    for count in [0, 1, 2, 3, 255, 256, 257, 800] {
        let events = chain(count);
        let report = verify(&events, vec![Head::GENESIS, head(&events)]);
        assert!(report.ok, "{count}: {report:?}");
        assert_eq!((report.events, report.head), (count, head(&events)));
    }
}

#[test]
fn events_survive_export() {
    for event in chain(4) {
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let events = chain(9);
    for (index, event) in events.iter().enumerate() {
        let line = serde_json::to_vec(event).unwrap();
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            let Ok(changed) = serde_json::from_slice::<Event>(&changed) else { continue };
            if changed == *event {
                continue;
            }
            let mut tampered = events.clone();
            tampered[index] = changed;
            let report = verify(&tampered, vec![]);
            assert!(!report.ok, "event {} byte {at}", index + 1);
            assert!(report.broken_at.unwrap() <= index as u64 + 2);
        }
    }
}

#[test]
fn removed_swapped_inserted_and_doubled_events_are_noticed() {
    let events = chain(12);
    for at in 0..events.len() - 1 {
        let mut removed = events.clone();
        removed.remove(at);
        assert_eq!(verify(&removed, vec![]).broken_at, Some(at as u64 + 1));
        let mut swapped = events.clone();
        swapped.swap(at, at + 1);
        assert_eq!(verify(&swapped, vec![]).broken_at, Some(at as u64 + 1));
        let mut doubled = events.clone();
        doubled.insert(at, events[at].clone());
        assert!(!verify(&doubled, vec![]).ok);
    }
}

#[test]
fn a_cut_tail_is_noticed_by_an_anchor_or_a_missing_signature() {
    let events = chain(12);
    let anchor = vec![head(&events)];
    for keep in 0..events.len() {
        let report = verify(&events[..keep], anchor.clone());
        assert!(!report.ok, "{keep}");
        let unsigned = keep % 3 != 0;
        assert_eq!(verify(&events[..keep], vec![]).ok, !unsigned, "{keep}");
    }
}

#[test]
fn a_chain_computed_anew_is_noticed() {
    let events = chain(6);
    let mut forged = Chain::new(Head::GENESIS, Millis(0));
    let other = SigningKey::from_bytes(&[8; 32]);
    let rewrite = |id: &KeyId, forged: &mut Chain| -> Vec<Event> {
        (1..=6)
            .map(|seq| {
                let sealed = forged.append(Millis(seq), "t", None, Map::new(), Some(id)).unwrap();
                let mut event = sealed.event;
                event.signature = Some(EventSignature(other.sign(&event.hash.0).to_bytes()));
                event
            })
            .collect()
    };
    let own_id = TrustedKey::new(other.verifying_key()).id().clone();
    let report = verify(&rewrite(&own_id, &mut forged.clone()), vec![]);
    assert!(report.reason.unwrap().starts_with("signed by the unknown key"));
    let report = verify(&rewrite(trusted().id(), &mut forged), vec![]);
    assert_eq!((report.broken_at, report.reason.as_deref()), (Some(1), Some("signature invalid")));
    // Even the holder of the key cannot rewrite what an anchor has seen.
    let report = verify(&chain(5), vec![head(&events[..3])]);
    assert!(report.ok);
    let mut rewritten = Chain::new(Head::GENESIS, Millis(0));
    let key = signing_key();
    let rewritten: Vec<Event> = (1..=6)
        .map(|_| {
            let id = trusted().id().clone();
            let sealed = rewritten.append(Millis(9), "u", None, Map::new(), Some(&id)).unwrap();
            let mut event = sealed.event;
            event.signature = Some(EventSignature(key.sign(&event.hash.0).to_bytes()));
            event
        })
        .collect();
    let report = verify(&rewritten, vec![head(&events[..3])]);
    assert_eq!(report.broken_at, Some(3));
    assert!(report.reason.unwrap().starts_with("rewritten"));
}

#[test]
fn the_first_of_many_bad_signatures_is_named() {
    let mut events = chain(1_200);
    for seq in [601usize, 900] {
        let event = events.iter_mut().skip(seq).find(|event| event.signature.is_some()).unwrap();
        event.signature = Some(EventSignature([3; 64]));
    }
    let report = verify(&events, vec![]);
    assert_eq!(report.broken_at, Some(603));
}
