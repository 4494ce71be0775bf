//! P3: however many agents in however many processes race for one budget, what is paid never passes it, and reaches it
//! exactly when enough is asked for.
//!
//! `PAYWARDEN_RACE_KILLS` sets how many processes are killed on the way.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::fleet::{Fleet, Lost, Said};
use super::{blocks_to_shop, stormy_home};
use crate::dice::{Dice, number};

#[test]
fn p3_a_race_ends_exactly_at_the_cap() {
    let kills = number("PAYWARDEN_RACE_KILLS", 40);
    let mut dice = Dice(number("PAYWARDEN_SEED", 0xace));
    let fleet = Fleet::start(stormy_home(), PROCESSES);
    let race = Race::default();
    let started = SystemClock.now();
    std::thread::scope(|scope| {
        for agent in 0..PROCESSES * AGENTS_EACH {
            let (fleet, race) = (&fleet, &race);
            scope.spawn(move || race.agent(fleet, agent));
        }
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(20 + dice.below(180)));
            let other = usize::try_from(dice.below(PROCESSES as u64)).unwrap();
            fleet.kill(fleet.keeper().filter(|_| dice.below(10) < 7).unwrap_or(other));
        }
    });
    let took = SystemClock.now().since(started);
    let placed = race.placed.lock().unwrap().clone();
    assert_eq!(placed.len(), CAP, "{} refused", race.refused.load(Ordering::Relaxed));
    for id in &placed {
        let asked = json!({ "paymentId": id, "waitMs": 30_000 });
        assert_eq!(fleet.insist(0, "get_payment_status", &asked)["status"], "settled");
    }
    let balance = fleet.insist(0, "wallet_balance", &json!({}));
    assert_eq!((&balance["balance_raw"], &balance["reserved_raw"]), (&json!("0"), &json!("0")));
    let home = fleet.end();
    assert_eq!(blocks_to_shop(&home).len(), CAP, "confirmed sends on the network");
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    println!(
        "P3: {PROCESSES} processes x {AGENTS_EACH} agents, cap {CAP}: {} placed, {} refused, {kills} kills, {took:?}",
        placed.len(),
        race.refused.load(Ordering::Relaxed),
    );
}

#[derive(Default)]
struct Race {
    placed: Mutex<HashSet<String>>,
    refused: AtomicU64,
    empty: AtomicBool,
}

impl Race {
    /// Pays 1 XNO again and again until there is none; a refusal before that is asked again.
    fn agent(&self, fleet: &Fleet, agent: usize) {
        let slot = agent % PROCESSES;
        let mut refusals = 0;
        for number in 0.. {
            let key = format!("{agent}-{number}");
            match ask(fleet, slot, &key) {
                Some(facts) => {
                    assert!(!facts["status"].as_str().unwrap().is_empty(), "{facts}");
                    let id = facts["payment_id"].as_str().unwrap().to_owned();
                    assert!(self.placed.lock().unwrap().insert(id), "{facts}");
                }
                None => {
                    refusals += 1;
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    self.empty.store(true, Ordering::Relaxed);
                }
            }
            if refusals == REFUSALS_EACH {
                return;
            }
        }
    }
}

/// One payment under one key, however many processes die under it; `None` when there is no money for it.
fn ask(fleet: &Fleet, slot: usize, key: &str) -> Option<Value> {
    for attempt in 0.. {
        match fleet.send((slot + attempt) % PROCESSES, key, "1") {
            Ok(Said::Facts(facts)) => {
                let status = facts["status"].as_str().unwrap();
                assert!(["settled", "pending"].contains(&status), "{facts}");
                return Some(facts);
            }
            Ok(Said::Error(text)) if text.starts_with("INSUFFICIENT_FUNDS:") => return None,
            Ok(Said::Error(text)) => {
                let passing = ["KEEPER_SILENT:", "WALLET_BUSY:"];
                assert!(passing.iter().any(|code| text.starts_with(code)), "{text}");
            }
            Err(Lost) => {}
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

const PROCESSES: usize = 4;
const AGENTS_EACH: usize = 8;
/// XNO the sandbox gives a wallet; each payment is over 1.
const CAP: usize = 100;
/// Every agent is turned away this often before it gives up.
const REFUSALS_EACH: u32 = 4;
