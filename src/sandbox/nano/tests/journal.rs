//! The ledger outlives its process, and a damaged journal is noticed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clock::SystemClock;
use crate::limits;

use super::super::journal::Journal;
use super::*;

#[tokio::test]
async fn a_ledger_is_the_same_after_it_is_opened_again() {
    let home = Home::new();
    let world = home.world();
    let (alice, bob) = (Holder::new(1), Holder::new(2));
    world.open(&alice, raw(100)).await;
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    world.publish(&bob.receive(&world.node, send.hash(), raw(30))).await.unwrap();
    world.pass(DELAY);
    let young = alice.send(&world.node, bob.account(), raw(1));
    world.publish(&young).await.unwrap();
    let refused = alice.receive(&world.node, hash(3), raw(1));
    assert!(world.publish(&refused).await.is_err());

    let again = home.reopened(&world);
    for account in [genesis_account(), alice.account(), bob.account()] {
        assert_eq!(again.node.history(&account), world.node.history(&account));
        assert_eq!(again.node.account_info(account).await, world.node.account_info(account).await);
    }
    assert_eq!(again.node.confirmed_count(), world.node.confirmed_count());
    assert!(!again.node.block(&young.hash()).unwrap().confirmed);
    again.pass(DELAY);
    assert!(again.node.block(&young.hash()).unwrap().confirmed);
    assert_eq!(again.refusal(&young, None).await, "Old block");
    let next = alice.send(&again.node, bob.account(), raw(1));
    again.publish(&next).await.unwrap();
    assert!(home.reopened(&again).node.contains(&next.hash()));
}

#[tokio::test]
async fn roll_backs_and_cementing_by_hand_are_kept() {
    let home = Home::new();
    let world = home.world();
    let (alice, bob) = (Holder::new(1), Holder::new(2));
    world.open(&alice, raw(100)).await;
    let send = alice.send(&world.node, bob.account(), raw(30));
    world.publish(&send).await.unwrap();
    let open = bob.receive(&world.node, send.hash(), raw(30));
    world.publish(&open).await.unwrap();
    world.node.roll_back(&send.hash()).unwrap();
    let rival = alice.send(&world.node, genesis_account(), raw(2));
    world.publish(&rival).await.unwrap();
    world.node.confirm(&rival.hash()).unwrap();
    world.node.confirm(&rival.hash()).unwrap();

    let again = home.reopened(&world);
    assert!(!again.node.contains(&send.hash()) && !again.node.contains(&open.hash()));
    assert!(again.node.block(&rival.hash()).unwrap().confirmed, "though it is 0 ms old");
    let lines = home.text();
    assert_eq!(lines.matches("\"roll_back\"").count(), 1);
    assert_eq!(lines.matches(&format!("\"confirm\":\"{}\"", rival.hash())).count(), 1);
}

#[tokio::test]
async fn a_torn_last_line_is_dropped_wherever_it_is_torn() {
    let home = Home::new();
    let world = home.world();
    let alice = Holder::new(1);
    let kept = world.node.faucet(alice.account(), raw(1)).unwrap();
    let whole = home.text();
    let torn = world.node.faucet(alice.account(), raw(2)).unwrap();
    let full = home.text();
    for end in [whole.len(), whole.len() + 1, full.len() - 2, full.len() - 1] {
        fs::write(&home.journal, &full[..end]).unwrap();
        let again = home.reopened(&world);
        assert!(again.node.contains(&kept));
        assert!(!again.node.contains(&torn));
        let next = again.node.faucet(alice.account(), raw(3)).unwrap();
        assert!(home.reopened(&again).node.contains(&next), "the torn bytes are gone");
    }
    fs::write(&home.journal, &full[..full.len() - 1]).unwrap();
    home.reopened(&world).node.confirm(&kept).unwrap();
    let short = format!("{whole}{{\"confirm\":\"{kept}\"}}\n");
    assert_eq!(home.text(), short, "also behind a line that is shorter than what was torn");
}

#[test]
fn a_line_that_is_no_entry_is_an_error_with_its_number() {
    let home = Home::new();
    let world = home.world();
    world.node.faucet(Holder::new(1).account(), raw(1)).unwrap();
    let good = home.text();
    let hash = hash(9);
    for bad in [
        String::new(),
        "{}".into(),
        "null".into(),
        "{\"block\":1}".into(),
        format!("{{\"confirm\":\"{hash}\",\"roll_back\":\"{hash}\"}}"),
        format!("{{\"confirm\":\"{hash}\",\"seen_at_ms\":1}}"),
        good.trim_end().replace("seen_at_ms", "seen_at"),
    ] {
        fs::write(&home.journal, format!("{good}{bad}\n")).unwrap();
        let error = home.open(&world.clock).unwrap_err();
        assert!(matches!(error, JournalError::Malformed { line: 2, .. }), "{bad}: {error}");
        assert!(error.to_string().contains("line 2: "), "{error}");
    }
}

#[test]
fn a_line_that_does_not_follow_is_an_error() {
    let home = Home::new();
    let world = home.world();
    world.node.faucet(Holder::new(1).account(), raw(1)).unwrap();
    let sent = world.node.faucet_confirmed(Holder::new(1).account(), raw(1)).unwrap();
    let text = home.text();
    let lines: Vec<_> = text.lines().collect();
    let hash = hash(9);
    let cases = [
        (format!("{}\n{}\n", lines[0], lines[0]), Refusal::Old),
        (format!("{}\n", lines[1]), Refusal::GapPrevious),
        (format!("{}\n", lines[0].replace("\"send\"", "\"change\"")), Refusal::SubtypeBalance),
        (format!("{{\"confirm\":\"{hash}\"}}\n"), Refusal::GapPrevious),
        (format!("{{\"roll_back\":\"{hash}\"}}\n"), Refusal::GapPrevious),
        (format!("{text}{{\"roll_back\":\"{sent}\"}}\n"), Refusal::BlockPosition),
    ];
    for (damaged, expected) in cases {
        fs::write(&home.journal, damaged).unwrap();
        match home.open(&world.clock) {
            Err(JournalError::Refused { refusal, .. }) => assert_eq!(refusal, expected),
            other => panic!("expected {expected}, got {other:?}"),
        }
    }
}

#[test]
fn a_line_has_a_longest_length() {
    let home = Home::new();
    let world = home.world();
    world.node.faucet(Holder::new(1).account(), raw(1)).unwrap();
    let line = home.text().trim_end().to_owned();
    for (width, fits) in [
        (limits::SANDBOX_JOURNAL_LINE_BYTES, true),
        (limits::SANDBOX_JOURNAL_LINE_BYTES + 1, false),
    ] {
        fs::write(&home.journal, format!("{line:width$}\n")).unwrap();
        assert_eq!(home.open(&world.clock).is_ok(), fits, "{width}");
    }
    let torn = " ".repeat(limits::SANDBOX_JOURNAL_LINE_BYTES + 1);
    fs::write(&home.journal, format!("{line}\n{torn}")).unwrap();
    assert!(home.open(&world.clock).is_err(), "no write of ours leaves so much behind");
}

#[test]
fn a_journal_that_cannot_be_opened_says_which() {
    let home = Home::new();
    let path = home.directory.path().join("missing/sandbox-nano.jsonl");
    let clock = VirtualClock::default();
    let error = SandboxNode::open(&path, config(), shared(&clock)).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }));
    assert!(error.to_string().contains("missing/sandbox-nano.jsonl"), "{error}");
}

/// A block that cannot be written down is not in the ledger, and the wallet hears of no outcome.
#[tokio::test]
async fn nothing_enters_the_ledger_that_is_not_written() {
    let home = Home::new();
    fs::write(&home.journal, "").unwrap();
    let clock = VirtualClock::default();
    let journal = Journal::unwritable(&home.journal);
    let node = SandboxNode::with_journal(config(), shared(&clock), journal);
    let refused = node.faucet(Holder::new(1).account(), raw(1));
    assert!(matches!(refused, Err(SandboxError::Journal(_))));
    let genesis = Holder(PrivateKey::from_bytes(crate::nano::DEV_GENESIS_PRIVATE_KEY));
    let send = genesis.send(&node, Holder::new(1).account(), raw(1));
    let heard = node.process(&send, Some(Subtype::Send)).await;
    assert!(matches!(heard, Err(NodeError::Unreachable { .. })));
    assert_eq!(node.block_count(), 1);
}

/// 10,000 blocks load in under 200 ms when optimised; unoptimised builds check the count only, with fewer.
#[test]
fn a_long_journal_loads_fast() {
    let home = Home::new();
    let world = home.world();
    let alice = Holder::new(1).account();
    let blocks = if cfg!(debug_assertions) { 500 } else { 10_000 };
    for _ in 0..blocks {
        world.node.faucet(alice, raw(1)).unwrap();
    }
    let start = SystemClock.now();
    let again = home.reopened(&world);
    let took = SystemClock.now().since(start);
    assert_eq!(again.node.block_count(), blocks + 1);
    if !cfg!(debug_assertions) {
        assert!(took < Duration::from_millis(200), "{took:?} for {blocks} blocks");
    }
}

/// A directory with a journal in it.
struct Home {
    directory: tempfile::TempDir,
    journal: PathBuf,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let journal = directory.path().join("sandbox-nano.jsonl");
        Self { directory, journal }
    }

    fn world(&self) -> World {
        let clock = VirtualClock::default();
        let node = self.open(&clock).unwrap();
        World { clock, node }
    }

    /// What a process finds that starts after `world` was killed.
    fn reopened(&self, world: &World) -> World {
        let node = self.open(&world.clock).unwrap();
        World { clock: world.clock.clone(), node }
    }

    fn open(&self, clock: &VirtualClock) -> Result<SandboxNode, JournalError> {
        let path: &Path = &self.journal;
        SandboxNode::open(path, config(), shared(clock))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.journal).unwrap()
    }
}
