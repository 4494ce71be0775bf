//! P3 for mandates: however many agents in however many processes race for one mandate, killed on the way, what is paid
//! under it never passes its cap, and reaches it exactly when enough is asked for.
//!
//! `PAYWARDEN_BUDGET_KILLS` sets how many processes are killed.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::fleet::{Fleet, Lost, Said};
use super::support::SHOP;
use super::{blocks_to_shop, stormy_home};
use crate::dice::{Dice, number};

#[test]
fn p3_a_race_under_a_mandate_ends_exactly_at_its_cap() {
    let kills = number("PAYWARDEN_BUDGET_KILLS", 8);
    let mut dice = Dice(number("PAYWARDEN_SEED", 0xca9));
    let home = stormy_home();
    let cap = format!("{CAP} XNO");
    let window = ["--window", "24h", "--window-cap", &cap, "--max-count", "64"];
    home.json(&[&["mandates", "create", "tea", "--cap", &cap][..], &window].concat());
    let fleet = Fleet::start(home, PROCESSES);
    let placed = Mutex::new(0_usize);
    std::thread::scope(|scope| {
        for agent in 0..PROCESSES * AGENTS_EACH {
            let (fleet, placed) = (&fleet, &placed);
            scope.spawn(move || {
                let paid = (0..).take_while(|number| pays(fleet, agent, *number)).count();
                *placed.lock().unwrap() += paid;
            });
        }
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(20 + dice.below(150)));
            let other = usize::try_from(dice.below(PROCESSES as u64)).unwrap();
            fleet.kill(fleet.keeper().filter(|_| dice.below(10) < 7).unwrap_or(other));
        }
    });
    assert_eq!(*placed.lock().unwrap(), CAP);
    let budget = fleet.insist(0, "list_mandates", &json!({}))["mandates"][0]["budgets"][0].clone();
    assert_eq!(budget["remaining"], "0", "{budget}");
    let home = fleet.end();
    // What was still on its way is settled by whoever opens the wallet next.
    let mut server = home.initialized();
    server.has_balance_soon(&(100 - CAP).to_string());
    server.end().is_clean();
    assert_eq!(blocks_to_shop(&home).len(), CAP, "confirmed sends on the network");
    let budget = home.json(&["mandates", "list"])["mandates"][0]["budgets"][0].clone();
    assert_eq!((&budget["held"], &budget["payments"]), (&json!("0"), &json!(CAP)));
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
}

/// One payment of 1 XNO under one key, however many processes die under it; false when the mandate is used up.
fn pays(fleet: &Fleet, agent: usize, number: usize) -> bool {
    let arguments: Value = json!({
        "rail": "nano", "currency": "XNO", "amount": format!("1{}", "0".repeat(30)),
        "payeeAddress": SHOP, "mandateId": "tea", "idempotencyKey": format!("{agent}-{number}"),
    });
    for attempt in 0.. {
        match fleet.call((agent + attempt) % PROCESSES, "request_payment", &arguments) {
            Ok(Said::Facts(facts)) => match facts["status"].as_str().unwrap() {
                "settled" | "pending" => return true,
                "denied" => {
                    let codes = ["MANDATE_CAP", "WINDOW_CAP"];
                    assert!(codes.contains(&facts["reasonCode"].as_str().unwrap()), "{facts}");
                    return false;
                }
                _ => panic!("{facts}"),
            },
            Ok(Said::Error(text)) => {
                let passing = ["KEEPER_SILENT:", "WALLET_BUSY:"];
                assert!(passing.iter().any(|code| text.starts_with(code)), "{text}");
            }
            Err(Lost) => {}
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

const PROCESSES: usize = 4;
const AGENTS_EACH: usize = 8;
/// XNO the mandate allows; each payment is over 1.
const CAP: usize = 40;
