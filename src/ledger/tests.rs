//! What a verifier must notice.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Map, Value};

use super::*;
use crate::clock::Millis;
use crate::digest::Digest;

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

/// At every byte of every line: in its lowest bit, and in every tenth line also in the one that makes capitals small.
#[test]
fn every_changed_byte_is_noticed() {
    let events = chain(200);
    let lines: Vec<Vec<u8>> =
        events.iter().map(|event| serde_json_canonicalizer::to_vec(event).unwrap()).collect();
    let mut hashes = Verifier::new(VerifyMode::Hashes, vec![], vec![]);
    let mut signatures = Verifier::new(VerifyMode::Signatures, vec![trusted()], vec![]);
    for (index, line) in lines.iter().enumerate() {
        for (at, bit) in (0..line.len()).flat_map(|at| [1, 0x20].map(|bit| (at, bit))) {
            let mut changed = line.clone();
            changed[at] ^= bit;
            // What hashes alone show needs no look at signatures.
            let mut quick = hashes.clone();
            quick.push_read(Entry::from_line(&changed));
            if quick.is_broken() {
                continue;
            }
            let mut full = signatures.clone();
            full.push_read(Entry::from_line(&changed));
            lines[index + 1..].iter().take(1).for_each(|l| full.push_read(Entry::from_line(l)));
            let report = full.finish();
            let seq = index as u64 + 1;
            assert!(!report.ok && report.broken_at <= Some(seq + 1), "event {seq} byte {at}");
        }
        hashes.push_read(Entry::from_line(line));
        signatures.push_read(Entry::from_line(line));
        signatures.flush();
    }
    assert!(hashes.finish().ok && signatures.finish().ok);
}

#[test]
fn a_line_may_be_written_otherwise_if_it_says_the_same() {
    for event in chain(4) {
        let pretty = serde_json::to_string_pretty(&event).unwrap().replace('\n', " ");
        let canonical = serde_json_canonicalizer::to_string(&event).unwrap();
        let read = |line: &str| Entry::from_line(line.as_bytes()).unwrap().hash_after(&event.hash);
        assert_eq!(read(&pretty), read(&canonical));
        let twice = canonical.replacen("\"n\":", "\"n\":9,\"n\":", 1);
        assert!(Entry::from_line(twice.as_bytes()).unwrap_err().to_string().contains("twice"));
    }
    for bad in [&b""[..], b"{}", b"[]", b"\xff", br#"{"seq":1}"#, b"{\"at\":1}"] {
        assert!(Entry::from_line(bad).is_err(), "{bad:?}");
    }
}

/// Ten events by the first key, a rotation, ten by the second; `tamper` changes the rotation's data before it is sealed.
fn rotated(tamper: impl Fn(&mut Map<String, Value>)) -> (Vec<Event>, [TrustedKey; 2]) {
    let keys = [signing_key(), SigningKey::from_bytes(&[8; 32])];
    let public = [0, 1].map(|at: usize| TrustedKey::new(keys[at].verifying_key()));
    let mut chain = Chain::new(Head::GENESIS, Millis(0));
    let events = (1..=21u64).map(|seq| {
        let signer = usize::from(seq > 11);
        let (kind, mut data) =
            if seq == 11 { (KEY_ROTATED, Map::new()) } else { ("t", Map::new()) };
        if seq == 11 {
            let proof = keys[1].sign(&proof_message(&chain.head().hash, &public[1]));
            let rotation = Rotation {
                key_id: public[1].id().clone(),
                ledger_key: public[1].to_pem(),
                proof: EventSignature(proof.to_bytes()),
            };
            let Ok(Value::Object(object)) = serde_json::to_value(rotation) else { unreachable!() };
            data = object;
            tamper(&mut data);
        }
        let id = public[signer].id();
        let mut event = chain.append(Millis(seq), kind, None, data, Some(id)).unwrap().event;
        event.signature = Some(EventSignature(keys[signer].sign(&event.hash.0).to_bytes()));
        event
    });
    (events.collect(), public)
}

fn verify_with(events: &[Event], keys: Vec<TrustedKey>) -> Report {
    let mut verifier = Verifier::new(VerifyMode::Signatures, keys, vec![]);
    events.iter().for_each(|event| verifier.push(event));
    verifier.finish()
}

#[test]
fn a_rotation_is_followed_from_the_first_key_alone() {
    let (events, [first, second]) = rotated(|_| {});
    let report = verify_with(&events, vec![first.clone()]);
    assert!(report.ok && report.rotations == 1, "{report:?}");
    // The chain names no first key here, so that whoever knows the second alone cannot begin.
    assert_eq!(verify_with(&events, vec![second]).broken_at, Some(1));
    // Cut right after the rotation it holds too; in the middle of what the new key signed as well.
    for keep in [10, 11, 12, 20] {
        assert!(verify_with(&events[..keep], vec![first.clone()]).ok, "{keep}");
    }
}

#[test]
fn nobody_but_the_old_key_rotates_and_only_to_a_key_that_vouches() {
    let (_, [first, _]) = rotated(|_| {});
    let reasons = [
        ("proof", Value::from("A".repeat(86) + "=="), "does not vouch"),
        ("keyId", Value::from("0000000000000000"), "another id"),
        ("ledgerKey", Value::from("-----BEGIN PUBLIC KEY-----"), "not an Ed25519"),
        ("extra", Value::from(1), "cannot be read"),
    ];
    for (field, value, words) in reasons {
        let (events, _) = rotated(|data| {
            data.insert(field.to_owned(), value.clone());
        });
        let report = verify_with(&events, vec![first.clone()]);
        assert_eq!(report.broken_at, Some(11), "{field}: {report:?}");
        assert!(report.reason.clone().unwrap().contains(words), "{field}: {report:?}");
    }
    let (mut events, [first, second]) = rotated(|_| {});
    let stranger = SigningKey::from_bytes(&[7; 32]);
    events[10].signature = Some(EventSignature(stranger.sign(&events[10].hash.0).to_bytes()));
    assert_eq!(verify_with(&events, vec![first.clone()]).broken_at, Some(11));
    // The old key counts no longer.
    let (events, _) = rotated(|_| {});
    let mut chain = Chain::new(head(&events[..11]), Millis(50));
    let mut late = chain.append(Millis(60), "t", None, Map::new(), Some(first.id())).unwrap().event;
    late.signature = Some(EventSignature(signing_key().sign(&late.hash.0).to_bytes()));
    let mut forked = events[..11].to_vec();
    forked.push(late);
    let report = verify_with(&forked, vec![first, second]);
    assert_eq!(report.broken_at, Some(12));
    assert!(report.reason.unwrap().starts_with("signed by the retired key"));
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

/// Rotated from the first key to the second and back; the first event names the first key.
fn rotated_back(first_data: Map<String, Value>) -> (Vec<Event>, [TrustedKey; 2]) {
    let keys = [signing_key(), SigningKey::from_bytes(&[8; 32])];
    let public = [0, 1].map(|at: usize| TrustedKey::new(keys[at].verifying_key()));
    let mut chain = Chain::new(Head::GENESIS, Millis(0));
    let mut append = |signer: Option<usize>, next: Option<usize>, data: Map<String, Value>| {
        let (mut kind, mut data) = ("t", data);
        if let Some(next) = next {
            let proof = keys[next].sign(&proof_message(&chain.head().hash, &public[next]));
            let rotation = Rotation {
                key_id: public[next].id().clone(),
                ledger_key: public[next].to_pem(),
                proof: EventSignature(proof.to_bytes()),
            };
            let Ok(Value::Object(object)) = serde_json::to_value(rotation) else { unreachable!() };
            (kind, data) = (KEY_ROTATED, object);
        }
        let id = signer.map(|signer| public[signer].id());
        let mut event = chain.append(Millis(5), kind, None, data, id).unwrap().event;
        let sign = |signer: usize| keys[signer].sign(&event.hash.0).to_bytes();
        event.signature = signer.map(sign).map(EventSignature);
        event
    };
    let events = vec![
        append(None, None, first_data),
        append(Some(0), None, Map::new()),
        append(Some(0), Some(1), Map::new()),
        append(Some(1), None, Map::new()),
        append(Some(1), Some(0), Map::new()),
        append(Some(0), None, Map::new()),
    ];
    (events, public)
}

fn naming(key: &TrustedKey) -> Map<String, Value> {
    Map::from_iter([("ledgerKey".to_owned(), Value::from(key.to_pem()))])
}

#[test]
fn whoever_trusts_a_later_key_alone_trusts_the_chain_that_hands_over_to_it() {
    let (events, [first, second]) = rotated_back(naming(&trusted()));
    let mut verifier = Verifier::new(VerifyMode::Signatures, vec![second.clone()], vec![]);
    events[..4].iter().for_each(|event| verifier.push(event));
    assert_eq!(verifier.keys(), [first.clone(), second.clone()]);
    let report = verifier.finish();
    assert!(report.ok && report.rotations == 1, "{report:?}");
    // Before the hand-over, and for whom no key of the line is known, it is anybody's chain.
    for (keep, key) in [(2, second), (4, TrustedKey::new(other_key().verifying_key()))] {
        let report = verify_with(&events[..keep], vec![key]);
        assert_eq!(report.broken_at, Some(2));
        assert_eq!(report.reason.unwrap(), format!("signed by the unknown key {}", first.id()));
    }
    // Only the first event may name it.
    let mut late = Chain::new(Head::GENESIS, Millis(0));
    let id = first.id().clone();
    let late: Vec<Event> = [(Map::new(), None), (naming(&first), Some(&id))]
        .map(|(data, id)| late.append(Millis(1), "t", None, data, id).unwrap().event)
        .into_iter()
        .map(|event| {
            let signature = EventSignature(signing_key().sign(&event.hash.0).to_bytes());
            Event { signature: event.key_id.as_ref().map(|_| signature), ..event }
        })
        .collect();
    let mut verifier = Verifier::new(VerifyMode::Signatures, vec![], vec![]);
    late.iter().for_each(|event| verifier.push(event));
    assert!(verifier.is_broken() && verifier.keys().is_empty());
    assert!(verify_with(&late, vec![first]).ok);
}

#[test]
fn a_stranger_in_the_middle_is_no_retired_key() {
    let stranger = TrustedKey::new(other_key().verifying_key());
    let mut events = chain(6);
    let mut forked = Chain::new(head(&events[..3]), Millis(3_000));
    let id = stranger.id();
    let mut event = forked.append(Millis(4_000), "t", None, Map::new(), Some(id)).unwrap().event;
    event.signature = Some(EventSignature(other_key().sign(&event.hash.0).to_bytes()));
    events.truncate(3);
    events.push(event);
    let report = verify_with(&events, vec![trusted(), stranger.clone()]);
    assert_eq!(report.broken_at, Some(4), "trusted or not, nobody handed over to it");
    assert_eq!(report.reason.unwrap(), format!("signed by the unknown key {}", stranger.id()));
}

fn other_key() -> SigningKey {
    SigningKey::from_bytes(&[6; 32])
}

#[test]
fn a_retired_key_never_comes_back_and_a_rotation_is_signed() {
    let (mut events, [first, _]) = rotated_back(Map::new());
    let report = verify_with(&events, vec![first.clone()]);
    assert_eq!(report.broken_at, Some(5));
    assert_eq!(report.reason.unwrap(), "rotated to a key that was retired before");
    assert!(verify_with(&events[..4], vec![first.clone()]).ok);
    // The same event, not signed: its hash is of words that name no key.
    let mut unsigned = Chain::new(head(&events[..2]), Millis(5));
    let data = events[2].data.clone();
    events[2] = unsigned.append(Millis(5), KEY_ROTATED, None, data, None).unwrap().event;
    let report = verify_with(&events[..3], vec![first]);
    assert_eq!(report.broken_at, Some(3));
    assert_eq!(report.reason.unwrap(), "the key's rotation is not signed");
}

#[test]
fn time_that_runs_backwards_is_noticed_and_time_that_stands_is_not() {
    let sealed = |last: &[Event], at: u64| {
        Chain::new(head(last), Millis(0)).append(Millis(at), "t", None, Map::new(), None).unwrap()
    };
    for (second, holds) in [(1_999, false), (2_000, true), (2_001, true)] {
        let mut events = vec![sealed(&[], 2_000).event];
        events.push(sealed(&events, second).event);
        let mut verifier = Verifier::new(VerifyMode::Hashes, vec![], vec![]);
        events.iter().for_each(|event| verifier.push(event));
        let report = verifier.finish();
        assert_eq!((report.ok, report.broken_at), (holds, (!holds).then_some(2)), "{second}");
    }
}

#[test]
fn a_break_is_told_where_it_is() {
    let events = chain(12);
    // A line that is none stands in the place of the next event.
    for keep in [0, 3, 7] {
        let mut verifier = Verifier::new(VerifyMode::Hashes, vec![], vec![]);
        events[..keep].iter().for_each(|event| verifier.push(event));
        assert!(!verifier.is_broken());
        verifier.push_read(Entry::from_line(b"{}"));
        assert!(verifier.is_broken());
        assert_eq!(verifier.finish().broken_at, Some(keep as u64 + 1));
    }
    // What is missing is missed after the last event there is, and after the last signed one.
    let anchor = vec![head(&events)];
    assert_eq!(verify(&events[..6], anchor).broken_at, Some(7));
    let report = verify(&events[..8], vec![]);
    assert_eq!(report.broken_at, Some(7));
    assert!(report.reason.unwrap().starts_with("signature missing"));
}

/// Signatures are checked later than what stands beside them: the report still names the first break.
#[test]
fn the_first_of_several_breaks_is_named_whatever_is_looked_at_first() {
    let bad = EventSignature([3; 64]);
    let mut events = chain(12);
    events[2].signature = Some(bad);
    events[7].data.clear();
    let report = verify(&events, vec![]);
    assert_eq!((report.broken_at, report.reason.as_deref()), (Some(3), Some("signature invalid")));
    // An anchor another chain has left, at the event whose signature is bad, and before it.
    let elsewhere = |seq| vec![Head { seq, hash: Digest::of(b"elsewhere") }];
    let mut events = chain(12);
    events[5].signature = Some(bad);
    for seq in [5, 6] {
        let report = verify(&events, elsewhere(seq));
        assert_eq!(report.broken_at, Some(seq));
        assert!(report.reason.unwrap().starts_with("rewritten"), "{seq}");
    }
    let report = verify(&events, elsewhere(7));
    assert_eq!((report.broken_at, report.reason.as_deref()), (Some(6), Some("signature invalid")));
}
