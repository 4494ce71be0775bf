//! Tests of state blocks.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::nano::PrivateKey;

const PREVIOUS: &str = "9FC308E799CBE90813D2874BA34D093283DAB878E8E6C30B4C417BDE48A7649B";
const REPRESENTATIVE: &str = "nano_11111111111111111111111111111111111111111111111111ros3kc7wyy";

/// The published example of RsNano (protocol notes §10).
fn example() -> SignedBlock {
    let mut key = [0; 32];
    key[7] = 0x2A;
    let key = PrivateKey::from_bytes(key);
    let mut link = [0; 32];
    link[31] = 111;
    let block = StateBlock {
        account: key.account(),
        previous: PREVIOUS.parse().unwrap(),
        representative: REPRESENTATIVE.parse().unwrap(),
        balance: Raw::new(420),
        link: Link::from_bytes(link),
    };
    SignedBlock { block, signature: key.sign(&block.hash()), work: Some(Work(69_420)) }
}

#[test]
fn json_is_the_form_of_the_node() {
    let block = example();
    let expected = json!({
        "type": "state",
        "account": "nano_39y535msmkzb31bx73tdnf8iken5ucw9jt98re7nriduus6cgs6uonjdm8r5",
        "previous": PREVIOUS,
        "representative": REPRESENTATIVE,
        "balance": "420",
        "link": "000000000000000000000000000000000000000000000000000000000000006F",
        "link_as_account": "nano_111111111111111111111111111111111111111111111111115hkrzwewgm",
        "signature": "93075D94F698BB37A8A6DE1146DC250D98AFAC6A3A742734AAFE3743B4CFC3BD\
            D5B31C85026A1D6EF71554606B1F9912C51E7C5536697636BBE6173DE266490E",
        "work": "0000000000010f2c",
    });
    assert_eq!(serde_json::to_value(block).unwrap(), expected);
    assert_eq!(serde_json::from_value::<SignedBlock>(expected).unwrap(), block);
    assert!(block.verify() && !block.verify_by(&Account::BURN));
}

#[test]
fn reading_is_lenient_only_where_nodes_differ() {
    let block = example();
    let edited = |key: &str, value: Value| {
        let mut json = serde_json::to_value(block).unwrap();
        json[key] = value;
        serde_json::from_value::<SignedBlock>(json)
    };
    let link = block.block.link.to_string();
    assert_eq!(edited("link", json!(link.to_lowercase())).unwrap(), block);
    assert_eq!(edited("link_as_account", json!("nonsense")).unwrap(), block);
    assert_eq!(edited("subtype", json!("send")).unwrap(), block);
    let unworked = SignedBlock { work: None, ..block };
    assert_eq!(edited("work", json!("")).unwrap(), unworked);
    assert_eq!(edited("work", json!(null)).unwrap(), unworked);
    assert!(serde_json::to_value(unworked).unwrap().get("work").is_none());
    for (key, value) in [
        ("type", json!("open")),
        ("type", json!(null)),
        ("balance", json!(420)),
        ("balance", json!("1e3")),
        ("link", json!(block.block.link.as_account())),
        ("work", json!("0")),
        ("signature", json!("00")),
    ] {
        assert!(edited(key, value.clone()).is_err(), "{key}: {value}");
    }
}

#[test]
fn every_signed_field_changes_the_hash_and_work_does_not() {
    let signed = example();
    let block = signed.block;
    let other = Account::from_bytes([1; 32]);
    let edits = [
        StateBlock { account: other, ..block },
        StateBlock { previous: BlockHash::ZERO, ..block },
        StateBlock { representative: other, ..block },
        StateBlock { balance: Raw::new(421), ..block },
        StateBlock { link: other.into(), ..block },
    ];
    for edit in edits {
        assert_ne!(edit.hash(), block.hash());
        assert!(!SignedBlock { block: edit, ..signed }.verify());
    }
    assert_eq!(SignedBlock { work: None, ..signed }.hash(), signed.hash());
}

#[test]
fn the_first_block_is_worked_for_the_account() {
    let block = example().block;
    assert_eq!(block.root(), block.previous.into());
    let first = StateBlock { previous: BlockHash::ZERO, ..block };
    assert_eq!(first.root(), block.account.into());
}

#[test]
fn subtypes_are_the_words_of_the_node() {
    for word in ["open", "receive", "send", "change", "epoch"] {
        assert_eq!(word.parse::<Subtype>().unwrap().to_string(), word);
        let json = serde_json::from_value::<Subtype>(json!(word)).unwrap();
        assert_eq!(serde_json::to_value(json).unwrap(), word);
    }
    assert_eq!("Send".parse::<Subtype>(), Err(UnknownSubtype));
}

proptest! {
    #[test]
    fn a_signed_block_survives_json_and_verifies(
        key: [u8; 32], previous: [u8; 32], representative: [u8; 32],
        balance: u128, link: [u8; 32], work: Option<u64>,
    ) {
        let key = PrivateKey::from_bytes(key);
        let block = StateBlock {
            account: key.account(),
            previous: BlockHash::from_bytes(previous),
            representative: Account::from_bytes(representative),
            balance: Raw::new(balance),
            link: Link::from_bytes(link),
        };
        let signature = key.sign(&block.hash());
        let signed = SignedBlock { block, signature, work: work.map(Work) };
        let json = serde_json::to_string(&signed).unwrap();
        let read: SignedBlock = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read, signed);
        prop_assert!(read.verify());
    }
}
