//! One event, three ways to read it, one thing that is read.

use serde_json::{Map, Value};

use super::*;
use crate::clock::Millis;
use crate::ledger::{Chain, Head, KeyId, Sealed};

/// An event with everything an event may have, or with nothing it need not have.
fn sealed(text: &str, is_full: bool) -> Sealed {
    let mut chain = Chain::new(Head { seq: 6, hash: Digest::of(b"before") }, Millis(0));
    let data = Map::from_iter([("text".to_owned(), Value::from(text))]);
    let (payment, key) = (Some("p1".to_owned()), KeyId("0123456789abcdef".to_owned()));
    let (payment, key) = if is_full { (payment, Some(&key)) } else { (None, None) };
    let mut sealed = chain.append(Millis(9), "t", payment, data, key).unwrap();
    sealed.event.signature = is_full.then_some(EventSignature([7; 64]));
    sealed
}

fn canonical(event: &Event) -> String {
    serde_json_canonicalizer::to_string(event).unwrap()
}

fn check(entry: &Entry<'_>, event: &Event, is_copied: bool) {
    let key_id = event.key_id.as_ref().map(|id| id.0.as_str());
    assert_eq!((entry.seq, &*entry.at, &*entry.kind), (7, &*event.at, "t"));
    assert_eq!((entry.key_id.as_deref(), entry.hash), (key_id, event.hash));
    assert_eq!(entry.signature, event.signature);
    assert_eq!(serde_json::from_str::<Value>(&entry.data).unwrap()["text"], event.data["text"]);
    assert_eq!(entry.hash_after(&Digest::of(b"before")), event.hash);
    assert_ne!(entry.hash_after(&Digest::of(b"other")), event.hash);
    assert_eq!(matches!(entry.hashed, Hashed::Whole(_)), is_copied, "{event:?}");
}

#[test]
fn an_event_is_the_same_however_it_is_read_and_not_copied_where_it_is_canonical() {
    for is_full in [true, false] {
        let Sealed { event, bytes } = sealed("x\n\"é", is_full);
        let line = canonical(&event);
        check(&Entry::from_line(line.as_bytes()).unwrap(), &event, false);
        check(&Entry::from_parts(&bytes, event.hash, event.signature).unwrap(), &event, false);
        check(&Entry::from_event(&event).unwrap(), &event, true);
        let pretty = serde_json::to_string_pretty(&event).unwrap();
        check(&Entry::from_line(pretty.as_bytes()).unwrap(), &event, true);
        let spaced = [&bytes[..], b" "].concat();
        check(&Entry::from_parts(&spaced, event.hash, event.signature).unwrap(), &event, true);
    }
}

/// Names with escapes are read too, only not at a glance.
#[test]
fn a_name_with_escapes_is_the_name_it_stands_for() {
    let Sealed { mut event, .. } = sealed("x", true);
    (event.kind, event.payment_id) = ("a\"b".to_owned(), Some("p\\1".to_owned()));
    event.key_id = Some(KeyId("k\"1".to_owned()));
    let (line, bytes) = (canonical(&event), event.canonical_bytes().unwrap());
    for entry in [
        Entry::from_line(line.as_bytes()).unwrap(),
        Entry::from_parts(&bytes, event.hash, event.signature).unwrap(),
    ] {
        assert_eq!((&*entry.kind, entry.key_id.as_deref()), ("a\"b", Some("k\"1")));
    }
}

#[test]
fn what_is_no_event_is_read_in_no_way() {
    let Sealed { event, bytes } = sealed("x", true);
    let bytes = String::from_utf8(bytes).unwrap();
    let hash = format!(r#""hash":"{}""#, event.hash);
    let signature = format!(r#""signature":{}"#, serde_json::to_string(&event.signature).unwrap());
    for (from, to) in [
        (r#""paymentId":"p1""#, r#""paymentId":5"#),
        (r#""keyId":"0123456789abcdef""#, r#""keyId":5"#),
        (r#""seq":7"#, r#""seq":-7"#),
        (r#""seq":7"#, r#""seq":"7""#),
        (r#""data":{"text":"x"}"#, r#""data":[]"#),
        (r#""data":{"text":"x"}"#, r#""data":{"text":"x","text":"y"}"#),
        (r#""at":"#, r#""also":1,"at":"#),
        (r#""at":"#, r#""as":1,"at":"#),
        (r#""type":"t""#, r#""type":null"#),
        (r#","type":"t""#, ""),
    ] {
        for text in [canonical(&event), bytes.clone()] {
            assert!(text.contains(from), "{from}");
            let changed = text.replacen(from, to, 1);
            let parts = Entry::from_parts(changed.as_bytes(), event.hash, event.signature);
            assert!(parts.is_err(), "{changed}");
            assert!(Entry::from_line(changed.as_bytes()).is_err(), "{changed}");
        }
    }
    // What is hashed carries neither its hash nor its signature.
    for (before, beside) in [(r#""keyId""#, &hash), (r#""type""#, &signature)] {
        let changed = bytes.replacen(before, &format!("{beside},{before}"), 1);
        let parts = Entry::from_parts(changed.as_bytes(), event.hash, event.signature);
        assert!(parts.is_err(), "{changed}");
    }
    let unhashed = canonical(&event).replacen(&format!("{hash},"), "", 1);
    assert!(Entry::from_line(unhashed.as_bytes()).is_err());
    let unsigned = canonical(&event).replacen(&signature, r#""signature":"AA==""#, 1);
    assert!(Entry::from_line(unsigned.as_bytes()).is_err());
}

#[test]
fn an_event_at_the_limit_passes_and_one_past_it_does_not() {
    let empty = sealed("", true).bytes.len();
    for (past, is_too_large) in [(0, false), (1, true)] {
        let Sealed { mut event, .. } = sealed("", true);
        let text = "x".repeat(limits::EVENT_BYTES - empty + past);
        event.data.insert("text".to_owned(), Value::from(text));
        let (line, bytes) = (canonical(&event), event.canonical_bytes().unwrap());
        for entry in [
            Entry::from_line(line.as_bytes()),
            Entry::from_parts(&bytes, event.hash, event.signature),
            Entry::from_event(&event),
        ] {
            assert_eq!(entry.unwrap().is_too_large(), is_too_large, "{past}");
        }
    }
}
