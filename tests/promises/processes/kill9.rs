//! P2: however often and whenever processes of one wallet are killed, no acknowledged payment is lost, what was not
//! acknowledged is found again under its key, and nothing is paid twice.
//!
//! `PAYWARDEN_KILLS=10000` for the full run; `PAYWARDEN_SEED` replays the choice of victims and moments.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::money::Raw;
use serde_json::{Value, json};

use super::fleet::{Fleet, Lost, Said};
use super::{blocks_to_shop, stormy_home};
use crate::dice::{Dice, number};

#[test]
fn p2_two_hundred_kills_lose_and_double_nothing() {
    let kills = number("PAYWARDEN_KILLS", 200);
    let seed = number("PAYWARDEN_SEED", 0x5eed);
    let mut dice = Dice(seed);
    let fleet = Fleet::start(stormy_home(), PROCESSES);
    let storm = Storm::default();
    let started = SystemClock.now();
    std::thread::scope(|scope| {
        for client in 0..PROCESSES * CLIENTS_EACH {
            let (fleet, storm) = (&fleet, &storm);
            scope.spawn(move || storm.client(fleet, client));
        }
        let mut keepers = 0;
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(20 + dice.below(230)));
            // Mostly the one that has the wallet open; the others must not matter, and are asked to show it.
            let keeper = fleet.keeper().filter(|_| dice.below(10) < 7);
            keepers += u64::from(keeper.is_some());
            let other = usize::try_from(dice.below(PROCESSES as u64)).unwrap();
            fleet.kill(keeper.unwrap_or(other));
        }
        storm.over.store(true, Ordering::Relaxed);
        println!("P2: {kills} kills, {keepers} of them of the keeper, seed {seed:#x}");
    });
    let took = SystemClock.now().since(started);
    let settled = storm.check(&fleet);
    let home = fleet.end();
    let blocks = blocks_to_shop(&home);
    assert_eq!(blocks, settled, "confirmed sends on the network, and settled payments");
    let report = home.json(&["ledger", "verify", "--deep"]);
    assert_eq!(report["ok"], true, "{report}");
    let errors = storm.errors.lock().unwrap();
    println!(
        "P2: {} payments, {} answers, {} calls lost with their process and sent again, {took:?}, errors {errors:?}",
        settled.len(),
        storm.notes.lock().unwrap().iter().filter(|note| note.answer.is_some()).count(),
        storm.resent.load(Ordering::Relaxed),
    );
}

/// What the clients saw.
#[derive(Default)]
struct Storm {
    over: AtomicBool,
    notes: Mutex<Vec<Note>>,
    resent: AtomicU64,
    /// Codes of errors, with how often each came; the same call is made again after it.
    errors: Mutex<BTreeMap<String, u64>>,
}

/// One key, and the answer it was given, if any was.
struct Note {
    key: String,
    answer: Option<Value>,
}

impl Storm {
    /// Pays with one key after another; a call that died with its process is made again elsewhere, with its key.
    fn client(&self, fleet: &Fleet, client: usize) {
        let mut slot = client % PROCESSES;
        for number in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("{client}-{number}");
            let mut answer = None;
            while answer.is_none() {
                match fleet.send(slot, &key, AMOUNT) {
                    Ok(Said::Facts(facts)) => answer = Some(facts),
                    Ok(Said::Error(text)) => self.note_error(&text),
                    Err(Lost) => {
                        self.resent.fetch_add(1, Ordering::Relaxed);
                        // Some give up; their payment must still be one or none.
                        if self.over.load(Ordering::Relaxed) || number % 5 == 4 {
                            break;
                        }
                        slot = (slot + 1) % PROCESSES;
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            }
            self.notes.lock().unwrap().push(Note { key, answer });
        }
    }

    fn note_error(&self, text: &str) {
        let code = text.split(':').next().unwrap_or_default().to_owned();
        assert!(PASSING.contains(&&*code), "{text}");
        *self.errors.lock().unwrap().entry(code).or_default() += 1;
        std::thread::sleep(Duration::from_millis(20));
    }

    /// Every key stands for one settled payment, and what was said of it holds. Gives the blocks, sorted.
    fn check(&self, fleet: &Fleet) -> Vec<String> {
        let mut payments = HashSet::new();
        let mut blocks = Vec::new();
        for note in &*self.notes.lock().unwrap() {
            let said = fleet.send(0, &note.key, AMOUNT);
            let Ok(Said::Facts(now)) = said else { panic!("{}: {said:?}", note.key) };
            let asked = json!({ "paymentId": now["payment_id"], "waitMs": 20_000 });
            let facts = fleet.insist(0, "get_payment_status", &asked);
            assert_eq!(facts["status"], "settled", "{}: {facts}", note.key);
            let id = facts["paymentId"].as_str().unwrap().to_owned();
            assert!(payments.insert(id.clone()), "two keys stand for payment {id}");
            if let Some(answer) = &note.answer {
                assert_eq!(answer["payment_id"], id, "{}", note.key);
                let status = answer["status"].as_str().unwrap();
                assert!(["settled", "pending"].contains(&status), "{answer}");
                if status == "settled" {
                    assert_eq!(answer["block_hash"], facts["blockHash"], "{}", note.key);
                }
            }
            blocks.push(facts["blockHash"].as_str().unwrap().to_owned());
        }
        let balance = fleet.insist(0, "wallet_balance", &json!({}));
        let spent = AMOUNT.parse::<Xno>().unwrap().0 * blocks.len() as u128;
        let expected = Raw::ONE_XNO.get() * 100 - spent;
        assert_eq!(balance["balance_raw"], expected.to_string(), "{balance}");
        assert_eq!(balance["reserved_raw"], "0", "{balance}");
        blocks.sort();
        blocks
    }
}

struct Xno(u128);

impl std::str::FromStr for Xno {
    type Err = paywarden::money::AmountError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Raw::from_xno(text).map(|raw| Self(raw.get()))
    }
}

const PROCESSES: usize = 3;
const CLIENTS_EACH: usize = 4;
const AMOUNT: &str = "0.001";
/// What a storm may answer: nothing was sent, ask again.
const PASSING: [&str; 2] = ["KEEPER_SILENT", "WALLET_BUSY"];
